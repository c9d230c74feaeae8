import { PeerMisbehaved } from '../errors.ts'
import type { Extensions } from '../extensions/extensions.ts'
import { UseSrtp } from '../extensions/use-srtp.ts'

/** The registry "DTLS-SRTP Protection Profiles": RFC 5764 §4.1.2 and RFC 7714 §14.2. */
export const SrtpProfile = {
  aes128CmHmacSha1_80: 0x0001,
  aes128CmHmacSha1_32: 0x0002,
  aeadAes128Gcm: 0x0007,
  aeadAes256Gcm: 0x0008,
} as const
export type SrtpProfile = (typeof SrtpProfile)[keyof typeof SrtpProfile]

/**
 * A server's choice, RFC 5764 §4.1.1: our first that the client lists. Null without any in common: the extension goes
 * unanswered then.
 */
export function chooseSrtpProfile(ours: readonly number[], extensions: Extensions): number | null {
  const offered = extensions.get(UseSrtp)?.profiles ?? []
  return ours.find((profile) => offered.includes(profile)) ?? null
}

/** A server's answer, as its client takes it: one of the offered profiles, and our MKI, which is empty. Null where there is none. */
export function acceptSrtpProfile(offer: Extensions, extensions: Extensions): number | null {
  const answer = extensions.get(UseSrtp)
  if (answer === undefined) return null
  const [profile] = answer.profiles
  const offered = offer.get(UseSrtp)?.profiles ?? []
  if (
    profile === undefined ||
    answer.profiles.length !== 1 ||
    !offered.includes(profile) ||
    answer.mki.length > 0
  )
    throw new PeerMisbehaved('illegal-parameter', 'use_srtp does not answer the offer')
  return profile
}
