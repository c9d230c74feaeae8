import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { WebSocket } from 'ws'

/**
 * Reads the frames of a client (RFC 6455 §5.2) that make nearly all of a busy server's traffic before `ws` sees them: text
 * messages in one masked frame, of ASCII alone, which lie whole in what the socket brought. Everything else goes on to
 * `ws` as it came, sound or not, and with it whatever follows in the same piece, so that nothing is overtaken and nothing
 * is read behind what `ws` fails a connection for.
 */
export class FrameReader {
  readonly #stream: Socket
  readonly #socket: WebSocket
  readonly #maxLength: number
  readonly #hear: (text: string) => void
  readonly #push: (chunk: Buffer | null) => boolean
  readonly #passed: PassedFrames = new PassedFrames()

  private constructor(stream: Socket, socket: WebSocket, maxLength: number, hear: (text: string) => void) {
    this.#stream = stream
    this.#socket = socket
    this.#maxLength = maxLength
    this.#hear = hear
    this.#push = stream.push.bind(stream)
    stream.push = (chunk: Buffer | null) => (chunk === null ? this.#push(null) : this.#read(chunk))
  }

  /**
   * Stands between a socket and the `ws` that was just opened on it, which must not compress. Where the stream is none of
   * Node's sockets, or something came with the request, `ws` reads all by itself.
   */
  static attach(stream: Duplex, socket: WebSocket, maxLength: number, hear: (text: string) => void): void {
    if (stream instanceof Socket && stream.readableLength === 0)
      new FrameReader(stream, socket, maxLength, hear)
  }

  /** As `push` of a stream: false where the socket is to bring no more for now. */
  #read(chunk: Buffer): boolean {
    const { length } = chunk
    let at = 0
    // While something waits to be read, this comes behind it.
    if (
      this.#passed.areComplete &&
      this.#stream.readableLength === 0 &&
      this.#stream.readableFlowing === true
    )
      while (at < length && this.#socket.readyState === this.#socket.OPEN) {
        const end = this.#take(chunk, at)
        if (end === 0) break
        at = end
      }
    if (at === length) return true
    const rest = at === 0 ? chunk : chunk.subarray(at)
    this.#passed.track(rest)
    return this.#push(rest)
  }

  /** Reads one frame and says where it ends; 0 where `ws` is to read it. */
  #take(chunk: Buffer, at: number): number {
    const short = (chunk[at + 1] ?? 0) & LENGTH
    if (chunk[at] !== FINAL_TEXT || (chunk[at + 1] ?? 0) < MASKED || short > TWO_BYTES) return 0
    const mask = short === TWO_BYTES ? at + 4 : at + 2
    const payload = mask + 4
    const length = short === TWO_BYTES ? ((chunk[at + 2] ?? 0) << 8) | (chunk[at + 3] ?? 0) : short
    const end = payload + length
    if (end > chunk.length || length > this.#maxLength) return 0
    if (unmask(chunk, mask, end) > ASCII) return 0
    this.#hear(chunk.toString('latin1', payload, end))
    return end
  }
}

/** Where the frames end that `ws` was given: only between two messages may another be read past it. */
class PassedFrames {
  /** The first bytes of a frame, as far as they came; FIN, opcode and length are in them. */
  #head: number[] = []
  /** Bytes that the frame still has. */
  #left = 0
  #isFragmented = false

  get areComplete(): boolean {
    return this.#left === 0 && this.#head.length === 0 && !this.#isFragmented
  }

  track(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const some = Math.min(this.#left, bytes.length - at)
        this.#left -= some
        at += some
      } else {
        this.#head.push(bytes[at++] ?? 0)
        this.#begin()
      }
    }
  }

  /** Takes note of a frame whose head is complete. */
  #begin(): void {
    const [first = 0, second] = this.#head
    if (second === undefined) return
    const short = second & LENGTH
    const width = short < TWO_BYTES ? 0 : short === TWO_BYTES ? 2 : 8
    if (this.#head.length < 2 + width) return
    const length = width === 0 ? short : this.#head.slice(2).reduce((value, byte) => value * 256 + byte, 0)
    this.#head = []
    this.#left = length + (second < MASKED ? 0 : 4)
    // Control frames come between the pieces of a message.
    if ((first & CONTROL) === 0) this.#isFragmented = (first & FINAL) === 0
  }
}

/**
 * Unmasks in place what lies between the mask and `end` (RFC 6455 §5.3), and clears the mask, so that the frame still is
 * what it was. Returns all of its bytes ORed.
 */
function unmask(bytes: Uint8Array, mask: number, end: number): number {
  let all = 0
  for (let key = 0; key < 4; key++) {
    const byte = bytes[mask + key]!
    for (let at = mask + 4 + key; at < end; at += 4) all |= bytes[at]! ^= byte
    bytes[mask + key] = 0
  }
  return all
}

const FINAL = 0x80
const CONTROL = 0x08
const FINAL_TEXT = 0x81
const MASKED = 0x80
const LENGTH = 0x7f
const TWO_BYTES = 126
const ASCII = 0x7f
