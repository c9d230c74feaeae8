/**
 * Time-limited credentials, the scheme of draft-uberti-behave-turn-rest that TURN servers share: the name says when it
 * ends, and its password is an HMAC over the name. Whoever has the secret can make users, with no store to keep them in.
 */
import { toUtf8 } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

export interface TimeLimitedCredentials {
  readonly username: string
  readonly password: string
}

/**
 * Credentials for `user` that are good until `expiresAt`, in seconds since 1970.
 *
 * @example
 * timeLimitedCredentials(nodeCrypto, secret, 'ann', Math.floor(Date.now() / 1000) + 3600)
 * // { username: '1924992000:ann', password: '…' }
 */
export function timeLimitedCredentials(
  crypto: CryptoProvider,
  secret: string,
  user: string,
  expiresAt: number,
): TimeLimitedCredentials {
  const username = `${Math.floor(expiresAt)}:${user}`
  return { username, password: passwordOf(crypto, secret, username) }
}

/**
 * The password of a time-limited name (`timestamp` or `timestamp:user`); `null` for a name without an end, or whose end
 * has come. `now` is in seconds since 1970.
 */
export function sharedSecretPassword(
  crypto: CryptoProvider,
  secret: string,
  username: string,
  now: number,
): string | null {
  const digits = TIME_LIMITED.exec(username)?.[1]
  return digits === undefined || Number(digits) <= now ? null : passwordOf(crypto, secret, username)
}

/** Whom a time-limited name belongs to, so that a new name is no new quota: what stands behind the time. */
export function accountOf(username: string): string {
  return TIME_LIMITED.exec(username)?.[2] ?? username
}

function passwordOf(crypto: CryptoProvider, secret: string, username: string): string {
  return btoa(String.fromCharCode(...crypto.hmac('sha1', toUtf8(secret), toUtf8(username))))
}

const TIME_LIMITED = /^(\d{1,15})(?::(.*))?$/s
