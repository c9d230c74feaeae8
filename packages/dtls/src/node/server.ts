import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import type { AddressInfo } from 'node:net'

import { Millis } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { type DtlsConfig, resolveConfig } from '../config.ts'
import { HelloGate } from '../cookie/hello-gate.ts'
import { DtlsSocket, type RemoteAddress } from './dtls-socket.ts'

export interface ServerOptions extends Omit<DtlsConfig, 'role' | 'crypto' | 'cookie' | 'clientAddress'> {
  /** node:crypto by default. */
  readonly crypto?: CryptoProvider
  /** `udp4` by default; `udp6` takes IPv4 clients as well where the system maps them. */
  readonly type?: 'udp4' | 'udp6'
  /** Associations at a time, those that are still shaking hands included: 10,000 by default. */
  readonly maxSessions?: number
}

/**
 * - `listening`: the UDP socket is bound.
 * - `secureConnection`: a client has completed its handshake.
 * - `clientError`: a client has failed to.
 * - `error`: the UDP socket failed.
 * - `close`: after `close()`, when the UDP socket is closed.
 */
export interface DtlsServerEvents {
  listening: []
  secureConnection: [socket: DtlsSocket]
  clientError: [error: Error, client: RemoteAddress]
  error: [error: Error]
  close: []
}

/**
 * A DTLS server on one UDP socket. Clients are told apart by their address, and get a session only after they have
 * returned a cookie.
 *
 * @example
 * const server = createServer({ certificate, verify: { fingerprints } }, (socket) => {
 *   socket.on('message', (data) => socket.send(data))
 * })
 * server.listen(4433, '127.0.0.1')
 */
export function createServer(options: ServerOptions, onSession?: (socket: DtlsSocket) => void): DtlsServer {
  const server = new DtlsServer(options)
  if (onSession !== undefined) server.on('secureConnection', onSession)
  return server
}

export class DtlsServer extends EventEmitter<DtlsServerEvents> {
  readonly #config: DtlsConfig
  readonly #maxSessions: number
  readonly #udp: Socket
  readonly #gate: HelloGate
  readonly #alarm: Alarm
  readonly #clients = new Map<string, Client>()
  /** Those that shake hands: the others have no timers. */
  readonly #waiting = new Set<DtlsSocket>()
  #isClosed = false

  /** Throws `DtlsError` `invalid-config`. See {@link createServer}. */
  constructor(options: ServerOptions) {
    super()
    const { type = 'udp4', maxSessions = 10_000, ...config } = options
    this.#config = { crypto: nodeCrypto, ...config, role: 'server', cookie: 'verified-path' }
    resolveConfig(this.#config)
    this.#maxSessions = maxSessions
    this.#gate = new HelloGate(this.#config.crypto)
    this.#alarm = new Alarm((now) => this.#expire(now))
    this.#udp = createSocket(type)
    this.#udp.on('listening', () => void this.emit('listening'))
    this.#udp.on('error', (error) => void this.emit('error', error))
    this.#udp.on('close', () => void this.emit('close'))
    this.#udp.on('message', (datagram, from) => this.#receive(datagram, from))
  }

  /** Port 0 (the default) takes a free one; without `address` all interfaces are served. */
  listen(port = 0, address?: string, onListening?: () => void): this {
    if (onListening !== undefined) this.once('listening', onListening)
    this.#udp.bind(port, address)
    return this
  }

  /** Where the server listens. */
  address(): AddressInfo {
    return this.#udp.address()
  }

  /** Associations at present, those that are still shaking hands included. */
  get sessions(): number {
    return this.#clients.size
  }

  /** Says goodbye to all clients and releases the port. */
  close(onClose?: () => void): void {
    if (onClose !== undefined) this.once('close', onClose)
    if (this.#isClosed) return
    this.#isClosed = true
    for (const client of [...this.#clients.values()]) client.close()
    this.#alarm.clear()
    // The kernel has not taken the last alerts yet.
    setImmediate(() => this.#udp.close())
  }

  #receive(datagram: Uint8Array, from: RemoteInfo): void {
    if (this.#isClosed) return
    const key = `${from.address} ${from.port}`
    const client = this.#clients.get(key)
    if (client !== undefined && !(client.isConnected && isClearHandshake(datagram))) client.receive(datagram)
    else this.#greet(key, datagram, from)
  }

  /**
   * RFC 6347 §4.2.8: also an address that has an association may begin another one, since a client that restarted may
   * be given the port it had. The old association stays until the new one is complete.
   */
  #greet(key: string, datagram: Uint8Array, from: RemoteInfo): void {
    const verdict = this.#gate.examine(monotonicNow(), key, datagram)
    if (verdict === 'drop') this.#clients.get(key)?.receive(datagram)
    else if (verdict !== 'accept') this.#send(verdict, from)
    else if (this.#clients.has(key) || this.#clients.size < this.#maxSessions) {
      const client = this.#clients.get(key) ?? new Client()
      this.#clients.set(key, client)
      client.begin(this.#open(key, client, from))
      client.receive(datagram)
    }
  }

  #open(key: string, client: Client, from: RemoteInfo): DtlsSocket {
    const remote = { address: from.address, port: from.port }
    const socket: DtlsSocket = new DtlsSocket(this.#config, remote, {
      send: (datagram) => this.#send(datagram, remote),
      rescheduled: () => this.#reschedule(),
      connected: () => {
        this.#waiting.delete(socket)
        client.complete(socket)
        socket.once('secureConnect', () => void this.emit('secureConnection', socket))
      },
      released: () => {
        this.#waiting.delete(socket)
        if (client.remove(socket)) this.#clients.delete(key)
      },
    })
    socket.on('error', (error) => {
      if (socket.session === null) this.emit('clientError', error, remote)
    })
    this.#waiting.add(socket)
    socket.start()
    return socket
  }

  #send(datagram: Uint8Array, to: RemoteAddress): void {
    // A forged packet may come from port 0; Node throws where the answer shall go there.
    if (to.port === 0) return
    // See UdpLink.send: the kernel may take it later, and an error is one more way of losing it.
    this.#udp.send(Buffer.from(datagram), to.port, to.address, () => undefined)
  }

  #expire(now: Millis): void {
    for (const socket of [...this.#waiting])
      if (socket.association.nextTimeout <= now) socket.association.handleTimeout(now)
    this.#reschedule()
  }

  #reschedule(): void {
    let earliest = Infinity
    for (const { association } of this.#waiting)
      if (association.nextTimeout < earliest) earliest = association.nextTimeout
    if (!this.#isClosed) this.#alarm.set(Millis(earliest))
  }
}

/** One address: the association it has, and the one it may be about to replace it with. */
class Client {
  #current: DtlsSocket | null = null
  #next: DtlsSocket | null = null

  get isConnected(): boolean {
    return this.#current !== null && this.#next === null
  }

  /** Each of the two takes what is meant for it: the other's records are not authentic to it. */
  receive(datagram: Uint8Array): void {
    const next = this.#next
    this.#current?.receive(datagram)
    next?.receive(datagram)
  }

  begin(socket: DtlsSocket): void {
    this.#next = socket
  }

  complete(socket: DtlsSocket): void {
    const former = this.#current
    this.#current = socket
    this.#next = null
    former?.close()
  }

  /** Whether nothing is left. */
  remove(socket: DtlsSocket): boolean {
    if (this.#current === socket) this.#current = null
    if (this.#next === socket) this.#next = null
    return this.#current === null && this.#next === null
  }

  close(): void {
    this.#next?.close()
    this.#current?.close()
  }
}

/** A handshake record of epoch 0, which means nothing to an association that is complete. */
const isClearHandshake = (datagram: Uint8Array): boolean =>
  datagram[0] === 22 && datagram[3] === 0 && datagram[4] === 0
