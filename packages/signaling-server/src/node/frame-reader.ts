import { Socket } from 'node:net'
import { Duplex } from 'node:stream'

import type { WebSocket } from 'ws'

/**
 * What `ws` is given instead of a client's socket. It reads the frames (RFC 6455 §5.2) that make nearly all of a busy
 * server's traffic itself: text messages in one masked frame, of ASCII alone, which lie whole in what the socket brought.
 * Everything else goes on to `ws` as it came, sound or not, and with it whatever follows in the same piece, so that
 * nothing is overtaken and nothing is read behind what `ws` fails a connection for. What `ws` writes goes out at once.
 */
export class FrameReader extends Duplex {
  readonly #socket: Duplex
  readonly #maxLength: number
  readonly #passed: PassedFrames = new PassedFrames()
  #webSocket: WebSocket | undefined
  #hear: (text: string) => void = () => {}

  /** `head` is what came along with the request to upgrade; `maxLength` is of a message. */
  constructor(socket: Duplex, head: Uint8Array, maxLength: number) {
    super()
    this.#socket = socket
    this.#maxLength = maxLength
    if (socket instanceof Socket) socket.setTimeout(0).setNoDelay()
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
    if (head.length > 0) this.#read(Buffer.from(head))
  }

  /** From now on `hear` gets what is read before `ws`, which was opened on this stream and must not compress. */
  attach(webSocket: WebSocket, hear: (text: string) => void): void {
    this.#webSocket = webSocket
    this.#hear = hear
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // What waits, waits in the socket: else a frame of the server's could come between the pieces of one of `ws`.
    this.#socket.write(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #read(chunk: Buffer): void {
    const { length } = chunk
    let at = 0
    // While something waits to be read, this comes behind it.
    if (this.#passed.areComplete && this.readableLength === 0 && this.readableFlowing === true)
      while (at < length && this.#webSocket?.readyState === OPEN) {
        const end = this.#take(chunk, at)
        if (end === 0) break
        at = end
      }
    if (at === length) return
    const rest = at === 0 ? chunk : chunk.subarray(at)
    this.#passed.track(rest)
    if (!this.push(rest)) this.#socket.pause()
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

/** `WebSocket.OPEN`. */
const OPEN = 1
const FINAL = 0x80
const CONTROL = 0x08
const FINAL_TEXT = 0x81
const MASKED = 0x80
const LENGTH = 0x7f
const TWO_BYTES = 126
const ASCII = 0x7f
