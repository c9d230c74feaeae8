import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

import { Alarm, monotonicNow } from '@purertc/bytes/node'
import { formatAddress, type IcmpValue, type TransportAddress } from '@purertc/stun'

import type { TurnAnswer, TurnClientConfig } from '../client/config.ts'
import { copyAddress } from '../client/peers.ts'
import { TurnClient } from '../client/turn-client.ts'
import { TurnError } from '../turn-error.ts'
import { type DataConnectionOptions, openPeerSocket } from './peer-socket.ts'
import type { ServerLink } from './server-link.ts'

/**
 * - `message`: data from a peer, in bytes of its own.
 * - `connection`: with `transport: 'tcp'`, a peer has connected to us; the socket is paused.
 * - `answer`: the server has answered a request: for the allocation, a permission, a channel or a connection, or their renewal.
 * - `icmp`: an error came back for what was sent to a peer; servers that cannot know of them, ours included, send none.
 * - `peerRefused`: the server does not let us reach that peer.
 * - `error`: the allocation is lost; the client is of no more use, and its link to the server is released.
 */
export interface NodeTurnClientEvents {
  message: [data: Uint8Array, peer: TransportAddress]
  connection: [socket: Socket, peer: TransportAddress]
  answer: [answer: TurnAnswer]
  icmp: [peer: TransportAddress, icmp: IcmpValue]
  peerRefused: [peer: TransportAddress, error: TurnError]
  error: [error: TurnError]
}

/** A TURN client with a link to its server of its own. Made by {@link createTurnClient}. */
export class NodeTurnClient extends EventEmitter<NodeTurnClientEvents> {
  readonly #machine: TurnClient
  #link: ServerLink
  readonly #data: DataConnectionOptions | null
  /** Who waits for a connection with a peer, by its address. */
  readonly #connecting = new Map<string, Connecting>()
  readonly #alarm: Alarm
  #onAllocated: (error: TurnError | null) => void = () => undefined
  #onClosed: () => void = () => undefined
  #closing: Promise<void> | null = null

  /** Takes the link over; see {@link createTurnClient}. `data` is what connections with peers take (RFC 6062). */
  constructor(link: ServerLink, config: TurnClientConfig, data: DataConnectionOptions | null = null) {
    super()
    this.#link = link
    this.#data = data
    this.#machine = new TurnClient(config, {
      transmit: (bytes) => this.#link.send(bytes),
      allocated: () => this.#onAllocated(null),
      received: (_now, { family, address, port }, bytes) => {
        this.emit('message', bytes.slice(), { family, address, port })
      },
      peerRefused: (peer, error) => {
        if (!this.#refuse(peer, error)) this.emit('peerRefused', peer, error)
      },
      peerConnected: (peer, connection) => void this.#bindData(peer, connection),
      connectionAttempted: (peer, connection) => void this.#bindAttempt(copyAddress(peer), connection),
      icmpReceived: ({ family, address, port }, icmp) => {
        this.emit('icmp', { family, address, port }, icmp)
      },
      failed: (error) => this.#fail(error),
      answered: (answer) => this.emit('answer', answer),
      closed: () => this.#onClosed(),
    })
    this.#alarm = new Alarm((now) => {
      this.#machine.handleTimeout(now)
      this.#rearm()
    })
    this.#listen(link)
  }

  #listen(link: ServerLink): void {
    link.start(
      (bytes) => {
        this.#machine.handleDatagram(monotonicNow(), bytes)
        this.#rearm()
      },
      (cause) => {
        if (this.#link === link) this.#linkFailed(new TurnError('transport', cause.message, { cause }))
      },
    )
  }

  /** Where peers reach us, null once the allocation is lost. */
  get relayedAddress(): TransportAddress | null {
    return this.#machine.relayedAddress
  }

  /** Where the server sees us, null once the allocation is lost. */
  get mappedAddress(): TransportAddress | null {
    return this.#machine.mappedAddress
  }

  /** Where IPv6 peers reach us, with `family: 'both'`; null where the server gave no such address. */
  get additionalAddress(): TransportAddress | null {
    return this.#machine.additionalAddress
  }

  /** What another client asks for the next port with, where this one has `port: 'pair'`. */
  get reservationToken(): Uint8Array | null {
    return this.#machine.reservationToken
  }

  /**
   * Resolves with the allocation; rejects with {@link TurnError} where there is none to be had, with `cancelled` as soon as
   * `signal` says so: `close()` then releases what may be there. Call it once.
   */
  async allocate(signal?: AbortSignal): Promise<void> {
    const allocated = new Promise<void>((resolve, reject) => {
      this.#onAllocated = (error) => (error === null ? resolve() : reject(error))
    })
    const cancel = (): void => this.#onAllocated(new TurnError('cancelled', 'given up by its signal'))
    signal?.addEventListener('abort', cancel)
    try {
      this.#machine.allocate(monotonicNow())
      this.#rearm()
      await allocated
    } finally {
      signal?.removeEventListener('abort', cancel)
      this.#onAllocated = () => undefined
    }
  }

  /** Sends data to a peer, see `TurnClient.send`. */
  send(peer: TransportAddress, data: Uint8Array): void {
    this.#machine.send(monotonicNow(), peer, data)
    this.#rearm()
  }

  /** Lets a peer's address reach us before we have sent anything to it. */
  createPermission(peer: TransportAddress): void {
    this.#machine.createPermission(monotonicNow(), peer)
    this.#rearm()
  }

  /** Makes data to a peer 32 bytes shorter, with `channels: 'manual'`; else the first data does it. */
  bindChannel(peer: TransportAddress): void {
    this.#machine.bindChannel(monotonicNow(), peer)
    this.#rearm()
  }

  /**
   * Connects to a peer, with `transport: 'tcp'` (RFC 6062). The socket's other end is the peer; it is paused, and
   * waits for `resume()`. Rejects with
   * {@link TurnError}: 447 where the peer does not answer, 403 where the server does not let us.
   */
  connect(peer: TransportAddress): Promise<Socket> {
    const key = formatAddress(peer)
    if (this.#connecting.has(key))
      throw new TurnError('invalid-state', `a connection to ${key} is being made already`)
    return new Promise((resolve, reject) => {
      this.#connecting.set(key, { resolve, reject })
      try {
        this.#machine.connect(monotonicNow(), peer)
      } catch (error) {
        this.#connecting.delete(key)
        throw error
      }
      this.#rearm()
    })
  }

  /** Whether {@link NodeTurnClient.move} is possible: `mobility` was asked for, and the server lets us. */
  get isMobile(): boolean {
    return this.#machine.isMobile
  }

  /**
   * Goes on by another way to the server, after a change of networks for instance (RFC 8016): the relayed address, its
   * permissions and channels stay. The former link is closed; the new one is the client's from now on. Rejects with
   * {@link TurnError} `invalid-state` where that is not possible.
   */
  async move(link: ServerLink): Promise<void> {
    if (!this.isMobile) {
      await link.close()
      throw new TurnError('invalid-state', 'an allocation that cannot move')
    }
    const former = this.#link
    this.#link = link
    this.#listen(link)
    this.#machine.move(monotonicNow())
    this.#rearm()
    await former.close()
  }

  /** Gives the allocation back and releases the socket; takes 1.5 seconds where the server is silent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve
    })
    this.#machine.close(monotonicNow())
    this.#rearm()
    await closed
    this.#alarm.clear()
    await this.#link.close()
  }

  async #bindData(peer: TransportAddress, connection: number): Promise<void> {
    const key = formatAddress(peer)
    const waiting = this.#connecting.get(key)
    this.#connecting.delete(key)
    try {
      const socket = await this.#openData(connection)
      if (waiting === undefined) socket.destroy()
      else waiting.resolve(socket)
    } catch (error) {
      waiting?.reject(TurnError.from('transport', error))
    }
  }

  /** A peer whose connection cannot be bound is gone: there is nobody to be told. */
  async #bindAttempt(peer: TransportAddress, connection: number): Promise<void> {
    if (this.listenerCount('connection') === 0) return
    try {
      this.emit('connection', await this.#openData(connection), peer)
    } catch (error) {
      this.emit('peerRefused', peer, TurnError.from('transport', error))
    }
  }

  #openData(connection: number): Promise<Socket> {
    const data = this.#data
    if (data === null) throw new TurnError('invalid-config', 'a link of your own has no data connections')
    return openPeerSocket(this.#machine, connection, data)
  }

  #refuse(peer: TransportAddress, error: TurnError): boolean {
    const key = formatAddress(peer)
    const waiting = this.#connecting.get(key)
    this.#connecting.delete(key)
    waiting?.reject(error)
    return waiting !== undefined
  }

  /** Without a link nothing can be given back. */
  #linkFailed(error: TurnError): void {
    if (this.#closing === null) this.#fail(error)
    this.#onClosed()
  }

  #fail(error: TurnError): void {
    void this.close()
    for (const { reject } of this.#connecting.values()) reject(error)
    this.#connecting.clear()
    this.#onAllocated(error)
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }

  #rearm(): void {
    this.#alarm.set(this.#machine.nextTimeout)
  }
}

interface Connecting {
  readonly resolve: (socket: Socket) => void
  readonly reject: (error: TurnError) => void
}
