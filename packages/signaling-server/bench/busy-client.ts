import { connect, type Socket } from 'node:net'

import type { Framing } from './framings.ts'

/**
 * A client that does next to nothing, so that what is measured is the server: frames are masked with zeros where they must
 * be masked, and text comes out as bytes.
 */
export class BusyClient {
  readonly #socket: Socket
  readonly #framing: Framing
  #rest: Buffer = Buffer.alloc(0)
  #isOpen = false
  onText: (text: Buffer) => void = () => {}
  onOpen: () => void = () => {}
  onClose: () => void = () => {}

  constructor(port: number, framing: Framing, path: string, protocol?: string) {
    this.#framing = framing
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.write(framing.greeting(path, protocol))
    // Where no answer is due it is open now.
    this.#socket.on('connect', () => this.#read(Buffer.alloc(0)))
    this.#socket.on('data', (data) => this.#read(data))
    this.#socket.on('close', () => this.onClose())
    this.#socket.on('error', () => {})
  }

  /** One frame a text, all in one write. */
  send(...texts: readonly string[]): void {
    const frames = texts.map((text) => this.#framing.frameOf(text))
    this.#socket.write(frames.length === 1 ? (frames[0] ?? '') : Buffer.concat(frames))
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(data: Buffer): void {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    let at = 0
    if (!this.#isOpen) {
      at = this.#framing.endOfAnswer(bytes)
      if (at >= 0) {
        this.#isOpen = true
        this.onOpen()
      }
    }
    while (this.#isOpen) {
      const begin = this.#framing.payloadOf(bytes, at)
      const end = begin + this.#framing.lengthOf(bytes, at)
      if (end > bytes.length) break
      if (this.#framing.isText(bytes, at)) this.onText(bytes.subarray(begin, end))
      at = end
    }
    this.#rest = bytes.subarray(Math.max(0, at))
  }
}
