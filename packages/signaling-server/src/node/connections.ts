import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'

import { CloseCode } from '@purertc/signaling-protocol'
import type { RawData, WebSocket } from 'ws'

import type { SignalingHub } from '../hub.ts'
import type { Admitted } from './admission.ts'
import type { SignalingServerEvents } from './events.ts'
import type { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { finite } from './ice-servers.ts'
import { SocketPeer } from './socket-peer.ts'

/** The open connections of a server: hands what they bring to the hub, and to them what it has for them. */
export class Connections {
  readonly #hub: SignalingHub
  readonly #events: EventEmitter<SignalingServerEvents>
  readonly #sendBuffer: number
  readonly #rescheduled: () => void
  readonly #peers: Map<number, SocketPeer>
  readonly #writer: FrameWriter = new FrameWriter()
  #count = 0
  /** Called when the last one is gone. */
  #whenEmpty: (() => void) | undefined

  /** `peers` is kept up to date; `sendBuffer` is how many bytes may wait for a reader. */
  constructor(
    hub: SignalingHub,
    peers: Map<number, SocketPeer>,
    events: EventEmitter<SignalingServerEvents>,
    sendBuffer: number,
    rescheduled: () => void,
  ) {
    this.#hub = hub
    this.#peers = peers
    this.#events = events
    this.#sendBuffer = sendBuffer
    this.#rescheduled = rescheduled
  }

  open(socket: WebSocket, stream: Duplex, reader: FrameReader, admitted: Admitted): void {
    const peer = new SocketPeer(++this.#count, admitted, socket, stream, this.#writer)
    this.#peers.set(peer.id, peer)
    // `ws` closes after every error, but reads no further, so that the code it closed with does not come back.
    socket.on('error', (error: NodeJS.ErrnoException) => (peer.cutWith ??= FAULTS.get(error.code)))
    socket.on('ping', () => this.#hearControl(peer))
    socket.on('pong', () => this.#hearControl(peer))
    socket.on('message', (data: RawData, isBinary: boolean) => this.#receive(peer, data, isBinary))
    reader.attach(socket, (text) => this.#hear(peer, text))
    socket.once('close', (code: number) => this.#closeOf(peer, peer.cutWith ?? code))
    const { iceServers, lifetime } = admitted.ice
    this.#hub.connect(performance.now(), peer.id, iceServers, finite(lifetime))
    this.#rescheduled()
    this.#events.emit('connect', peer)
  }

  send(peer: SocketPeer, frame: string | Uint8Array): void {
    if (peer.socket.readyState !== peer.socket.OPEN) return
    if (this.#reads(peer)) peer.send(frame)
  }

  /** Resolves when none is left, or so many milliseconds later. */
  async untilEmpty(within: number): Promise<void> {
    if (this.#peers.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, within)
      this.#whenEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Resolves when those that are open now are closed. */
  async closed(): Promise<void> {
    await Promise.all(
      [...this.#peers.values()].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve))),
    )
  }

  #closeOf(peer: SocketPeer, code: number): void {
    this.#hub.disconnect(performance.now(), peer.id, code)
    this.#peers.delete(peer.id)
    this.#rescheduled()
    this.#events.emit('disconnect', peer, code)
    if (this.#peers.size === 0) this.#whenEmpty?.()
  }

  #receive(peer: SocketPeer, data: RawData, isBinary: boolean): void {
    // A closing socket still delivers what was under way.
    if (peer.socket.readyState !== peer.socket.OPEN) return
    // The default `binaryType` of `ws` makes everything a Buffer.
    const bytes = data as Buffer
    if (isBinary) this.#hub.handleBinary(performance.now(), peer.id, bytes)
    else this.#hear(peer, bytes.toString('utf8'))
  }

  /** `ws` has answered a ping already, whether its answers are read or not. */
  #hearControl(peer: SocketPeer): void {
    if (peer.socket.readyState === peer.socket.OPEN && this.#reads(peer))
      this.#hub.handleControl(performance.now(), peer.id)
  }

  /** Whether what waits for a peer is little enough; else it is cut off. */
  #reads(peer: SocketPeer): boolean {
    if (peer.unsent <= this.#sendBuffer) return true
    this.#hub.drop(performance.now(), peer.id, CloseCode.slowReader, 'reads too slowly')
    this.#rescheduled()
    return false
  }

  #hear(peer: SocketPeer, text: string): void {
    if (this.#events.listenerCount('rawMessage') > 0) this.#events.emit('rawMessage', peer, text)
    this.#hub.handleFrame(performance.now(), peer.id, text)
  }
}

/** What `ws` closes with when a peer breaks RFC 6455: §7.4.1. */
const FAULTS: ReadonlyMap<string | undefined, number> = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', CloseCode.frameTooLarge],
  ['WS_ERR_INVALID_UTF8', 1007],
])
