/**
 * A seeded generator (sfc32, Chris Doty-Humphrey's small fast counter): the same seed gives the same numbers on
 * every machine. For simulations only; it is no CSPRNG.
 *
 * @example
 * const random = new Random(7)
 * random.int(6) // 0 to 5
 */
export class Random {
  #a: number
  #b: number
  #c = 0x9e37_79b9
  #counter = 1

  /** `seed` is any finite number; its 53 integer bits count. */
  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0
    // Seeds that differ in one bit are told apart only after the state has been stirred.
    for (let i = 0; i < 15; i++) this.u32()
  }

  /** 32 uniform bits. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.u32() / 0x1_0000_0000
  }

  /** A uniform integer in [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** True with probability `p`. Draws nothing for 0, so that a condition that is off leaves the others' draws alone. */
  chance(p: number): boolean {
    return p > 0 && this.next() < p
  }

  fill(into: Uint8Array): void {
    let word = 0
    for (let i = 0; i < into.length; i++) {
      word = i % 4 === 0 ? this.u32() : word >>> 8
      into[i] = word
    }
  }

  /** An independent generator: what it draws does not move this one. */
  fork(): Random {
    return new Random(this.u32() * 0x20_0000 + (this.u32() >>> 11))
  }
}
