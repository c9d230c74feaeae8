import { randomFillSync } from 'node:crypto'

/**
 * Random bytes from OpenSSL's CSPRNG. A call of it costs 2 µs (13 µs with cold caches), whether for 4 bytes or for 4,096,
 * so transaction IDs, nonces and jitter come from a stock. What was handed out is erased there; keys, which are longer,
 * are never in it.
 */
export class Entropy {
  readonly #stock = new Uint8Array(STOCK)
  #used = STOCK

  fill(into: Uint8Array): void {
    const { length } = into
    if (length > LARGEST) {
      randomFillSync(into)
      return
    }
    if (this.#used + length > STOCK) {
      randomFillSync(this.#stock)
      this.#used = 0
    }
    for (let i = 0; i < length; i++) {
      into[i] = this.#stock[this.#used]!
      this.#stock[this.#used++] = 0
    }
  }
}

const STOCK = 4_096

/** Shorter than any key. */
const LARGEST = 15
