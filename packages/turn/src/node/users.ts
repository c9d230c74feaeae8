import type { CryptoProvider } from '@purertc/crypto'

import type { Passwords } from '../server/config.ts'
import { sharedSecretPassword } from '../server/shared-secret.ts'
import { TurnError } from '../turn-error.ts'

/** The password of a user, `null` for nobody of ours; or a promise of it, where a store must be asked. */
export type PasswordSource = (username: string, realm: string) => Passwords | Promise<Passwords>

export interface UserOptions {
  /** Users and their passwords, or a function that looks a password up (`null`: nobody of ours). */
  readonly authenticate?: PasswordSource | ReadonlyMap<string, string> | Readonly<Record<string, string>>
  /**
   * The secret of time-limited credentials, see {@link timeLimitedCredentials}: with or without other users. Quotas and
   * limits count what stands behind the time in a name. Several while one replaces another: each is good. A function is
   * asked for every request, so that secrets can change while the server runs.
   */
  readonly sharedSecret?: string | readonly string[] | (() => string | readonly string[])
  /** Seconds that a password which was promised is good for without asking again. Default 30. */
  readonly passwordCache?: number
}

/** How a driver answers its machine's `authenticate`. */
export interface Users {
  /** What is known without asking anybody. */
  readonly known: (username: string) => Passwords | undefined
  /** Asks; `undefined` where all is known. */
  readonly ask: PasswordSource | undefined
}

/** Throws {@link TurnError} `invalid-config` where there can be no users at all. */
export function usersOf(options: UserOptions, crypto: CryptoProvider): Users {
  const { authenticate } = options
  const secrets = secretsOf(options)
  if (authenticate === undefined && secrets === null)
    throw new TurnError(
      'invalid-config',
      'a server takes authenticate or sharedSecret: it serves nobody else',
    )
  const timeLimited = (username: string): Passwords => {
    const now = Date.now() / 1000
    const passwords = (secrets?.() ?? []).map((secret) => sharedSecretPassword(crypto, secret, username, now))
    const good = passwords.filter((password) => password !== null)
    return good.length === 0 ? null : good
  }
  if (typeof authenticate === 'function')
    return { known: (username) => timeLimited(username) ?? undefined, ask: authenticate }
  const users = isMap(authenticate) ? authenticate : new Map(Object.entries(authenticate ?? {}))
  return { known: (username) => timeLimited(username) ?? users.get(username) ?? null, ask: undefined }
}

/** Passwords that a store has told, for a while: every request of a user needs its password again. */
export class PasswordCache {
  readonly #lifetime: number
  readonly #entries = new Map<string, { readonly password: Passwords; readonly until: number }>()

  /** `lifetime` in seconds. */
  constructor(lifetime = 30) {
    this.#lifetime = 1000 * lifetime
  }

  get(username: string): Passwords | undefined {
    const entry = this.#entries.get(username)
    if (entry === undefined || entry.until > performance.now()) return entry?.password
    this.#entries.delete(username)
    return undefined
  }

  set(username: string, password: Passwords): void {
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined && this.#entries.size >= MAX_ENTRIES) this.#entries.delete(oldest)
    this.#entries.delete(username)
    this.#entries.set(username, { password, until: performance.now() + this.#lifetime })
  }
}

/** Null where there are none. An empty secret is none: anybody knows it. */
function secretsOf({ sharedSecret }: UserOptions): (() => readonly string[]) | null {
  if (sharedSecret === undefined) return null
  const list = (secrets: string | readonly string[]): readonly string[] =>
    (typeof secrets === 'string' ? [secrets] : secrets).filter((secret) => secret !== '')
  if (typeof sharedSecret === 'function') return () => list(sharedSecret())
  const fixed = list(sharedSecret)
  return fixed.length === 0 ? null : () => fixed
}

function isMap(users: UserOptions['authenticate']): users is ReadonlyMap<string, string> {
  return users instanceof Map
}

const MAX_ENTRIES = 10_000
