import { sameAddress } from '@purertc/stun'

import type { ListeningAddress, TurnListener } from './listener.ts'

/** The listeners of a server by number; a number is never given twice. */
export class ListenerTable {
  readonly #listeners = new Map<number, TurnListener>()
  #next = 0

  /** Returns its number. */
  add(listener: TurnListener): number {
    const number = this.#next++
    this.#listeners.set(number, listener)
    return number
  }

  get(number: number): TurnListener | undefined {
    return this.#listeners.get(number)
  }

  get addresses(): readonly ListeningAddress[] {
    return [...this.#listeners.values()].map(({ local }) => local)
  }

  /** The number of the listener that has this address, null without one. */
  find(at: ListeningAddress): number | null {
    for (const [number, { local }] of this.#listeners)
      if (local.transport === at.transport && sameAddress(local, at)) return number
    return null
  }

  /** Forgets a listener, which is not closed by that. */
  remove(number: number): TurnListener | undefined {
    const listener = this.#listeners.get(number)
    this.#listeners.delete(number)
    return listener
  }

  /** Forgets all of them. */
  takeAll(): TurnListener[] {
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    return listeners
  }
}
