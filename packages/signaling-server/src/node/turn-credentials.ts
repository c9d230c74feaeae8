import { createHmac } from 'node:crypto'

/** A username that carries its own expiry, and the password that belongs to it. */
export interface TurnCredentials {
  readonly username: string
  readonly credential: string
}

export interface TurnCredentialsOptions {
  /** Shared with the TURN server. */
  readonly secret: string
  /** Seconds from now, 86,400 by default. */
  readonly lifetime?: number
  /** Who asks; shows in the TURN server's log. */
  readonly user?: string
  /** Unix time in seconds; the system's by default. */
  readonly now?: number
}

/**
 * Credentials for a TURN server that shares a secret with the signalling server, as coturn's `use-auth-secret` has
 * it (draft-uberti-behave-turn-rest-00 §2.2): the username is `expiry:user`, the password its HMAC-SHA1.
 *
 * @example
 * iceServers: () => [{ urls: 'turn:192.0.2.1', ...createTurnCredentials({ secret }) }]
 */
export function createTurnCredentials(options: TurnCredentialsOptions): TurnCredentials {
  const { secret, lifetime = 86_400, user, now = Date.now() / 1_000 } = options
  const expiry = Math.floor(now + lifetime).toString()
  const username = user === undefined ? expiry : `${expiry}:${user}`
  return { username, credential: passwordOf(username, secret) }
}

/** The TURN server's side: the password that belongs to the username, `null` when it has expired or is no such name. */
export function turnPasswordFor(
  username: string,
  options: Pick<TurnCredentialsOptions, 'secret' | 'now'>,
): string | null {
  const { secret, now = Date.now() / 1_000 } = options
  const expiry = /^(\d{1,12})(:|$)/.exec(username)?.[1]
  return expiry === undefined || Number(expiry) < now ? null : passwordOf(username, secret)
}

function passwordOf(username: string, secret: string): string {
  return createHmac('sha1', secret).update(username).digest('base64')
}
