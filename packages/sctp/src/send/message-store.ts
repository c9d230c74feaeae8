import { copyBytes } from '@purertc/bytes'

/**
 * Where the one copy of each outgoing message lives. Small messages share slabs, because an array of its own costs
 * ten times as much as the copy; a slab is garbage once its last message is.
 */
export class MessageStore {
  #slab: Uint8Array = new Uint8Array(0)
  #used = 0
  #nextSize = firstSlab
  /** Where the message that {@link MessageStore.keep} copied begins. */
  start = 0

  /** No message is kept any more: the slab may be used from its start. */
  rewind(): void {
    this.#used = 0
  }

  /** Copies the message and returns the array that holds it, from {@link MessageStore.start} on. */
  keep(message: Uint8Array): Uint8Array {
    const length = message.length
    if (length > largestShared) {
      this.start = 0
      return copyBytes(message)
    }
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(this.#nextSize, length))
      this.#used = 0
      this.#nextSize = Math.min(2 * this.#nextSize, largestSlab)
    }
    this.start = this.#used
    this.#slab.set(message, this.#used)
    this.#used += length
    return this.#slab
  }
}

/** An association that says little stays small. */
const firstSlab = 256
const largestSlab = 65_536
const largestShared = 16_384
