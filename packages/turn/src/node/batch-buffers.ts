/** Bytes that are enough for a message of most kinds, and for many of them. */
export const SINGLE = 2_048
export const BURST = 32_768

/**
 * What the connections of one port write from. Most of it comes back at once, when the system has taken the bytes, and is
 * written from again: a buffer for every message would keep the collector busy.
 */
export class BatchBuffers {
  readonly #singles: Buffer[] = []
  readonly #bursts: Buffer[] = []

  /** A buffer of that many bytes at least. */
  take(size: number): Buffer {
    if (size <= SINGLE) return this.#singles.pop() ?? Buffer.allocUnsafeSlow(SINGLE)
    if (size <= BURST) return this.#bursts.pop() ?? Buffer.allocUnsafeSlow(BURST)
    return Buffer.allocUnsafeSlow(size)
  }

  /** Takes a buffer back that nobody reads any more. */
  giveBack(buffer: Buffer): void {
    if (buffer.length === SINGLE && this.#singles.length < MAX_SINGLES) this.#singles.push(buffer)
    else if (buffer.length === BURST && this.#bursts.length < MAX_BURSTS) this.#bursts.push(buffer)
  }
}

/** Together a megabyte for each port. */
const MAX_SINGLES = 256
const MAX_BURSTS = 16
