import { EventEmitter } from 'node:events'
import type { TlsOptions } from 'node:tls'

import { Counters } from '@purertc/bytes'
import { monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import type { ChangeRequestValue } from '../attributes/discovery.ts'
import { DiscoveryAddresses } from '../discovery-addresses.ts'
import {
  type MessageDirection,
  StunServer,
  type StunServerConfig,
  type StunServerDiscard,
} from '../server.ts'
import { StunError } from '../stun-error.ts'
import type { AnswerPath, StunListener } from '../stun-transport.ts'
import { formatAddress, type TransportAddress, transportAddress } from '../transport-address.ts'
import { bindTwoByTwo, type DiscoveryBinding } from './discovery-sockets.ts'
import { type ConnectionDrop, type ListenerLimits, StreamListener } from './stream-listener.ts'
import { UdpSocket } from './udp-socket.ts'

export interface NodeStunServerOptions extends Omit<StunServerConfig<AnswerPath>, 'crypto' | 'discovery'> {
  /** Where to listen first. Default: UDP port 3478 on all IPv4 addresses. Port 0 takes a free one. */
  readonly listen?: readonly ListenAddress[]
  /** Offers behaviour discovery (RFC 5780) on two addresses with two ports each, over UDP. */
  readonly discovery?: DiscoveryBinding
  /** Certificate and key of the TLS listeners, as node:tls has them. */
  readonly tls?: TlsOptions
  /** What TCP and TLS clients may take. */
  readonly limits?: ListenerLimits
  /** May keep an answer back by returning false: a success (`code` null), or an error. */
  readonly answering?: (client: TransportAddress, code: number | null) => boolean
  readonly crypto?: CryptoProvider
}

export interface ListenAddress {
  /** An IP address; `0.0.0.0` and `::` stand for all of their family. */
  readonly address: string
  /** Default 3478, and 5349 for TLS. */
  readonly port?: number
  /** Default `udp`. */
  readonly transport?: 'udp' | 'tcp' | 'tls'
}

/** An address that is bound, with its actual port. */
export interface BoundAddress extends TransportAddress {
  readonly transport: string
}

export interface NodeStunServerEvents {
  /** An answer could not be sent from `local`, or a connection failed; the server goes on. */
  error: [error: Error, local: TransportAddress]
  /** Every well-formed message that comes or goes, for a log; the bytes are borrowed. */
  message: [direction: MessageDirection, peer: TransportAddress, bytes: Uint8Array, local: AnswerPath]
}

/**
 * A STUN server on UDP, TCP and TLS. Errors are events; with nobody listening for `error` they are dropped, for a client
 * that cannot be reached is no reason to stop.
 *
 * @example
 * const server = await createStunServer({ listen: [{ address: '0.0.0.0' }, { address: '::', transport: 'tcp' }] })
 * await server.close()
 */
export class NodeStunServer extends EventEmitter<NodeStunServerEvents> {
  /** TCP and TLS connections that were refused or ended from here, by reason. */
  readonly dropped: Counters<ConnectionDrop> = new Counters()
  readonly #server: StunServer<AnswerPath>
  readonly #listeners = new Map<string, StunListener>()
  readonly #tls: TlsOptions | undefined
  readonly #limits: ListenerLimits
  #discovery: DiscoveryAddresses<AnswerPath> | null = null
  #isClosed = false

  /** Throws `StunError` `invalid-value` for a configuration that contradicts itself. */
  constructor(options: Omit<NodeStunServerOptions, 'listen' | 'discovery'> = {}) {
    super()
    const { crypto = nodeCrypto, tls, limits = {}, answering, ...config } = options
    this.#tls = tls
    this.#limits = limits
    this.#server = new StunServer<AnswerPath>(
      { ...config, crypto, discovery: (local, change) => this.#other(local, change) },
      {
        transmit: (to, bytes, path) => path.send(to, bytes),
        observed: (direction, peer, bytes, path) => this.emit('message', direction, peer, bytes, path),
        ...(answering === undefined ? {} : { answering }),
      },
    )
  }

  /** The addresses that are bound, with their actual ports. */
  get addresses(): readonly BoundAddress[] {
    return [...this.#listeners.values()].map(boundAddress)
  }

  /** TCP and TLS connections at this time. */
  get connections(): number {
    let connections = 0
    for (const listener of this.#listeners.values())
      if (listener instanceof StreamListener) connections += listener.connections
    return connections
  }

  /** Answers by kind: `success`, or the error code. */
  get answered(): Counters<'success' | `${number}`> {
    return this.#server.answered
  }

  /** Messages that got no answer, by reason. */
  get discarded(): Counters<StunServerDiscard> {
    return this.#server.discarded
  }

  /**
   * Listens on one more address and resolves to it with its actual port. Rejects with the system's error, with TLS's for
   * a certificate that is none, or `StunError` `closed`, `invalid-address`, or `invalid-value` for TLS without `tls`.
   */
  async bind(where: ListenAddress): Promise<BoundAddress> {
    this.#assertOpen()
    const { transport = 'udp' } = where
    const at = transportAddress(where.address, where.port ?? (transport === 'tls' ? 5349 : 3478))
    if (transport === 'udp') return this.attach(await UdpSocket.bind(at))
    const common = { limits: this.#limits, dropped: this.dropped }
    if (transport === 'tcp') return this.attach(await StreamListener.bind(at, common))
    const tls = this.#tls
    if (tls === undefined) throw new StunError('invalid-value', 'TLS takes a certificate and its key')
    return this.attach(await StreamListener.bind(at, { ...common, tls }))
  }

  /**
   * Listens on two addresses with two ports each and offers behaviour discovery there (RFC 5780 §6). Resolves to the four
   * ends. Rejects like {@link NodeStunServer.bind}, with nothing left bound; a server has one such quartet.
   */
  async bindDiscovery(binding: DiscoveryBinding): Promise<readonly BoundAddress[]> {
    this.#assertOpen()
    if (this.#discovery !== null) throw new StunError('invalid-value', 'behaviour discovery is bound already')
    const [[a, b], [c, d]] = await bindTwoByTwo(binding)
    this.#discovery = new DiscoveryAddresses([
      [a.path, b.path],
      [c.path, d.path],
    ])
    return Promise.all([a, b, c, d].map((socket) => this.attach(socket)))
  }

  /**
   * Serves a listener of another kind, DTLS for instance (RFC 7350), and closes it with the server. Rejects with
   * `StunError` `closed`, and `invalid-address` for an address that is served already.
   */
  async attach(listener: StunListener): Promise<BoundAddress> {
    const bound = boundAddress(listener)
    const key = keyOf(bound)
    // The server may have been closed while the system bound the address.
    if (this.#isClosed || this.#listeners.has(key)) {
      await listener.close()
      throw this.#isClosed
        ? new StunError('closed', 'the server is closed')
        : new StunError('invalid-address', `${key} is served already`)
    }
    this.#listeners.set(key, listener)
    listener.start({
      received: (from, bytes, path) => this.#server.handleDatagram(monotonicNow(), from, path, bytes),
      failed: (error) => this.#fail(error, listener.local),
    })
    return bound
  }

  /**
   * Stops listening on an address of {@link NodeStunServer.addresses} and ends its connections; does nothing for another
   * one. An address without a transport is that of UDP.
   */
  async unbind(address: TransportAddress & { readonly transport?: string }): Promise<void> {
    const key = keyOf({ ...address, transport: address.transport ?? 'udp' })
    const listener = this.#listeners.get(key)
    this.#listeners.delete(key)
    await listener?.close()
  }

  /** Releases all sockets and connections; afterwards nothing keeps the process alive. */
  async close(): Promise<void> {
    this.#isClosed = true
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    await Promise.all(listeners.map((listener) => listener.close()))
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StunError('closed', 'the server is closed')
  }

  /** An end that was unbound meanwhile answers nobody. */
  #other(local: AnswerPath, change: ChangeRequestValue): AnswerPath | null {
    const other = this.#discovery?.other(local, change) ?? null
    return other !== null && this.#listeners.has(keyOf(other)) ? other : null
  }

  #fail(error: Error, local: TransportAddress): void {
    if (this.listenerCount('error') > 0) this.emit('error', error, local)
  }
}

/** Starts a server; rejects, with nothing left open, where one of the addresses cannot be bound. */
export async function createStunServer(options: NodeStunServerOptions = {}): Promise<NodeStunServer> {
  const { discovery, listen = discovery === undefined ? [{ address: '0.0.0.0' }] : [], ...config } = options
  const server = new NodeStunServer(config)
  try {
    for (const address of listen) await server.bind(address)
    if (discovery !== undefined) await server.bindDiscovery(discovery)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

function boundAddress({ local, transport }: StunListener): BoundAddress {
  return { ...local, transport }
}

/** TCP and UDP have ports of their own: the same address may be bound once for each. */
function keyOf({ transport, ...address }: BoundAddress): string {
  return `${transport} ${formatAddress(address)}`
}
