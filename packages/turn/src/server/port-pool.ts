import { Reader } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { TurnError } from '../turn-error.ts'

/** Both ends belong to the range. */
export interface PortRange {
  readonly min: number
  readonly max: number
}

/** RFC 8656 §7.2 recommends the dynamic ports, and no others. */
export const DEFAULT_PORT_RANGE: PortRange = { min: 49_152, max: 65_535 }

/**
 * The ports that relayed addresses are made of, each given away once. They are picked at random, so that nobody can
 * tell the next one (RFC 8656 §7.2, RFC 6056).
 */
export class PortPool {
  readonly #crypto: CryptoProvider
  readonly #range: PortRange
  readonly #taken = new Set<number>()
  readonly #random = new Uint8Array(4)

  /** Throws {@link TurnError} `invalid-config` for a range that is none. */
  constructor(crypto: CryptoProvider, range: PortRange) {
    const { min, max } = range
    if (!(Number.isInteger(min) && Number.isInteger(max) && min > 0 && min <= max && max <= 0xffff))
      throw new TurnError('invalid-config', `no port range: ${min} to ${max}`)
    this.#crypto = crypto
    this.#range = range
  }

  /** How many are given away. */
  get size(): number {
    return this.#taken.size
  }

  /** A free port, `null` when there is none. */
  take(): number | null {
    return this.#claim(1, 1)
  }

  /** A free even port, with `pair` one whose successor is free too, and is then taken with it. */
  takeEven(pair: boolean): number | null {
    return this.#claim(2, pair ? 2 : 1)
  }

  release(port: number): void {
    this.#taken.delete(port)
  }

  /** Takes the first `count` free ports in a row from a random place on; the first is a multiple of `step`. */
  #claim(step: number, count: number): number | null {
    const first = Math.ceil(this.#range.min / step)
    const slots = Math.floor((this.#range.max + 1 - count) / step) - first + 1
    if (slots <= 0) return null
    const start = this.#randomBelow(slots)
    for (let i = 0; i < slots; i++) {
      const port = step * (first + ((start + i) % slots))
      if (this.#taken.has(port) || (count === 2 && this.#taken.has(port + 1))) continue
      for (let j = 0; j < count; j++) this.#taken.add(port + j)
      return port
    }
    return null
  }

  #randomBelow(limit: number): number {
    this.#crypto.randomFill(this.#random)
    return new Reader(this.#random).u32() % limit
  }
}
