import type { TransportAddress } from '@purertc/stun'

import type { Base } from './base.ts'
import type { Pair } from './pair.ts'

/**
 * The check list of one ICE session, RFC 8445 §6.1.2: pairs in order of priority, which of them may be checked now, and
 * the triggered-check queue. It knows nothing of messages or time.
 */
export class CheckList {
  readonly #limit: number
  readonly #pairs: Pair[] = []
  readonly #triggered: Pair[] = []

  /** `limit` pairs at most, RFC 8445 §6.1.2.5. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Best first. */
  get pairs(): readonly Pair[] {
    return this.#pairs
  }

  find(base: Base, remote: TransportAddress): Pair | undefined {
    return this.#pairs.find((pair) => pair.joins(base, remote))
  }

  /**
   * Takes a pair in, frozen or waiting as RFC 8838 §12 says. A full list gives up a failed pair, else its worst pair
   * that was not checked yet, if that is worse than the new one. `insist` is for pairs that the peer has checked: they
   * displace any unchecked one. False where there was no room.
   */
  add(pair: Pair, insist = false): boolean {
    if (this.#pairs.length >= this.#limit) {
      const victim = this.#dispensable(insist ? undefined : pair.priority)
      if (victim === undefined) return false
      this.remove((other) => other === victim)
    }
    pair.state = this.#initialState(pair)
    this.#pairs.push(pair)
    this.sort()
    return true
  }

  /** RFC 8445 §7.3.1.4: the peer's check makes this agent's own one urgent. Not for pairs that have succeeded. */
  trigger(pair: Pair): void {
    pair.state = 'waiting'
    if (!this.#triggered.includes(pair)) this.#triggered.push(pair)
  }

  /**
   * The pair to check now, put in progress: a triggered one, else the best waiting one, else the best frozen one whose
   * foundation nothing else is being checked for (RFC 8445 §6.1.4.2).
   */
  next(): Pair | null {
    const pair = this.#takeTriggered() ?? this.#find('waiting') ?? this.#thawable()
    if (pair === undefined) return null
    pair.state = 'in-progress'
    return pair
  }

  /** Whether {@link CheckList.next} would find one. */
  get hasNext(): boolean {
    return this.#find('waiting') !== undefined || this.#thawable() !== undefined
  }

  /** RFC 8445 §7.2.5.3.3: what has the same foundation will probably work too. */
  succeeded(pair: Pair): void {
    pair.state = 'succeeded'
    const { foundation } = pair
    for (const other of this.#pairs)
      if (other.state === 'frozen' && other.foundation === foundation) other.state = 'waiting'
  }

  failed(pair: Pair): void {
    pair.state = 'failed'
    pair.nominated = false
    pair.nominatedByPeer = false
  }

  /** Whether every pair has succeeded or failed. */
  get isFinished(): boolean {
    return !this.#pairs.some(isUnfinished)
  }

  /** Pairs that wait for their check or its answer: what RTOs are computed from (RFC 8445 §14.3). */
  get activeCount(): number {
    let count = 0
    for (const { state } of this.#pairs) if (state === 'waiting' || state === 'in-progress') count++
    return count
  }

  /** Whether a pair better than `pair` may still succeed. */
  hasBetterThan(pair: Pair): boolean {
    return this.#pairs.some((other) => isUnfinished(other) && other.priority > pair.priority)
  }

  remove(predicate: (pair: Pair) => boolean): void {
    removeFrom(this.#pairs, predicate)
    removeFrom(this.#triggered, predicate)
  }

  /** After priorities or candidates have changed. */
  sort(): void {
    this.#pairs.sort((a, b) => (a.priority === b.priority ? 0 : a.priority < b.priority ? 1 : -1))
  }

  #initialState(pair: Pair): 'waiting' | 'frozen' {
    const { foundation } = pair
    let isTaken = false
    for (const other of this.#pairs) {
      if (other.foundation !== foundation) continue
      if (other.state === 'succeeded') return 'waiting'
      isTaken ||= other.state === 'waiting' || other.state === 'in-progress'
    }
    return isTaken ? 'frozen' : 'waiting'
  }

  #takeTriggered(): Pair | undefined {
    for (let pair = this.#triggered.shift(); pair !== undefined; pair = this.#triggered.shift())
      if (pair.state === 'waiting') return pair
    return undefined
  }

  #find(state: Pair['state']): Pair | undefined {
    return this.#pairs.find((pair) => pair.state === state)
  }

  #thawable(): Pair | undefined {
    if (this.#find('frozen') === undefined) return undefined
    const busy = new Set<string>()
    for (const pair of this.#pairs)
      if (pair.state === 'waiting' || pair.state === 'in-progress') busy.add(pair.foundation)
    return this.#pairs.find((pair) => pair.state === 'frozen' && !busy.has(pair.foundation))
  }

  #dispensable(newPriority: bigint | undefined): Pair | undefined {
    const failed = this.#pairs.findLast(({ state }) => state === 'failed')
    if (failed !== undefined) return failed
    return this.#pairs.findLast(
      (pair) =>
        (pair.state === 'frozen' || pair.state === 'waiting') &&
        !this.#triggered.includes(pair) &&
        (newPriority === undefined || pair.priority < newPriority),
    )
  }
}

function isUnfinished({ state }: Pair): boolean {
  return state === 'frozen' || state === 'waiting' || state === 'in-progress'
}

function removeFrom(pairs: Pair[], predicate: (pair: Pair) => boolean): void {
  for (let i = pairs.length - 1; i >= 0; i--) if (predicate(pairs[i]!)) pairs.splice(i, 1)
}
