import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

import { isIpAddress } from '../ip-address.ts'
import { StunError } from '../stun-error.ts'
import type { ServerAddress, StunTransport, StunTransportHost } from '../stun-transport.ts'
import { formatAddress, type TransportAddress, transportAddress } from '../transport-address.ts'
import { StreamConnection } from './stream-connection.ts'

export interface StreamTransportOptions {
  readonly localAddress?: string
  readonly localPort?: number
  /** TLS instead of plain TCP: trusted authorities and the like. */
  readonly tls?: ConnectionOptions
  /** Milliseconds for a connection and its TLS handshake. Default 10,000. */
  readonly connectTimeout?: number
}

/**
 * A client's TCP or TLS connections: one to the server, and one to each that it is referred to. One that the server
 * has closed for idleness is opened again when there is something to send.
 */
export class StreamTransport implements StunTransport {
  readonly isReliable = true
  readonly local: TransportAddress
  readonly #options: StreamTransportOptions
  readonly #links = new Map<string, Link>()
  #host: StunTransportHost | null = null
  #isClosed = false

  private constructor(socket: Socket, server: ServerAddress, options: StreamTransportOptions) {
    this.local = transportAddress(socket.localAddress ?? '', socket.localPort ?? 0)
    this.#options = options
    this.#adopt(server, new Link(socket))
  }

  /** Connects. Rejects with {@link StunError} `transport`: `cause` is the system's error, or TLS's. */
  static async open(server: ServerAddress, options: StreamTransportOptions = {}): Promise<StreamTransport> {
    const socket = connecting(server, options, options.localPort)
    await new Promise<void>((resolve, reject) => {
      whenReady(socket, options, resolve, reject)
    })
    return new StreamTransport(socket, server, options)
  }

  start(host: StunTransportHost): void {
    this.#host = host
  }

  send(to: ServerAddress, bytes: Uint8Array): void {
    if (this.#isClosed) return
    const link = this.#links.get(formatAddress(to)) ?? this.#connect(to)
    link.send(bytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#host = null
    const links = [...this.#links.values()]
    this.#links.clear()
    await Promise.all(links.map((link) => link.close()))
  }

  #connect(to: ServerAddress): Link {
    const socket = connecting(to, this.#options)
    const link = new Link(socket)
    link.hold()
    this.#links.set(formatAddress(to), link)
    whenReady(
      socket,
      this.#options,
      () => {
        if (!this.#isClosed) this.#adopt(to, link)
      },
      (error) => this.#lose(to, link, error),
    )
    return link
  }

  #adopt(to: ServerAddress, link: Link): void {
    this.#links.set(formatAddress(to), link)
    link.start({
      received: (bytes) => this.#host?.received(to, bytes),
      closed: (cause) => this.#lose(to, link, endOf(cause)),
    })
  }

  #lose(to: ServerAddress, link: Link, error: Error): void {
    const key = formatAddress(to)
    if (this.#links.get(key) === link) this.#links.delete(key)
    this.#host?.failed(error, to)
  }
}

/** One connection, from the first SYN on: what is sent before it is ready, and before a certificate is checked, waits. */
class Link {
  readonly #socket: Socket
  #waiting: Uint8Array[] | null = null
  #connection: StreamConnection | null = null

  constructor(socket: Socket) {
    this.#socket = socket
  }

  hold(): void {
    this.#waiting = []
  }

  start(host: ConstructorParameters<typeof StreamConnection>[2]): void {
    this.#connection = new StreamConnection(this.#socket, CLIENT_LIMITS, host)
    for (const bytes of this.#waiting ?? []) this.#connection.send(bytes)
    this.#waiting = null
  }

  send(bytes: Uint8Array): void {
    if (this.#waiting !== null) this.#waiting.push(new Uint8Array(bytes))
    else this.#connection?.send(bytes)
  }

  async close(): Promise<void> {
    const isGone = this.#socket.closed
    this.#connection?.close()
    this.#socket.destroy()
    if (!isGone) await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
  }
}

function connecting(server: ServerAddress, options: StreamTransportOptions, localPort?: number): Socket {
  const { address: host, port, domain } = server
  const { localAddress, tls } = options
  const common = {
    host,
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined || localPort === 0 ? {} : { localPort }),
  }
  if (tls === undefined) return connect(common)
  // RFC 8489 §6.2.3: the certificate is the domain's, or the address's where no domain is known.
  const servername = domain === undefined || isIpAddress(domain) !== null ? {} : { servername: domain }
  return connectTls({ ...servername, ...tls, ...common })
}

/** Calls one of the two, once; a socket that is not ready is destroyed. */
function whenReady(
  socket: Socket,
  options: StreamTransportOptions,
  ready: () => void,
  failed: (error: StunError) => void,
): void {
  const event = options.tls === undefined ? 'connect' : 'secureConnect'
  const giveUp = (cause?: Error): void => {
    clearTimeout(timer)
    for (const [name, listener] of listeners) socket.off(name, listener)
    // Whatever comes of it after this, nobody waits for it.
    socket.on('error', () => undefined)
    socket.destroy()
    const reason = cause?.message ?? 'the connection was closed before it was ready'
    failed(new StunError('transport', reason, cause === undefined ? {} : { cause }))
  }
  const listeners: [string, (error?: Error) => void][] = [
    [
      event,
      () => {
        clearTimeout(timer)
        for (const [name, listener] of listeners) socket.off(name, listener)
        ready()
      },
    ],
    ['error', giveUp],
    ['close', () => giveUp()],
  ]
  for (const [name, listener] of listeners) socket.on(name, listener)
  const timer = setTimeout(
    () => giveUp(new StunError('timeout', 'no connection in time')),
    options.connectTimeout ?? 10_000,
  )
}

function endOf(cause: Error | string | null): StunError {
  if (cause instanceof Error) return new StunError('transport', cause.message, { cause })
  return new StunError('transport', cause ?? 'the server has closed the connection')
}

/** A client waits as long as its requests do, and takes whatever a server may say. */
const CLIENT_LIMITS = { maxFrame: Infinity, idleTimeout: Infinity, maxUnsent: Infinity }
