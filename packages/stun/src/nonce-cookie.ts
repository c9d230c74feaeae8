/**
 * The first 13 characters of a nonce by RFC 8489 §9.2: nine fixed ones and four of base64 that say which security
 * features the server has, so that whoever strips a feature from a challenge is found out (§9.2.1).
 */

/** RFC 8489 §18.1, with bit 0 on the right as erratum 6290 and the sample of §B.1 have it. */
export const SecurityFeature = { passwordAlgorithms: 0b01, usernameAnonymity: 0b10 } as const

export function nonceCookie(features: number): string {
  return `${PREFIX}AAA${BASE64[features & 0x3f]!}`
}

/** The feature bits of a nonce, 0 where it has no cookie. Features beyond those we know are left out. */
export function securityFeatures(nonce: string): number {
  if (!nonce.startsWith(PREFIX) || nonce.length < COOKIE_LENGTH) return 0
  return Math.max(0, BASE64.indexOf(nonce[COOKIE_LENGTH - 1]!))
}

const PREFIX = 'obMatJos2'
const COOKIE_LENGTH = 13
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
