import { connect, type Socket } from 'node:net'

import type { BusyClient } from './busy-client.ts'

/**
 * A WebSocket client that does next to nothing, so that what is measured is the server: frames are masked with zeros, and
 * text comes out as bytes.
 */
export class RawClient implements BusyClient {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #isOpen = false
  onText: (text: Buffer) => void = () => {}
  onOpen: () => void = () => {}
  onClose: () => void = () => {}

  constructor(port: number, path: string, protocol?: string) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.write(
      [
        `GET ${path} HTTP/1.1`,
        'Host: localhost',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
        '\r\n',
      ].join('\r\n'),
    )
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
    if (!this.#isOpen) {
      const end = this.#rest.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!this.#rest.toString('latin1', 0, 12).endsWith('101')) throw new Error(this.#rest.toString())
      this.#rest = this.#rest.subarray(end + 4)
      this.#isOpen = true
      this.onOpen()
    }
    for (;;) {
      const rest = this.#rest
      if (rest.length < 2) return
      const short = rest[1]! & 0x7f
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (rest.length < head) return
      const length =
        short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
      if (rest.length < head + length) return
      this.#rest = rest.subarray(head + length)
      if ((rest[0]! & 0x0f) === 1) this.onText(rest.subarray(head, head + length))
    }
  }
}

function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = length < 126 ? 6 : 8
  const frame = Buffer.alloc(head + length)
  frame[0] = 0x81
  if (length < 126) frame[1] = 0x80 | length
  else {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  }
  frame.write(text, head)
  return frame
}
