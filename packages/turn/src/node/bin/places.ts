/** What all processes together may hold. */
export interface PlaceLimits {
  readonly perUser: number
  readonly total: number
}

/** The allocations of several processes, as the first one counts them: who has how many, over all. */
export class Places {
  readonly #limits: PlaceLimits
  readonly #accounts = new Map<string, number>()
  /** By process, and by its own number of the allocation: whose it is. */
  readonly #granted = new Map<number, Map<number, string>>()
  #total = 0

  constructor(limits: PlaceLimits) {
    this.#limits = limits
  }

  /** Null where the place is granted, else the code of the refusal. */
  claim(process: number, place: number, account: string): 486 | 508 | null {
    const held = this.#accounts.get(account) ?? 0
    if (held >= this.#limits.perUser) return 486
    if (this.#total >= this.#limits.total) return 508
    const granted = this.#granted.get(process) ?? new Map<number, string>()
    this.#granted.set(process, granted.set(place, account))
    this.#accounts.set(account, held + 1)
    this.#total++
    return null
  }

  /** Does nothing for a place that was refused. */
  release(process: number, place: number): void {
    const account = this.#granted.get(process)?.get(place)
    if (account === undefined) return
    this.#granted.get(process)?.delete(place)
    const held = (this.#accounts.get(account) ?? 1) - 1
    if (held > 0) this.#accounts.set(account, held)
    else this.#accounts.delete(account)
    this.#total--
  }

  /** A process has died, and with it what it held. */
  forget(process: number): void {
    for (const place of [...(this.#granted.get(process)?.keys() ?? [])]) this.release(process, place)
    this.#granted.delete(process)
  }

  /** Allocations, and accounts that hold some. */
  get size(): { readonly places: number; readonly accounts: number } {
    return { places: this.#total, accounts: this.#accounts.size }
  }
}
