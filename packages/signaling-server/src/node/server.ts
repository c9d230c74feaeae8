import { randomBytes, randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'

import { type ClientFrame, CloseCode, frameLimits, subprotocol } from '@purertc/signaling-protocol'
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws'

import type { HubCounters } from '../counters.ts'
import type { JoinDecision, JoinRequest, SignalingHubHost } from '../host.ts'
import { SignalingHub } from '../hub.ts'
import { defaultHubLimits } from '../limits.ts'
import { type Admitted, Gate, hasPath, Refusal, refuse } from './admission.ts'
import { answerRequest } from './answer-request.ts'
import type { SignalingServerEvents } from './events.ts'
import { FrameWriter } from './frame-writer.ts'
import { iceServersFor } from './ice-servers.ts'
import type { SignalingServerLimits, SignalingServerOptions } from './options.ts'
import { SocketPeer } from './peer.ts'

/**
 * A signalling server that runs. Clients meet on channels of it; what they say and get is
 * `docs/signaling-protocol.md`.
 */
export class SignalingServer extends EventEmitter<SignalingServerEvents> {
  readonly #options: SignalingServerOptions
  readonly #limits: SignalingServerLimits
  readonly #gate: Gate
  readonly #hub: SignalingHub
  readonly #sockets: WebSocketServer
  readonly #peers: Map<number, SocketPeer> = new Map()
  /** Upgrades that wait for a hook. */
  readonly #waiting: Set<Duplex> = new Set()
  readonly #ownServer: HttpServer | undefined
  readonly #writer: FrameWriter = new FrameWriter()
  #connections = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  #isDraining = false
  /** Closed, with nothing left that a timer could be for. */
  #isReleased = false
  #closed: Promise<void> | undefined
  /** Called when the last connection is gone. */
  #whenEmpty: (() => void) | undefined

  /** Use {@link createSignalingServer}, which waits until the server listens. */
  constructor(options: SignalingServerOptions) {
    super()
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#gate = new Gate(options, this.#limits)
    const { closeSessionOnHangup = true, store } = options
    const config = { closeSessionOnHangup, limits: this.#limits, ...(store && { store }) }
    this.#hub = new SignalingHub(this.#host(), config)
    const maxPayload = Math.min(this.#limits.frameBytes, frameLimits.bytes)
    this.#sockets = new WebSocketServer(socketOptions(maxPayload))
    this.#ownServer = options.port === undefined ? undefined : createServer(this.#onRequest)
    this.#httpServer?.on('upgrade', this.#onUpgrade)
  }

  /** Open connections. */
  get connections(): number {
    return this.#hub.connections
  }

  /** Channels with at least one member on this process. */
  get channels(): number {
    return this.#hub.channels
  }

  /** Members whose socket broke, and who may come back. */
  get away(): number {
    return this.#hub.away
  }

  /** Whether it takes connections and can do what they ask for. */
  get isReady(): boolean {
    return !this.#isDraining && this.#closed === undefined && this.#hub.isReady
  }

  /** What it has seen since it began. */
  get counters(): HubCounters {
    return this.#hub.counters
  }

  /** The names of a channel's members on all processes, in the order they came. */
  membersOf(channel: string): Promise<readonly string[]> {
    return new Promise((resolve) => this.#hub.membersOf(channel, resolve))
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
      .then((admitted) => {
        this.#waiting.delete(socket)
        if (this.#isClosing || socket.destroyed) {
          admitted.release()
          if (this.#isClosing) throw CLOSING
          return
        }
        socket.off('error', drop)
        // `ws` itself refuses what is no sound request, and then does not call back.
        socket.once('close', () => admitted.release())
        this.#sockets.handleUpgrade(request, socket, Buffer.from(head), (webSocket) =>
          this.#open(webSocket, socket, admitted),
        )
      })
      .catch((error: unknown) => {
        this.#waiting.delete(socket)
        const refusal =
          error instanceof Refusal ? error : new Refusal(500, 'the server failed', { cause: error })
        refuse(socket, refusal)
        this.emit('refusal', request.socket.remoteAddress, refusal.status)
        if (refusal.cause !== undefined) this.#report(refusal.cause)
      })
  }

  /** Answers `/health`, `/ready` and `/metrics` of a server that this one is attached to; false for other requests. */
  handleRequest(request: Pick<IncomingMessage, 'url' | 'method'>, response: ServerResponse): boolean {
    return answerRequest(request, response, this, this.#options.registry)
  }

  /**
   * Takes no more connections and tells every client to connect elsewhere at a moment of its choice within so many
   * milliseconds, 10,000 by default. Closes, with 1012 for those that are left then.
   */
  async drain(within = 10_000): Promise<void> {
    if (this.#isClosing) return this.close()
    this.#isDraining = true
    this.#hub.drain(within)
    if (this.#peers.size > 0) await this.#untilEmpty(within)
    this.#closed ??= this.#shutDown(CloseCode.serviceRestart)
    return this.#closed
  }

  /**
   * Says goodbye to every client with 1001 and releases everything: sockets, timers, the own port, the store, the
   * listener on an attached server, which itself stays open. Resolves when all of it is gone, after a second at most.
   */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown(CloseCode.goingAway)
    return this.#closed
  }

  async #shutDown(code: CloseCode): Promise<void> {
    this.#httpServer?.off('upgrade', this.#onUpgrade)
    for (const socket of this.#waiting) refuse(socket, CLOSING)
    const gone = [...this.#peers.values()].map(
      ({ socket }) => new Promise((resolve) => socket.once('close', resolve)),
    )
    const released = this.#hub.close(code)
    this.#schedule()
    await Promise.all([...gone, released])
    this.#isReleased = true
    this.#schedule()
    this.#sockets.close()
    if (this.#ownServer?.listening === true) {
      const closed = once(this.#ownServer, 'close')
      this.#ownServer.close()
      this.#ownServer.closeAllConnections()
      await closed
    }
  }

  #untilEmpty(within: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, within)
      this.#whenEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  get #isClosing(): boolean {
    return this.#isDraining || this.#closed !== undefined
  }

  get #httpServer(): HttpServer | undefined {
    return this.#ownServer ?? this.#options.server
  }

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (!this.handleRequest(request, response)) response.writeHead(426).end()
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Uint8Array): void => {
    if (hasPath(request, this.#options.path)) this.handleUpgrade(request, socket, head)
    // Somebody else may want it; where nobody else listens, nobody would ever answer it.
    else if (this.#httpServer?.listenerCount('upgrade') === 1)
      refuse(socket, new Refusal(404, 'no such path'))
  }

  #admit(request: IncomingMessage): Promise<Admitted> {
    return this.#isClosing ? Promise.reject(CLOSING) : this.#gate.admit(request)
  }

  #open(socket: WebSocket, stream: Duplex, admitted: Admitted): void {
    const peer = new SocketPeer(++this.#connections, admitted, socket, stream, this.#writer)
    this.#peers.set(peer.id, peer)
    // `ws` closes after every error, but reads no further, so that the code it closed with does not come back.
    socket.on('error', (error: NodeJS.ErrnoException) => (peer.cutWith ??= FAULTS.get(error.code)))
    socket.on('pong', () => this.#hub.handleAlive(peer.id))
    socket.on('message', (data: RawData, isBinary: boolean) => this.#receive(peer, data, isBinary))
    socket.once('close', (code: number) => this.#closeOf(peer, peer.cutWith ?? code))
    const { iceServers, lifetime } = admitted.ice
    this.#hub.connect(performance.now(), peer.id, iceServers, finite(lifetime))
    this.#schedule()
    this.emit('connect', peer)
  }

  #closeOf(peer: SocketPeer, code: number): void {
    this.#hub.disconnect(performance.now(), peer.id, code)
    this.#peers.delete(peer.id)
    this.#schedule()
    this.emit('disconnect', peer, code)
    if (this.#peers.size === 0) this.#whenEmpty?.()
  }

  #receive(peer: SocketPeer, data: RawData, isBinary: boolean): void {
    // A closing socket still delivers what was under way.
    if (peer.socket.readyState !== peer.socket.OPEN) return
    // The default `binaryType` of `ws` makes everything a Buffer.
    const bytes = data as Buffer
    if (isBinary) {
      this.#hub.handleBinary(performance.now(), peer.id, bytes)
      return
    }
    const text = bytes.toString('utf8')
    if (this.listenerCount('rawMessage') > 0) this.emit('rawMessage', peer, text)
    this.#hub.handleFrame(performance.now(), peer.id, text)
  }

  #host(): SignalingHubHost {
    const peerOf = (id: number, then: (peer: SocketPeer) => void): void => {
      const peer = this.#peers.get(id)
      if (peer !== undefined) then(peer)
    }
    const place = (peer: SocketPeer, channel: string | undefined, name: string | undefined): void => {
      peer.channel = channel
      peer.peer = name
    }
    const hears = (event: keyof SignalingServerEvents): boolean => this.listenerCount(event) > 0
    const received = (id: number, frame: ClientFrame): void =>
      peerOf(id, (peer) => this.emit('message', peer, frame))
    return {
      send: (id, frame) => {
        const peer = this.#peers.get(id)
        if (peer !== undefined) this.#send(peer, frame)
      },
      close: (id, code, reason) =>
        peerOf(id, (peer) => (SILENT.has(code) ? peer.cut(code) : peer.close(code, reason))),
      ping: (id) => peerOf(id, ({ socket }) => socket.ping()),
      newPeerName: randomUUID,
      newSessionToken: () => randomBytes(TOKEN_BYTES).toString('base64url'),
      joinRequested: (request) => void this.#decide(request),
      iceServersExpire: (id) => peerOf(id, (peer) => void this.#refreshIceServers(peer)),
      subscribed: (id, channel, name, count) =>
        peerOf(id, (peer) => {
          place(peer, channel, name)
          this.emit('subscription', peer, channel, name, count)
        }),
      unsubscribed: (id, channel, name, count) => {
        const peer = id === undefined ? undefined : this.#peers.get(id)
        if (peer !== undefined) place(peer, undefined, undefined)
        this.emit('unsubscription', peer, channel, name, count)
      },
      resumed: (id, channel, name, replayed) =>
        peerOf(id, (peer) => {
          place(peer, channel, name)
          this.emit('resumption', peer, channel, name, replayed)
        }),
      get received() {
        return hears('message') ? received : undefined
      },
      receivedBinary: (id, header, data) => peerOf(id, (peer) => this.emit('binary', peer, header, data)),
      rescheduled: () => this.#schedule(),
      failed: (error) => this.#report(error),
    }
  }

  #send(peer: SocketPeer, frame: string | Uint8Array): void {
    if (peer.socket.readyState !== peer.socket.OPEN) return
    if (peer.unsent > this.#limits.sendBuffer) {
      this.#hub.drop(performance.now(), peer.id, CloseCode.slowReader, 'reads too slowly')
      this.#schedule()
    } else peer.send(frame)
  }

  async #decide({ ticket, connection, channel, peer, metadata, token }: JoinRequest): Promise<void> {
    const client = this.#peers.get(connection)
    const { beforeSubscription } = this.#options
    if (client === undefined) return
    if (beforeSubscription === undefined) {
      this.#hub.settleJoin(ticket, true)
      return
    }
    let decision: JoinDecision = false
    try {
      decision = await beforeSubscription({ client, channel, peer, metadata, token })
    } catch (error) {
      this.#report(error)
    }
    this.#hub.settleJoin(ticket, decision)
  }

  /** Where none can be made, the client keeps those it has, and is told others at the next turn. */
  async #refreshIceServers({ id, request }: SocketPeer): Promise<void> {
    try {
      const { iceServers, lifetime } = await iceServersFor(request, this.#options)
      this.#hub.updateIceServers(performance.now(), id, iceServers, finite(lifetime))
    } catch (error) {
      this.#report(error)
    }
    this.#schedule()
  }

  /** One timer, for the hub's next deadline. */
  #schedule(): void {
    const at = this.#isReleased ? Infinity : this.#hub.nextTimeout
    if (at === this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = at
    if (at === Infinity) return
    const ring = (): void => {
      this.#timerAt = Infinity
      this.#hub.handleTimeout(performance.now())
      this.#schedule()
    }
    this.#timer = setTimeout(ring, Math.max(0, Math.ceil(at - performance.now())))
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

/** JSON has no endless time. */
function finite(lifetime: number): number | undefined {
  return lifetime === Infinity ? undefined : lifetime
}

/** Codes of sockets that nobody reads from: a close frame would never be seen. */
const SILENT: ReadonlySet<number> = new Set([CloseCode.heartbeatTimeout, CloseCode.slowReader])
/** What `ws` closes with when a peer breaks RFC 6455: §7.4.1. */
const FAULTS: ReadonlyMap<string | undefined, number> = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', CloseCode.frameTooLarge],
  ['WS_ERR_INVALID_UTF8', 1007],
])
const CLOSING = new Refusal(503, 'the server shuts down')
/** 128 bits that nobody guesses. */
const TOKEN_BYTES = 16
const DEFAULT_LIMITS: SignalingServerLimits = {
  ...defaultHubLimits,
  connections: 10_000,
  connectionsPerAddress: 256,
  connectionsPerUser: 16,
  frameBytes: frameLimits.bytes,
  sendBuffer: 1_048_576,
}
