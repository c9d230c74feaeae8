import { asError } from '@purertc/bytes'

import { PasswordCache, type PasswordSource } from './users.ts'
import type { Passwords } from '../server/config.ts'

/** Asks a store for passwords, and remembers what it promised for a while. */
export class PasswordLookups {
  readonly #ask: PasswordSource
  readonly #cache: PasswordCache
  readonly #report: (error: Error) => void

  /** `report` is told where the store fails. */
  constructor(ask: PasswordSource, lifetime: number | undefined, report: (error: Error) => void) {
    this.#ask = ask
    this.#cache = new PasswordCache(lifetime)
    this.#report = report
  }

  /** What the store has told lately. */
  known(username: string): Passwords | undefined {
    return this.#cache.get(username)
  }

  /**
   * Asks; `found` is called at once or later. `undefined` where the store failed: that is an error of ours, and none of
   * the user's, so who asked is not refused, and asks again.
   */
  lookUp(username: string, realm: string, found: (passwords: Passwords | undefined) => void): void {
    const failed = (error: unknown): void => {
      this.#report(asError(error))
      found(undefined)
    }
    try {
      const answer = this.#ask(username, realm)
      if (!(answer instanceof Promise)) {
        found(answer)
        return
      }
      answer
        .then((passwords) => {
          this.#cache.set(username, passwords)
          found(passwords)
        })
        .catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}
