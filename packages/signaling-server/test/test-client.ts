import { once } from 'node:events'

import {
  type ClientFrame,
  decodeServerBinary,
  decodeServerFrame,
  type ServerFrame,
  SignalingError,
  subprotocol,
} from '@purertc/signaling-protocol'
import { type ClientOptions, WebSocket } from 'ws'

import type { SignalingServer } from '../src/index.ts'

/** A client on a real socket, whose frames are awaited one by one. */
export class TestClient {
  readonly socket: WebSocket
  /** The code it was closed with. */
  readonly closed: Promise<number>
  /** HTTP status of a refused upgrade. */
  readonly refused: Promise<number>
  /** As the greeting has it. */
  session = ''
  /** The number of the last event heard. */
  seq: number | undefined
  readonly binaries: { readonly from: string; readonly data: Uint8Array }[] = []
  readonly #frames: ServerFrame[] = []
  #wake: () => void = () => {}
  #isClosed = false

  constructor(
    url: string,
    { protocols = subprotocol, ...options }: ClientOptions & { protocols?: string | readonly string[] } = {},
  ) {
    this.socket = new WebSocket(url, [protocols].flat(), options)
    this.socket.on('error', () => {})
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        const message = decodeServerBinary(data)
        if (message instanceof SignalingError) throw message
        this.binaries.push({ from: message.header.from, data: Uint8Array.from(message.data) })
        return
      }
      const frame = decodeServerFrame(data.toString('utf8'))
      if (frame instanceof SignalingError) throw frame
      if (frame.type === 'welcome') this.session = frame.session
      if ('seq' in frame) this.seq = frame.seq
      this.#frames.push(frame)
      this.#wake()
    })
    this.refused = new Promise((resolve) => {
      this.socket.once('unexpected-response', (request, response) => {
        request.destroy()
        resolve(response.statusCode ?? 0)
      })
    })
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code: number) => {
        this.#isClosed = true
        this.#wake()
        resolve(code)
      })
    })
  }

  /** Connects, and reads the greeting. */
  static async open(server: SignalingServer, origin?: string): Promise<TestClient> {
    const client = new TestClient(urlOf(server), origin === undefined ? {} : { origin })
    const welcome = await client.next()
    if (welcome.type !== 'welcome') throw new Error(`greeted with ${welcome.type}`)
    return client
  }

  /** Connects and joins `room` under this name. */
  static async join(server: SignalingServer, peer: string, resumable = false): Promise<TestClient> {
    const client = await TestClient.open(server)
    client.say({ type: 'join', channel: 'room', peer, resumable })
    const joined = await client.next()
    if (joined.type !== 'joined') throw new Error(`join answered with ${joined.type}`)
    return client
  }

  say(frame: ClientFrame): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** The next frame, without the number of its event; rejects when the socket closes without one. */
  async next(): Promise<ServerFrame> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return withoutSeq(frame)
      if (this.#isClosed) throw new Error('closed')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** All frames up to and with the answer to a ping that is sent now. */
  async untilPong(): Promise<readonly ServerFrame[]> {
    const id = Number.MAX_SAFE_INTEGER
    this.say({ type: 'ping', id })
    const frames: ServerFrame[] = []
    for (;;) {
      const frame = await this.next()
      if (frame.type === 'pong' && frame.id === id) return frames
      frames.push(frame)
    }
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }
}

function withoutSeq(frame: ServerFrame): ServerFrame {
  if (!('seq' in frame)) return frame
  const rest: object & { seq?: number | undefined } = { ...frame }
  delete rest.seq
  return rest as ServerFrame
}

export function urlOf(server: SignalingServer, path = '/'): string {
  const { address } = server
  if (address === null) throw new Error('the server does not listen')
  return `ws://127.0.0.1:${address.port}${path}`
}
