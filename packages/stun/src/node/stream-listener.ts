import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

import type { Counters } from '@purertc/bytes'
import { networkOf, Tally } from '@purertc/bytes/node'

import type { AnswerPath, StunListener, StunListenerHost } from '../stun-transport.ts'
import { type TransportAddress, transportAddress } from '../transport-address.ts'
import { StreamConnection, type StreamEnd, type StreamLimits } from './stream-connection.ts'

export interface ListenerLimits extends StreamLimits {
  /** Connections of one listener at a time; more are closed as they come. Default 1,024. */
  readonly maxConnections?: number
  /** Connections from one IPv4 address, or a /64 of IPv6, at a time. Default 64. */
  readonly maxConnectionsPerAddress?: number
  /** Milliseconds that a TLS handshake may take. Default 10,000. */
  readonly handshakeTimeout?: number
}

/** Why a connection was refused or ended from the server's side. */
export type ConnectionDrop = StreamEnd | 'too-many' | 'too-many-of-address' | 'handshake'

export interface StreamListenerOptions {
  readonly limits: ListenerLimits
  readonly dropped: Counters<ConnectionDrop>
  /** Certificate and key; makes the listener one for TLS. */
  readonly tls?: TlsOptions
}

/** A listening TCP or TLS socket: every connection is a way that messages come by. */
export class StreamListener implements StunListener {
  readonly transport: 'tcp' | 'tls'
  /** The address with the port that was bound. */
  readonly local: TransportAddress
  readonly #server: Server
  readonly #options: StreamListenerOptions
  /** All sockets, those in the middle of a TLS handshake included. */
  readonly #sockets = new Set<Socket>()
  readonly #networks = new Tally(networkOf)
  #host: StunListenerHost | null = null

  private constructor(server: Server, local: TransportAddress, options: StreamListenerOptions) {
    this.transport = options.tls === undefined ? 'tcp' : 'tls'
    this.local = local
    this.#server = server
    this.#options = options
    const { dropped } = options
    server.on('connection', (socket: Socket) => this.#admit(socket))
    server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      this.#serve(socket),
    )
    server.on('drop', () => dropped.count('too-many'))
    server.on('error', (error) => this.#host?.failed(error))
    server.on('tlsClientError', (_error, socket: Socket) => {
      dropped.count('handshake')
      socket.destroy()
    })
  }

  /** Listens; port 0 takes a free one. Rejects with the system's error, or TLS's for a certificate that is none. */
  static async bind(at: TransportAddress, options: StreamListenerOptions): Promise<StreamListener> {
    const { maxConnections = 1_024, handshakeTimeout = 10_000 } = options.limits
    const server =
      options.tls === undefined ? createServer() : createTlsServer({ handshakeTimeout, ...options.tls })
    server.maxConnections = maxConnections
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(
        { host: at.address, port: at.port, ipv6Only: at.family === 'IPv6', exclusive: true },
        () => {
          server.off('error', reject)
          resolve()
        },
      )
    })
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : at.port
    return new StreamListener(server, { ...at, port }, options)
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sockets.size
  }

  start(host: StunListenerHost): void {
    this.#host = host
  }

  async close(): Promise<void> {
    this.#host = null
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Counts the connection before TLS has said a word. */
  #admit(socket: Socket): void {
    const address = socket.remoteAddress
    const { limits, dropped } = this.#options
    if (address === undefined || this.#host === null) {
      socket.destroy()
      return
    }
    if (this.#networks.of(address) >= (limits.maxConnectionsPerAddress ?? 64)) {
      dropped.count('too-many-of-address')
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#networks.add(address)
    // Until the connection is served, nobody else listens: an unheard error would end the process.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#networks.remove(address)
    })
  }

  #serve(socket: Socket): void {
    const ends = socket.destroyed ? null : endsOf(socket)
    if (ends === null) {
      socket.destroy()
      return
    }
    const { from, local } = ends
    const path: AnswerPath = {
      ...local,
      transport: this.transport,
      send: (_to, bytes) => connection.send(bytes),
    }
    const connection: StreamConnection = new StreamConnection(socket, this.#options.limits, {
      received: (bytes) => this.#host?.received(from, bytes, path),
      closed: (cause) => {
        if (typeof cause === 'string') this.#options.dropped.count(cause)
        else if (cause !== null) this.#host?.failed(cause)
      },
    })
  }
}

/** Both addresses; `null` for a peer that is gone already. */
function endsOf(socket: Socket): { from: TransportAddress; local: TransportAddress } | null {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  if (remoteAddress === undefined || remotePort === undefined) return null
  if (localAddress === undefined || localPort === undefined) return null
  return {
    from: transportAddress(remoteAddress, remotePort),
    local: transportAddress(localAddress, localPort),
  }
}
