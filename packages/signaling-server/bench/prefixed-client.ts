import { connect, type Socket } from 'node:net'

import type { BusyClient } from './busy-client.ts'

/**
 * A client of the relay that knows no WebSocket: frames are a length of four bytes and as many bytes of text. The first
 * one says who belongs together.
 */
export class PrefixedClient implements BusyClient {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  onText: (text: Buffer) => void = () => {}
  onOpen: () => void = () => {}
  onClose: () => void = () => {}

  constructor(port: number, path: string) {
    this.#socket = connect(port, '127.0.0.1', () => {
      this.send(path)
      this.onOpen()
    })
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (data) => this.#read(data))
    this.#socket.on('close', () => this.onClose())
    this.#socket.on('error', () => {})
  }

  send(...texts: readonly string[]): void {
    this.#socket.write(texts.length === 1 ? frameOf(texts[0] ?? '') : Buffer.concat(texts.map(frameOf)))
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(data: Buffer): void {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    for (;;) {
      const rest = this.#rest
      if (rest.length < HEAD) return
      const end = HEAD + rest.readUInt32BE(0)
      if (rest.length < end) return
      this.#rest = rest.subarray(end)
      this.onText(rest.subarray(HEAD, end))
    }
  }
}

function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const frame = Buffer.alloc(HEAD + length)
  frame.writeUInt32BE(length, 0)
  frame.write(text, HEAD)
  return frame
}

/** Bytes of a length. */
const HEAD = 4
