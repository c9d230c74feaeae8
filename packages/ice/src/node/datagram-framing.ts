/** RFC 4571 §2: a datagram on a stream is preceded by its length in 16 bits. A copy. */
export function frameDatagram(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + bytes.length)
  frame[0] = bytes.length >> 8
  frame[1] = bytes.length & 0xff
  frame.set(bytes, 2)
  return frame
}

/**
 * Cuts a stream into its datagrams again. At most one incomplete datagram is kept, 65,535 bytes; empty ones are passed
 * over. What is handed out is borrowed until the call returns.
 */
export class DatagramFramer {
  readonly #received: (bytes: Uint8Array) => void
  /** The beginning of a frame, length included. */
  #partial: Uint8Array | null = null
  #filled = 0

  constructor(received: (bytes: Uint8Array) => void) {
    this.#received = received
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#partial === null && chunk.length - at >= 2) {
        const end = at + 2 + ((chunk[at]! << 8) | chunk[at + 1]!)
        if (end <= chunk.length) {
          this.#deliver(chunk.subarray(at + 2, end))
          at = end
          continue
        }
      }
      at += this.#keep(chunk.subarray(at))
    }
  }

  /** Adds to the incomplete frame what belongs to it; returns how much that was. */
  #keep(bytes: Uint8Array): number {
    this.#partial ??= new Uint8Array(2)
    if (this.#filled < 2) {
      this.#partial[this.#filled++] = bytes[0]!
      if (this.#filled === 2) this.#begin(this.#partial)
      return 1
    }
    const taken = bytes.subarray(0, this.#partial.length - this.#filled)
    this.#partial.set(taken, this.#filled)
    this.#filled += taken.length
    if (this.#filled === this.#partial.length) this.#end(this.#partial)
    return taken.length
  }

  #begin(head: Uint8Array): void {
    const length = (head[0]! << 8) | head[1]!
    if (length === 0) {
      this.#end(head)
      return
    }
    this.#partial = new Uint8Array(2 + length)
    this.#partial.set(head)
  }

  #end(frame: Uint8Array): void {
    this.#partial = null
    this.#filled = 0
    this.#deliver(frame.subarray(2))
  }

  #deliver(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#received(bytes)
  }
}
