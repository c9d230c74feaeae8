import { toUtf8 } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

/** How a long-term key is derived, RFC 8489 §18.5. MD5 is what everybody speaks. */
export type PasswordHash = 'md5' | 'sha256'

/** The key of the short-term mechanism, which ICE uses: the password itself, RFC 8489 §9.1.1. */
export function shortTermKey(password: string): Uint8Array {
  return toUtf8(opaqueString(password))
}

/**
 * The key of the long-term mechanism, which TURN uses: the hash of username, realm and password with colons between
 * them, RFC 8489 §9.2.2. Whoever stores it need not store the password.
 */
export function longTermKey(
  crypto: CryptoProvider,
  username: string,
  realm: string,
  password: string,
  hash: PasswordHash = 'md5',
): Uint8Array {
  return crypto.hash(
    hash,
    toUtf8(`${opaqueString(username)}:${opaqueString(realm)}:${opaqueString(password)}`),
  )
}

/** The value of USERHASH, RFC 8489 §14.4. */
export function userhash(crypto: CryptoProvider, username: string, realm: string): Uint8Array {
  return crypto.hash('sha256', toUtf8(`${opaqueString(username)}:${opaqueString(realm)}`))
}

/** The part of RFC 8265 §4.2 that changes text: spaces become U+0020, then normalization form C. */
function opaqueString(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
}
