import { type RateLimits, type RateMeters, rateMeters } from './rate-limit.ts'

export interface AccountLimits {
  /** Allocations of one account. */
  readonly perUser: number
  /** Whom a name counts for. */
  readonly account: (username: string) => string
  /** What an account may have relayed. */
  readonly rates: (account: string) => RateLimits | undefined
}

/** Who holds how much: an account is remembered while it holds something. */
export class Accounts {
  readonly #limits: AccountLimits
  readonly #accounts = new Map<string, Account>()

  constructor(limits: AccountLimits) {
    this.#limits = limits
  }

  /** Accounts that hold something. */
  get size(): number {
    return this.#accounts.size
  }

  /** Whether the user's account holds all that it may. */
  isFull(username: string): boolean {
    return this.#of(username).holdings >= this.#limits.perUser
  }

  /** One more allocation, or one that is to be. */
  hold(username: string): void {
    const account = this.#of(username)
    account.holdings++
    this.#accounts.set(account.name, account)
  }

  release(username: string): void {
    const account = this.#of(username)
    if (--account.holdings <= 0) this.#accounts.delete(account.name)
  }

  /** The limits of a user who holds something, over all of it. */
  metersOf(username: string): RateMeters | null {
    return this.#of(username).meters
  }

  #of(username: string): Account {
    const name = this.#limits.account(username)
    return this.#accounts.get(name) ?? { name, holdings: 0, meters: rateMeters(this.#limits.rates(name)) }
  }
}

interface Account {
  readonly name: string
  readonly meters: RateMeters | null
  holdings: number
}
