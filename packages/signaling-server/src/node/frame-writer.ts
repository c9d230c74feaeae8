import type { Duplex } from 'node:stream'

/**
 * Writes frames of a server (RFC 6455 §5.2: one piece, not masked) to the sockets below `ws`. What one turn of the event
 * loop has for a socket leaves in one write, and many sockets are written to in a row: a system call costs more than
 * everything else that is done for a frame.
 */
export class FrameWriter {
  #waiting: Outgoing[] = []
  #isScheduled = false

  /** A whole text message. */
  text(to: Outgoing, text: string): void {
    const length = Buffer.byteLength(text)
    // A string whose characters are bytes: most frames are that already.
    const bytes = length === text.length ? text : Buffer.from(text).toString('latin1')
    this.#add(to, headOf(TEXT, length) + bytes)
  }

  /** A whole binary message; the bytes are kept until they are written. */
  binary(to: Outgoing, bytes: Uint8Array): void {
    this.flush(to)
    to.stream.cork()
    to.stream.write(headOf(BINARY, bytes.length), 'latin1')
    to.stream.write(bytes)
    to.stream.uncork()
  }

  /** Writes what waits for one socket, before something else is written to it. */
  flush(to: Outgoing): void {
    const { pending, stream } = to
    if (pending === '') return
    to.pending = ''
    if (stream.writable) stream.write(pending, 'latin1')
  }

  #add(to: Outgoing, bytes: string): void {
    if (to.pending === '') {
      this.#waiting.push(to)
      if (!this.#isScheduled) setImmediate(this.#flushAll)
      this.#isScheduled = true
    }
    to.pending += bytes
    if (to.pending.length > ENOUGH) this.flush(to)
    else if (this.#waiting.length >= MANY) this.#writeAll()
  }

  readonly #flushAll = (): void => {
    this.#isScheduled = false
    this.#writeAll()
  }

  #writeAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const to of waiting) this.flush(to)
  }
}

/** A socket, and what waits for it: bytes, one a character. */
export interface Outgoing {
  readonly stream: Duplex
  pending: string
}

/** The first bytes of a frame, with its length in one, two or eight bytes more. */
function headOf(opcode: number, length: number): string {
  const first = String.fromCharCode(FINAL | opcode)
  if (length < 126) return first + String.fromCharCode(length)
  if (length < 65_536) return first + String.fromCharCode(126, length >> 8, length & 0xff)
  const head = Buffer.alloc(9)
  head[0] = 127
  head.writeUIntBE(length, 3, 6)
  return first + head.toString('latin1')
}

/** Bytes of one socket, and sockets, that need not wait for more. */
const ENOUGH = 16_384
const MANY = 64
const FINAL = 0x80
const TEXT = 1
const BINARY = 2
