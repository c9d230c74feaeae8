import type { Millis } from '@purertc/bytes'

/** A running 64-bit digest of what was delivered, by whom and when. It tells traces apart; it withstands no attacker. */
export class Trace {
  #low = 0x811c_9dc5
  #high = 0x2545_f491
  readonly #time = new Float64Array(1)
  readonly #timeWords = new Uint32Array(this.#time.buffer)

  add(source: number, now: Millis, bytes: Uint8Array): void {
    this.#time[0] = now
    this.#mix(source)
    this.#mix(this.#timeWords[0]!)
    this.#mix(this.#timeWords[1]!)
    this.#mix(bytes.length)
    let at = 0
    for (; at + 4 <= bytes.length; at += 4)
      this.#mix(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    for (; at < bytes.length; at++) this.#mix(bytes[at]!)
  }

  /** 16 hexadecimal digits. */
  get digest(): string {
    return hex32(this.#high) + hex32(this.#low)
  }

  /** FNV-1a over words in one half, and a rotated mix of both in the other. */
  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x0100_0193)
    const crossed = this.#high ^ word ^ (this.#low >>> 15)
    this.#high = Math.imul((crossed << 13) | (crossed >>> 19), 0x85eb_ca6b)
  }
}

const hex32 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
