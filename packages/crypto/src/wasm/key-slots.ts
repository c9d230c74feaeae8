/** What a program needs of a key. `slot` is for {@link KeySlots}: where it is in the memory, if it still is. */
export interface SlottedKey {
  readonly bytes: Uint8Array
  slot: number
}

/** Places in a program's memory for keys that are used in turns: the one that came first makes room for another. */
export class KeySlots {
  readonly #memory: Uint8Array
  readonly #at: number
  readonly #size: number
  readonly #owners: (SlottedKey | null)[]
  #next = 0

  /** `count` places of `size` bytes, from `at` on. */
  constructor(memory: Uint8Array, at: number, size: number, count: number) {
    this.#memory = memory
    this.#at = at
    this.#size = size
    this.#owners = new Array<SlottedKey | null>(count).fill(null)
  }

  /** The address of the key's bytes, which are brought in where they are not there, or `hasChanged`. */
  place(key: SlottedKey, hasChanged = false): number {
    const isThere = this.#owners[key.slot] === key
    if (!isThere) {
      key.slot = this.#next
      this.#next = (this.#next + 1) % this.#owners.length
      this.#owners[key.slot] = key
    }
    const address = this.#at + key.slot * this.#size
    if (!isThere || hasChanged) this.#memory.set(key.bytes, address)
    return address
  }
}
