import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

import { networkOf, Tally } from '@purertc/bytes/node'
import { type TransportAddress, transportAddress } from '@purertc/stun'

import { FiveTupleMap } from '../server/five-tuple-map.ts'
import { BatchBuffers } from './batch-buffers.ts'
import type { DisconnectReason, ListeningAddress, TurnListener, TurnListenerHost } from './listener.ts'
import { StreamConnection } from './stream-connection.ts'

/** What a TCP or TLS port takes from strangers. */
export interface StreamLimits {
  /** Connections at one time. Default 10,000. */
  readonly maxConnections?: number
  /** Connections of one client address at one time, or of a /64 of IPv6, which one client has all of. Default 256. */
  readonly connectionsPerAddress?: number
  /** Seconds that a connection without an allocation may say nothing; a TLS handshake has as long. Default 30. */
  readonly idleTimeout?: number
}

export interface StreamListenerOptions extends StreamLimits {
  /** Certificate and key: TLS. */
  readonly tls?: TlsOptions | undefined
  readonly legacyChannels?: boolean | undefined
  /** Whether other processes of a cluster take connections of the same port. */
  readonly isShared?: boolean | undefined
}

/** A TCP or TLS port for TURN clients (RFC 8656 §3.1), whose connections are bounded in number, memory and idleness. */
export class StreamListener implements TurnListener {
  readonly isStream = true
  readonly local: ListeningAddress
  readonly #server: Server
  readonly #options: StreamListenerOptions
  readonly #connections = new FiveTupleMap<Client>()
  /** Every socket that was taken, those in a TLS handshake included. */
  readonly #sockets = new Set<Socket>()
  readonly #networks = new Tally(networkOf)
  #host: TurnListenerHost | null = null
  readonly #buffers = new BatchBuffers()
  readonly #sweep: NodeJS.Timeout

  private constructor(server: Server, options: StreamListenerOptions) {
    const { address, port } = server.address() as { address: string; port: number }
    const isTls = options.tls !== undefined
    this.local = { ...transportAddress(address, port), transport: isTls ? 'tls' : 'tcp' }
    this.#server = server
    this.#options = options
    server.on('connection', (socket: Socket) => this.#admit(socket))
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => this.#open(socket))
    server.on('tlsClientError', (_error: Error, socket: Socket) => {
      this.#host?.disconnected(clientOf(socket), 'handshake')
      socket.destroy()
    })
    server.on('error', (error) => this.#host?.failed(error))
    this.#sweep = setInterval(() => this.#closeIdle(), this.#idleTimeout / 2)
    this.#sweep.unref()
  }

  /** Binds; port 0 takes a free one. Rejects with the system's error, `EADDRINUSE` for instance. */
  static async bind(at: TransportAddress, options: StreamListenerOptions): Promise<StreamListener> {
    const { tls, idleTimeout = DEFAULT_IDLE, isShared = false } = options
    const server =
      tls === undefined
        ? createTcpServer()
        : createTlsServer({ handshakeTimeout: 1000 * idleTimeout, ...tls })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(
        { port: at.port, host: at.address, ipv6Only: at.family === 'IPv6', exclusive: !isShared },
        () => {
          server.off('error', reject)
          resolve()
        },
      )
    })
    return new StreamListener(server, options)
  }

  start(host: TurnListenerHost): void {
    this.#host = host
  }

  send(client: TransportAddress, bytes: Uint8Array): void {
    this.#connections.get(0, client)?.connection.send(bytes)
  }

  /** Hands a client's connection over, which carries no messages any more. It still counts for the limits. */
  detach(client: TransportAddress): Socket | null {
    const found = this.#connections.get(0, client)
    this.#connections.delete(0, client)
    return found?.connection.detach() ?? null
  }

  async close(): Promise<void> {
    this.#host = null
    clearInterval(this.#sweep)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const connections = [...this.#connections.values()]
    await Promise.all(connections.map(({ connection }) => connection.close()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  get #idleTimeout(): number {
    return 1000 * (this.#options.idleTimeout ?? DEFAULT_IDLE)
  }

  /** Counts a socket before a byte of it is read. */
  #admit(socket: Socket): void {
    const { maxConnections = 10_000, connectionsPerAddress = 256 } = this.#options
    const { remoteAddress: address } = socket
    if (address === undefined || this.#host === null) {
      socket.destroy()
      return
    }
    const refusal =
      this.#sockets.size >= maxConnections
        ? 'too-many'
        : this.#networks.of(address) >= connectionsPerAddress
          ? 'address-limit'
          : null
    if (refusal !== null) {
      this.#host.disconnected(clientOf(socket), refusal)
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#networks.add(address)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#networks.remove(address)
    })
  }

  #open(socket: Socket): void {
    if (socket.destroyed || this.#host === null) return
    const address = clientOf(socket)
    // A client that lost its connection may come again from the same port before we hear of the loss.
    const former = this.#connections.get(0, address)
    if (former !== undefined) this.#forget(former, 'ended')
    former?.connection.destroy()
    const client: Client = {
      address,
      heardAt: performance.now(),
      connection: new StreamConnection(
        socket,
        this.#options.legacyChannels === true,
        {
          received: (bytes) => {
            client.heardAt = performance.now()
            this.#host?.received(address, bytes)
          },
          ended: (reason) => this.#forget(client, reason),
        },
        this.#buffers,
      ),
    }
    this.#connections.set(0, address, client)
  }

  #closeIdle(): void {
    const oldest = performance.now() - this.#idleTimeout
    for (const client of [...this.#connections.values()]) {
      if (client.heardAt > oldest || this.#host?.isServed(client.address) !== false) continue
      client.connection.destroy()
      this.#forget(client, 'idle')
    }
  }

  #forget({ address }: Client, reason: DisconnectReason): void {
    this.#connections.delete(0, address)
    this.#host?.disconnected(address, reason)
  }
}

interface Client {
  readonly address: TransportAddress
  readonly connection: StreamConnection
  /** When its last whole message came. */
  heardAt: number
}

/** As UDP sockets write addresses. */
function clientOf({ remoteAddress = '', remoteFamily, remotePort = 0 }: Socket): TransportAddress {
  return { family: remoteFamily === 'IPv6' ? 'IPv6' : 'IPv4', address: remoteAddress, port: remotePort }
}

const DEFAULT_IDLE = 30
