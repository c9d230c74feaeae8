import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

import { CloseCode, frameLimits, subprotocol } from '@purertc/signaling-protocol'
import { type ServerOptions, WebSocketServer } from 'ws'

import type { HubCounters } from '../counters.ts'
import type { JoinDecision, JoinRequest, SignalingHubHost } from '../host.ts'
import { SignalingHub } from '../hub.ts'
import { Gate, hasPath, Refusal, refuse } from './admission.ts'
import { Alarm } from './alarm.ts'
import { answerRequest } from './answer-request.ts'
import { Connections } from './connections.ts'
import type { SignalingServerEvents } from './events.ts'
import { hubHost } from './hub-host.ts'
import { finite, iceServersFor } from './ice-servers.ts'
import type { SignalingServerLimits, SignalingServerOptions } from './options.ts'
import type { SocketPeer } from './socket-peer.ts'
import { defaultServerLimits } from './server-limits.ts'
import { Upgrades } from './upgrades.ts'

/**
 * A signalling server that runs. Clients meet on channels of it; what they say and get is
 * `docs/signaling-protocol.md`.
 */
export class SignalingServer extends EventEmitter<SignalingServerEvents> {
  readonly #options: SignalingServerOptions
  readonly #limits: SignalingServerLimits
  readonly #hub: SignalingHub
  readonly #sockets: WebSocketServer
  readonly #peers: Map<number, SocketPeer> = new Map()
  readonly #upgrades: Upgrades
  readonly #ownServer: HttpServer | undefined
  readonly #connections: Connections
  readonly #alarm: Alarm
  #isDraining = false
  /** Closed, with nothing left that a timer could be for. */
  #isReleased = false
  #closed: Promise<void> | undefined

  /** Use {@link createSignalingServer}, which waits until the server listens. */
  constructor(options: SignalingServerOptions) {
    super()
    this.#options = options
    this.#limits = { ...defaultServerLimits, ...options.limits }
    const { closeSessionOnHangup = true, store } = options
    const config = { closeSessionOnHangup, limits: this.#limits, ...(store && { store }) }
    this.#hub = new SignalingHub(this.#hubHost(), config)
    this.#alarm = new Alarm(
      () => (this.#isReleased ? Infinity : this.#hub.nextTimeout),
      (now) => this.#hub.handleTimeout(now),
    )
    const { frameBytes, sendBuffer } = this.#limits
    this.#connections = new Connections(this.#hub, this.#peers, this, sendBuffer, () => this.#alarm.set())
    this.#sockets = new WebSocketServer(socketOptions(Math.min(frameBytes, frameLimits.bytes)))
    this.#upgrades = new Upgrades(new Gate(options, this.#limits), this.#sockets, {
      opened: (socket, stream, reader, admitted) => this.#connections.open(socket, stream, reader, admitted),
      refused: ({ socket }, { status, cause }) => {
        this.emit('refusal', socket.remoteAddress, status)
        if (cause !== undefined) this.#report(cause)
      },
    })
    this.#ownServer = ownPortOf(options) === null ? undefined : createServer(this.#onRequest)
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
    const port = ownPortOf(this.#options)
    if (this.#ownServer === undefined || port === null) return
    this.#ownServer.listen(port, this.#options.host)
    await once(this.#ownServer, 'listening')
    this.#ownServer.on('error', (error) => this.#report(error))
  }

  /** Takes an upgrade that something else received. The server answers it in every case. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    void this.#upgrades.take(request, socket, head)
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
    this.#upgrades.close()
    this.#hub.drain(within)
    await this.#connections.untilEmpty(within)
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
    this.#upgrades.close()
    this.#upgrades.refuseWaiting()
    const gone = this.#connections.closed()
    const released = this.#hub.close(code)
    this.#alarm.set()
    await Promise.all([gone, released])
    this.#isReleased = true
    this.#alarm.set()
    this.#sockets.close()
    if (this.#ownServer?.listening === true) {
      const closed = once(this.#ownServer, 'close')
      this.#ownServer.close()
      this.#ownServer.closeAllConnections()
      await closed
    }
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

  #hubHost(): SignalingHubHost {
    return hubHost(this.#peers, this, {
      send: (peer, frame) => this.#connections.send(peer, frame),
      decide: (request) => void this.#decide(request),
      refreshIceServers: (peer) => void this.#refreshIceServers(peer),
      rescheduled: () => this.#alarm.set(),
      failed: (error) => this.#report(error),
    })
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
    this.#alarm.set()
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
 * const server = await createSignalingServer({ iceServers: [{ urls: 'stun:192.0.2.1' }] })
 * server.on('subscription', (client, channel, peer) => { … })
 * await server.close()
 */
export async function createSignalingServer(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  if (options.server !== undefined && typeof options.port === 'number')
    throw new TypeError('give a server to attach to or a port to listen on, not both')
  const server = new SignalingServer(options)
  await server.listen()
  return server
}

/** The port to listen on; `null` for none. */
function ownPortOf({ server, port = DEFAULT_PORT }: SignalingServerOptions): number | null {
  return server === undefined ? port : null
}

/** Those that are newer than the types of `ws`. */
interface NewerOptions {
  /** Who does not answer a goodbye is let go after so many milliseconds. */
  readonly closeTimeout: number
  readonly maxPendingAutoPongs: number
}

function socketOptions(maxPayload: number): ServerOptions & NewerOptions {
  // Only requests that offer the sub-protocol come this far.
  const handleProtocols = (): string => subprotocol
  return {
    noServer: true,
    clientTracking: false,
    maxPayload,
    handleProtocols,
    // The reader and the writer of frames below `ws` know no compressed ones.
    perMessageDeflate: false,
    closeTimeout: 1_000,
    // Pings count as frames, and answers that nobody reads as what waits: a flood of them is told why it is closed.
    maxPendingAutoPongs: 0,
  }
}

const DEFAULT_PORT = 8080
