import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'

import {
  type ClientFrame,
  CloseCode,
  frameLimits,
  type IceServer,
  subprotocol,
} from '@purertc/signaling-protocol'
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws'

import type { JoinRequest, SignalingHubHost } from '../host.ts'
import { SignalingHub } from '../hub.ts'
import { defaultHubLimits } from '../limits.ts'
import { admit, hasPath, refuse, Refusal } from './admission.ts'
import type { SignalingServerLimits, SignalingServerOptions } from './options.ts'
import { type SignalingPeer, SocketPeer } from './peer.ts'

export interface SignalingServerEvents {
  /** A connection is open and greeted. */
  connect: [client: SignalingPeer]
  /** A connection is closed; the code is the one this end cut it with, else the one of the close frame. */
  disconnect: [client: SignalingPeer, code: number]
  /** A peer is in a channel, which has `count` members now. */
  subscription: [client: SignalingPeer, channel: string, peer: string, count: number]
  /** A peer is out of a channel, which has `count` members left. */
  unsubscription: [client: SignalingPeer, channel: string, peer: string, count: number]
  /** A sound frame of the protocol. */
  message: [client: SignalingPeer, frame: ClientFrame]
  /** Any text frame, sound or not. */
  rawMessage: [client: SignalingPeer, text: string]
  /** A hook or the HTTP server failed. Where nobody listens the refusal is all there is to see of it. */
  error: [error: Error]
}

/**
 * A signalling server that runs. Clients meet on channels of it; what they say and get is the README of
 * `@purertc/signaling-protocol`.
 */
export class SignalingServer extends EventEmitter<SignalingServerEvents> {
  readonly #options: SignalingServerOptions
  readonly #limits: SignalingServerLimits
  readonly #hub: SignalingHub
  readonly #sockets: WebSocketServer
  readonly #peers: Map<number, SocketPeer> = new Map()
  /** Upgrades that wait for a hook. */
  readonly #waiting: Set<Duplex> = new Set()
  readonly #ownServer: HttpServer | undefined
  #connections = 0
  #timer: NodeJS.Timeout | undefined
  #closed: Promise<void> | undefined

  /** Use {@link createSignalingServer}, which waits until the server listens. */
  constructor(options: SignalingServerOptions) {
    super()
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    const { closeSessionOnHangup = true } = options
    this.#hub = new SignalingHub(this.#host(), { closeSessionOnHangup, limits: this.#limits })
    const maxPayload = Math.min(this.#limits.frameBytes, frameLimits.bytes)
    this.#sockets = new WebSocketServer(socketOptions(maxPayload))
    this.#ownServer = options.port === undefined ? undefined : createServer(answerPlainRequest)
    this.#httpServer?.on('upgrade', this.#onUpgrade)
  }

  /** Open connections. */
  get connections(): number {
    return this.#hub.connections
  }

  /** Channels with at least one member. */
  get channels(): number {
    return this.#hub.channels
  }

  /** The names of a channel's members, in the order they came. */
  membersOf(channel: string): readonly string[] {
    return this.#hub.membersOf(channel)
  }

  /** Where the server listens, its own or the one it is attached to; `null` before and after. */
  get address(): AddressInfo | null {
    const address = this.#httpServer?.address()
    return typeof address === 'object' ? address : null
  }

  /** Resolves when the server's own port is open; rejects with the error of `listen`. */
  async listen(): Promise<void> {
    const { port, host } = this.#options
    if (this.#ownServer === undefined) return
    this.#ownServer.listen(port, host)
    await once(this.#ownServer, 'listening')
    this.#ownServer.on('error', (error) => this.#report(error))
  }

  /** Takes an upgrade that something else received. The server answers it in every case. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const drop = (): void => void socket.destroy()
    socket.on('error', drop)
    this.#waiting.add(socket)
    this.#admit(request)
      .then((iceServers) => {
        this.#waiting.delete(socket)
        if (this.#closed !== undefined) throw CLOSING
        if (socket.destroyed) return
        socket.off('error', drop)
        this.#sockets.handleUpgrade(request, socket, Buffer.from(head), (webSocket) => {
          this.#open(webSocket, request, iceServers)
        })
      })
      .catch((error: unknown) => {
        this.#waiting.delete(socket)
        const refusal =
          error instanceof Refusal ? error : new Refusal(500, 'the server failed', { cause: error })
        refuse(socket, refusal)
        if (refusal.cause !== undefined) this.#report(refusal.cause)
      })
  }

  /**
   * Says goodbye to every client with 1001 and releases everything: sockets, timers, the own port, the listener on
   * an attached server, which itself stays open. Resolves when all of it is gone, after a second at most.
   */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  async #shutDown(): Promise<void> {
    this.#httpServer?.off('upgrade', this.#onUpgrade)
    for (const socket of this.#waiting) refuse(socket, CLOSING)
    const gone = [...this.#peers.values()].map(
      ({ socket }) => new Promise((resolve) => socket.once('close', resolve)),
    )
    this.#hub.close()
    this.#schedule()
    await Promise.all(gone)
    this.#sockets.close()
    if (this.#ownServer?.listening === true) {
      const closed = once(this.#ownServer, 'close')
      this.#ownServer.close()
      this.#ownServer.closeAllConnections()
      await closed
    }
  }

  get #httpServer(): HttpServer | undefined {
    return this.#ownServer ?? this.#options.server
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Uint8Array): void => {
    if (hasPath(request, this.#options.path)) this.handleUpgrade(request, socket, head)
    // Somebody else may want it; where nobody else listens, nobody would ever answer it.
    else if (this.#httpServer?.listenerCount('upgrade') === 1)
      refuse(socket, new Refusal(404, 'no such path'))
  }

  #admit(request: IncomingMessage): Promise<readonly IceServer[]> {
    if (this.#closed !== undefined) return Promise.reject(CLOSING)
    if (this.#peers.size + this.#waiting.size > this.#limits.connections)
      return Promise.reject(new Refusal(503, 'the server is full'))
    return admit(request, this.#options)
  }

  #open(socket: WebSocket, request: IncomingMessage, iceServers: readonly IceServer[]): void {
    const peer = new SocketPeer(++this.#connections, request, socket)
    this.#peers.set(peer.id, peer)
    // `ws` closes after every error, but reads no further, so that the code it closed with does not come back.
    socket.on('error', (error: NodeJS.ErrnoException) => (peer.cutWith = FAULTS.get(error.code)))
    socket.on('pong', () => this.#hub.handleAlive(peer.id))
    socket.on('message', (data: RawData, isBinary: boolean) => this.#receive(peer, data, isBinary))
    socket.once('close', (code: number) => {
      this.#hub.disconnect(peer.id)
      this.#peers.delete(peer.id)
      this.#schedule()
      this.emit('disconnect', peer, peer.cutWith ?? code)
    })
    this.#hub.connect(performance.now(), peer.id, iceServers)
    this.#schedule()
    this.emit('connect', peer)
  }

  #receive(peer: SocketPeer, data: RawData, isBinary: boolean): void {
    // A closing socket still delivers what was under way.
    if (peer.socket.readyState !== peer.socket.OPEN) return
    if (isBinary) {
      this.#hub.handleBinary(performance.now(), peer.id)
      return
    }
    // The default `binaryType` of `ws` makes everything a Buffer.
    const text = (data as Buffer).toString('utf8')
    this.emit('rawMessage', peer, text)
    this.#hub.handleFrame(performance.now(), peer.id, text)
  }

  #host(): SignalingHubHost {
    const peerOf = (id: number, then: (peer: SocketPeer) => void): void => {
      const peer = this.#peers.get(id)
      if (peer !== undefined) then(peer)
    }
    return {
      send: (id, text) => peerOf(id, (peer) => this.#send(peer, text)),
      close: (id, code, reason) =>
        peerOf(id, (peer) => (SILENT.has(code) ? peer.cut(code) : peer.close(code, reason))),
      ping: (id) => peerOf(id, ({ socket }) => socket.ping()),
      newPeerName: randomUUID,
      joinRequested: (request) => void this.#decide(request),
      subscribed: (id, channel, name, count) =>
        peerOf(id, (peer) => {
          peer.channel = channel
          peer.peer = name
          this.emit('subscription', peer, channel, name, count)
        }),
      unsubscribed: (id, channel, name, count) =>
        peerOf(id, (peer) => {
          peer.channel = undefined
          peer.peer = undefined
          this.emit('unsubscription', peer, channel, name, count)
        }),
      received: (id, frame) => peerOf(id, (peer) => this.emit('message', peer, frame)),
    }
  }

  #send(peer: SocketPeer, text: string): void {
    if (peer.socket.readyState !== peer.socket.OPEN) return
    if (peer.socket.bufferedAmount > this.#limits.sendBuffer)
      this.#hub.disconnect(peer.id, CloseCode.slowReader, 'reads too slowly')
    else peer.socket.send(text)
  }

  async #decide({ ticket, connection, channel, peer, metadata, token }: JoinRequest): Promise<void> {
    const client = this.#peers.get(connection)
    const { beforeSubscription } = this.#options
    if (client === undefined) return
    if (beforeSubscription === undefined) {
      this.#hub.settleJoin(ticket, true)
      return
    }
    let accepted = false
    try {
      accepted = await beforeSubscription({ client, channel, peer, metadata, token })
    } catch (error) {
      this.#report(error)
    }
    this.#hub.settleJoin(ticket, accepted)
  }

  /** One timer, for the hub's next deadline. */
  #schedule(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const at = this.#hub.nextTimeout
    if (at === Infinity) return
    this.#timer = setTimeout(
      () => {
        this.#hub.handleTimeout(performance.now())
        this.#schedule()
      },
      Math.max(0, Math.ceil(at - performance.now())),
    )
  }

  #report(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error('a hook threw what is no error', { cause })
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}

/**
 * Starts a signalling server and waits until it listens.
 *
 * @example
 * const server = await createSignalingServer({ port: 8080, iceServers: [{ urls: 'stun:192.0.2.1' }] })
 * server.on('subscription', (client, channel, peer) => { … })
 * await server.close()
 */
export async function createSignalingServer(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  if (options.server !== undefined && options.port !== undefined)
    throw new TypeError('give a server to attach to or a port to listen on, not both')
  const server = new SignalingServer(options)
  await server.listen()
  return server
}

/** `closeTimeout` is newer than the types of `ws`: who does not answer a goodbye is let go after it. */
function socketOptions(maxPayload: number): ServerOptions & { readonly closeTimeout: number } {
  // Only requests that offer the sub-protocol come this far.
  const handleProtocols = (): string => subprotocol
  return { noServer: true, clientTracking: false, maxPayload, handleProtocols, closeTimeout: 1_000 }
}

function answerPlainRequest(
  _: IncomingMessage,
  response: { writeHead(status: number): { end(): void } },
): void {
  response.writeHead(426).end()
}

/** Codes of sockets that nobody reads from: a close frame would never be seen. */
const SILENT: ReadonlySet<number> = new Set([CloseCode.heartbeatTimeout, CloseCode.slowReader])
/** What `ws` closes with when a peer breaks RFC 6455: §7.4.1. */
const FAULTS: ReadonlyMap<string | undefined, number> = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', CloseCode.frameTooLarge],
  ['WS_ERR_INVALID_UTF8', 1007],
])
const CLOSING = new Refusal(503, 'the server shuts down')
const DEFAULT_LIMITS: SignalingServerLimits = {
  ...defaultHubLimits,
  connections: 10_000,
  frameBytes: frameLimits.bytes,
  sendBuffer: 1_048_576,
}
