import { EventEmitter } from 'node:events'
import type { ConnectionOptions } from 'node:tls'

import type { Millis } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { StunClient } from '../client.ts'
import type { BindingOptions, BindingResult, StunClientConfig } from '../client-config.ts'
import type { IpFamily } from '../ip-address.ts'
import type { MessageBuilder } from '../message-builder.ts'
import type { MessageDirection } from '../server.ts'
import { StunError } from '../stun-error.ts'
import type { ServerAddress, StunTransport } from '../stun-transport.ts'
import { parseStunUri, type StunUri } from '../stun-uri.ts'
import type { RetransmitPolicy } from '../transactions.ts'
import type { TransportAddress } from '../transport-address.ts'
import { DualUdp } from './dual-udp.ts'
import type { NameService } from './name-service.ts'
import { resolveServer } from './resolve.ts'
import { type OpenOptions, type TransportKind, transportFor, udp } from './transports.ts'

export interface NodeStunClientOptions extends Omit<StunClientConfig, 'crypto' | 'server'>, OpenOptions {
  /** How the server is reached. Default: UDP for `stun:`, TLS for `stuns:`. */
  readonly transport?: 'udp' | 'tcp' | 'tls' | TransportKind
  /** For TLS: trusted authorities and the like, as node:tls has them. */
  readonly tls?: ConnectionOptions
  /** The family to reach the server by, where its name has both. Default: the resolver's first address. */
  readonly family?: IpFamily
  /** May add attributes to any request before it is signed and sent. */
  readonly preparing?: (request: MessageBuilder) => void
  readonly names?: NameService
  readonly crypto?: CryptoProvider
}

export interface NodeStunClientEvents {
  /** A request has brought an address. */
  success: [result: BindingResult]
  /** A request has failed: its `code` is the server's, or says what happened. */
  failure: [error: StunError]
  /** Something came that answers no request; the bytes are borrowed. */
  data: [bytes: Uint8Array, from: TransportAddress]
  /** A message could not be sent, or a connection has ended. Dropped where nobody listens. */
  error: [error: Error, server: TransportAddress | null]
  /** Every STUN message that goes or comes, for a log; the bytes are borrowed. */
  message: [direction: MessageDirection, server: TransportAddress, bytes: Uint8Array]
}

/**
 * A STUN client on a UDP socket of its own, or on TCP or TLS connections.
 *
 * @example
 * const client = await NodeStunClient.open('stun:stun.example.org')
 * const { mapped } = await client.bind()
 * await client.close()
 */
export class NodeStunClient extends EventEmitter<NodeStunClientEvents> {
  /** The local address, with the port that was bound. */
  readonly local: TransportAddress
  readonly #transport: StunTransport
  /** The server's addresses in the order to try them: over UDP only an answer tells which is good. */
  readonly #servers: readonly ServerAddress[]
  readonly #patience: BindingOptions
  #current = 0
  readonly #client: StunClient
  readonly #alarm: Alarm
  readonly #waiting = new Map<number, Waiting>()
  #isClosed = false

  private constructor(
    transport: StunTransport,
    config: StunClientConfig,
    preparing: NodeStunClientOptions['preparing'],
    servers: readonly ServerAddress[],
  ) {
    super()
    this.local = transport.local
    this.#servers = servers
    this.#patience = config.retransmit === undefined ? { retransmit: IMPATIENT } : {}
    this.#transport = transport
    this.#client = new StunClient(transport.isReliable ? { ...config, retransmit: false } : config, {
      transmit: (to, bytes) => transport.send(to, bytes),
      succeeded: (_now, request, result) => {
        this.#take(request)?.resolve(result)
        this.emit('success', result)
      },
      failed: (now, request, error) => {
        const waiting = this.#take(request)
        if (waiting !== undefined && this.#tryNext(now, waiting, error)) return
        waiting?.reject(error)
        this.emit('failure', error)
      },
      observed: (direction, server, bytes) => this.emit('message', direction, server, bytes),
      ...(preparing === undefined ? {} : { preparing }),
    })
    this.#alarm = new Alarm((now) => {
      this.#client.handleTimeout(now)
      this.#alarm.set(this.#client.nextTimeout)
    })
    transport.start({
      received: (from, bytes) => {
        if (!this.#client.handleDatagram(monotonicNow(), bytes)) this.emit('data', bytes, from)
        this.#alarm.set(this.#client.nextTimeout)
      },
      // Some transports fail while they send: the request must have its number before it fails.
      failed: (error, to) => queueMicrotask(() => this.#lose(error, to)),
    })
  }

  /**
   * Resolves the server's name and opens the transport, over TCP and TLS to the first of the server's addresses that
   * answers. Over UDP `bind` goes on to the next address where one is silent. `server` is a `stun:` or `stuns:` URI, or
   * a host with an optional port. Rejects with `StunError` `invalid-address` for what is neither, `transport` where no
   * connection can be made, and with the system's error where the name is unknown or the local address cannot be bound.
   */
  static async open(server: string, options: NodeStunClientOptions = {}): Promise<NodeStunClient> {
    const { transport, tls, family, names, preparing, crypto = nodeCrypto, ...rest } = options
    const { localAddress, localPort, connectTimeout, ...config } = rest
    const opening: OpenOptions = {
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
    }
    const uri = readServer(server)
    const kind = transportFor(uri, transport, tls)
    const addresses = await resolveServer(uri, {
      protocol: kind.protocol,
      random: () => randomFraction(crypto),
      ...(family === undefined ? {} : { family }),
      ...(names === undefined ? {} : { names }),
    })
    const machine = { ...config, crypto }
    if (kind === udp) {
      const transport = await openUdp(addresses, opening)
      const { family: first } = transport.local
      const isDual = transport instanceof DualUdp
      const usable = isDual ? addresses : addresses.filter((address) => address.family === first)
      return new NodeStunClient(transport, { ...machine, server: usable[0] ?? UNKNOWN }, preparing, usable)
    }
    let failure: unknown
    for (const address of addresses) {
      try {
        const opened = await kind.open(address, opening)
        return new NodeStunClient(opened, { ...machine, server: address }, preparing, [address])
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  /** Asks the server where it sees us. Rejects with `StunError`; its `code` is the server's or says what happened. */
  bind(options: BindingOptions = {}): Promise<BindingResult> {
    return new Promise((resolve, reject) => {
      this.#assertOpen()
      this.#ask(monotonicNow(), { resolve, reject, options, server: this.#current })
    })
  }

  /** The address of the server that is asked. */
  get server(): ServerAddress {
    return this.#servers[this.#current] ?? UNKNOWN
  }

  #ask(now: Millis, waiting: Waiting): void {
    const { options, server: index } = waiting
    const isLast = index >= this.#servers.length - 1
    const server = options.server ?? this.#servers[index] ?? UNKNOWN
    const patience = isLast ? {} : this.#patience
    const request = this.#client.bind(now, { ...patience, ...options, server })
    this.#waiting.set(request, waiting)
    this.#alarm.set(this.#client.nextTimeout)
  }

  /** RFC 8489 §8: the next address, where the one that was asked is silent or out of reach. */
  #tryNext(now: Millis, waiting: Waiting, { code }: StunError): boolean {
    const next = waiting.server + 1
    if (next >= this.#servers.length || waiting.options.server !== undefined) return false
    if (code !== 'timeout' && code !== 'transport') return false
    this.#current = Math.max(this.#current, next)
    this.#ask(now, { ...waiting, server: this.#current })
    return true
  }

  /** Sends a Binding indication, which keeps a NAT's mapping alive and is not answered. Throws `StunError` `closed`. */
  indicate(): void {
    this.#assertOpen()
    this.#client.indicate()
  }

  /**
   * Sends bytes of any kind from the same port, to the server by default; what comes back is a `data` event. Over TCP
   * and TLS they must be STUN messages, for nothing else can be told apart there. Throws `StunError` `closed`.
   */
  send(bytes: Uint8Array, to: ServerAddress = this.server): void {
    this.#assertOpen()
    this.#transport.send(to, bytes)
  }

  /** Gives all requests up: their promises reject with `cancelled`. */
  cancel(): void {
    this.#client.cancel(monotonicNow())
    this.#alarm.set(this.#client.nextTimeout)
  }

  /** Cancels what is pending and releases the socket. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.cancel()
    this.#client.close()
    this.#alarm.clear()
    await this.#transport.close()
  }

  /** A listener that hears of what `close` cancels must not ask anew. */
  #assertOpen(): void {
    if (this.#isClosed) throw new StunError('closed', 'the client is closed')
  }

  #lose(cause: Error, to: TransportAddress | null): void {
    if (this.#isClosed) return
    const error = cause instanceof StunError ? cause : new StunError('transport', cause.message, { cause })
    this.#client.abandon(monotonicNow(), error, to)
    this.#alarm.set(this.#client.nextTimeout)
    if (this.listenerCount('error') > 0) this.emit('error', error, to)
  }

  #take(request: number): Waiting | undefined {
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    return waiting
  }
}

/**
 * Asks a STUN server once for the address that it sees us under.
 *
 * @example
 * const { address, port } = await discoverMappedAddress('stun:stun.example.org:3478')
 */
export async function discoverMappedAddress(
  server: string,
  options: NodeStunClientOptions = {},
): Promise<TransportAddress> {
  const client = await NodeStunClient.open(server, options)
  try {
    return (await client.bind()).mapped
  } finally {
    await client.close()
  }
}

interface Waiting {
  readonly resolve: (result: BindingResult) => void
  readonly reject: (error: StunError) => void
  readonly options: BindingOptions
  /** Which of the server's addresses is asked. */
  readonly server: number
}

/** Where there are other addresses to try, one is given up after 5.5 seconds instead of 39.5. */
const IMPATIENT: RetransmitPolicy = { rto: 500, rc: 4, rm: 4 }

const UNKNOWN: ServerAddress = { family: 'IPv4', address: '0.0.0.0', port: 0 }

/** A socket for the first address, and one for the other family where there are addresses of it and it can be had. */
async function openUdp(addresses: readonly ServerAddress[], options: OpenOptions): Promise<StunTransport> {
  const [first = UNKNOWN] = addresses
  const other = addresses.find(({ family }) => family !== first.family)
  const socket = await udp.open(first, options)
  // A local address is of one family, and what it is for as well.
  if (other === undefined || options.localAddress !== undefined) return socket
  const second = await udp.open(other, {}).catch(() => null)
  return second === null ? socket : new DualUdp(socket, second)
}

/** A URI, or a host with an optional port. */
export function readServer(text: string): StunUri {
  const uri = parseStunUri(text) ?? parseStunUri(`stun:${text}`)
  if (uri === null) throw new StunError('invalid-address', `${JSON.stringify(text)} is no STUN server`)
  return uri
}

/** From 0 to 1, 1 excluded. */
export function randomFraction(crypto: CryptoProvider): number {
  const bytes = new Uint8Array(4)
  crypto.randomFill(bytes)
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32
}
