import { createHmac, randomBytes } from 'node:crypto'

/**
 * Time-limited TURN credentials without a user list: the name says when it ends, and the password is a MAC of the
 * name (the scheme that TURN servers call "REST" or "shared secret").
 */
export class TurnCredentials {
  readonly #secret = randomBytes(32)
  readonly #lifetime: number

  /** `lifetime` in seconds. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime
  }

  issue(): { username: string; credential: string } {
    const expires = Math.floor(Date.now() / 1000) + this.#lifetime
    const username = `${expires}:${randomBytes(6).toString('hex')}`
    return { username, credential: this.#password(username) }
  }

  /** The password of a name that has not ended yet; `null` for any other. */
  passwordOf(username: string): string | null {
    const expires = Number(username.split(':')[0])
    return Number.isInteger(expires) && expires > Date.now() / 1000 ? this.#password(username) : null
  }

  #password(username: string): string {
    return createHmac('sha1', this.#secret).update(username).digest('base64')
  }
}
