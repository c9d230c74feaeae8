import { copyBytes } from '@purertc/bytes'

import { OutgoingMessage } from './outgoing-message.ts'

/**
 * A message that is sent while it is written, piece by piece, and held nowhere whole. Its last byte waits until it is
 * known whether it is the last: the chunk that ends a message cannot be empty (RFC 9260 §3.3.1).
 */
export class StreamedMessage extends OutgoingMessage {
  /** Pieces behind the one that is being cut. */
  #later: Uint8Array[] = []
  #laterBytes = 0
  #written = 0
  #isEnded = false

  constructor(stream: number, protocol: number, unordered: boolean) {
    super(stream, protocol, unordered, nothing, 0, 0)
  }

  /** Bytes written so far. */
  get written(): number {
    return this.#written
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  override get left(): number {
    return this.length - this.cut + this.#laterBytes
  }

  /** It goes to peers that hand on what there is. */
  override get heldByPeer(): number {
    return 0
  }

  override get isCut(): boolean {
    return this.#isEnded && this.left === 0
  }

  override prepare(): number {
    if (this.cut === this.length) {
      const next = this.#later.shift()
      if (next === undefined) return 0
      this.#laterBytes -= next.length
      this.buffer = next
      this.length = next.length
      this.cut = 0
    }
    const waits = !this.#isEnded && this.#later.length === 0 ? 1 : 0
    return this.length - this.cut - waits
  }

  /** Copies the bytes. What is left of a piece goes with them where it is little, so that chunks are filled. */
  write(bytes: Uint8Array): void {
    const { left } = this
    this.#written += bytes.length
    if (this.#later.length > 0 || left > largestRest) {
      this.#later.push(copyBytes(bytes))
      this.#laterBytes += bytes.length
      return
    }
    const piece = new Uint8Array(left + bytes.length)
    piece.set(this.buffer.subarray(this.cut, this.length))
    piece.set(bytes, left)
    this.buffer = piece
    this.length = piece.length
    this.cut = 0
  }

  /** Nothing more comes; `empty`: the protocol identifier with which one byte stands for none. */
  end(empty?: number): void {
    this.#isEnded = true
    if (empty === undefined) return
    this.protocol = empty
    this.write(oneByte)
  }
}

const nothing = new Uint8Array(0)
const oneByte = new Uint8Array(1)
/** Bytes that are rather copied again than sent in a small chunk. */
const largestRest = 2_048
