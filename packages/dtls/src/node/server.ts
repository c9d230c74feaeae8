import { EventEmitter } from 'node:events'
import type { AddressInfo } from 'node:net'

import { asError } from '@purertc/bytes'
import { monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'

import type { DtlsConfig } from '../config.ts'
import { resolveConfig } from '../resolved-config.ts'
import { HelloGate } from '../cookie/hello-gate.ts'
import { DtlsError } from '../errors.ts'
import { SessionVault } from '../resumption/session-vault.ts'
import type { ServerPsk } from '../protocol/psk.ts'
import { Authorization, type Rules } from './authorization.ts'
import type { AssociationOptions } from './connect.ts'
import { ClientDirectory } from './client-directory.ts'
import { type DatagramPort, openPort } from './datagram-port.ts'
import { DtlsSocket, type SocketOptions } from './dtls-socket.ts'
import { type IdentityOptions, readAuthorities, readOwn } from './identity-options.ts'
import { pathOf, type RemoteAddress } from './remote-address.ts'
import { Schedule } from './schedule.ts'

export interface ServerOptions extends IdentityOptions, SocketOptions, AssociationOptions {
  /**
   * Asks clients for a certificate, which must lead to an authority of `ca`. With `rejectUnauthorized: false` clients
   * may have another or none, and `authorized` tells. False by default, unless `verify` says how clients are
   * recognised.
   */
  readonly requestCert?: boolean
  /** The same, more precisely: also clients without certificate may be let in, but none with a wrong one. */
  readonly clientCertificate?: 'required' | 'optional' | 'none'
  /** Shared keys by the names that clients give. */
  readonly psk?: ServerPsk
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
 * A DTLS server on one UDP socket. Clients are told apart by their address, or by the `connectionId` that they were given,
 * wherever they are then; and get a session only after they have returned a cookie.
 *
 * @example
 * const server = createServer({ cert: readFileSync('cert.pem'), key: readFileSync('key.pem') }, (socket) => {
 *   socket.on('message', (data) => socket.send(data))
 * })
 * server.listen(5684)
 */
export function createServer(options: ServerOptions, onSession?: (socket: DtlsSocket) => void): DtlsServer {
  const server = new DtlsServer(options)
  if (onSession !== undefined) server.on('secureConnection', onSession)
  return server
}

export class DtlsServer extends EventEmitter<DtlsServerEvents> {
  readonly #config: DtlsConfig
  /** By which each client is judged; null where the configuration says it all. */
  readonly #rules: Rules | null
  readonly #socketOptions: SocketOptions
  readonly #maxSessions: number
  readonly #type: 'udp4' | 'udp6'
  readonly #gate: HelloGate
  readonly #schedule = new Schedule()
  readonly #clients = new ClientDirectory()
  #port: DatagramPort | null = null
  #isClosed = false

  /** Throws `DtlsError` `invalid-config` and `invalid-certificate`. See {@link createServer}. */
  constructor(options: ServerOptions) {
    super()
    const { type = 'udp4', maxSessions = 10_000, idleTimeout } = options
    this.#rules = rulesOf(options)
    this.#config = configure(options, this.#rules)
    resolveConfig(this.#config)
    this.#socketOptions = { ...(idleTimeout !== undefined && { idleTimeout }) }
    this.#maxSessions = maxSessions
    this.#gate = new HelloGate(this.#config)
    this.#type = type
  }

  /** Port 0 (the default) takes a free one; without `address` all interfaces are served. */
  listen(port = 0, address?: string, onListening?: () => void): this {
    if (onListening !== undefined) this.once('listening', onListening)
    openPort(this.#type, { port, address }).then(
      (bound) => this.listenOn(bound),
      (error: unknown) => this.emit('error', asError(error)),
    )
    return this
  }

  /** Serves on a port that is bound already, of whatever kind. It is closed with the server. */
  listenOn(port: DatagramPort): this {
    if (this.#isClosed || this.#port !== null) {
      void port.close()
      return this
    }
    this.#port = port
    port.start(
      (from, datagram) => this.#receive(datagram, from),
      (error) => void this.emit('error', error),
    )
    this.emit('listening')
    return this
  }

  /** Where the server listens. Throws `DtlsError` `not-connected` before `listening`. */
  address(): AddressInfo {
    if (this.#port === null) throw new DtlsError('not-connected', 'the server does not listen yet')
    return this.#port.local
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
    for (const socket of this.#clients.sockets) socket.close()
    this.#schedule.clear()
    // The kernel has not taken the last alerts yet.
    setImmediate(() => {
      const released = this.#port?.close() ?? Promise.resolve()
      void released.then(() => this.emit('close'))
    })
  }

  #receive(datagram: Uint8Array, from: RemoteAddress): void {
    if (this.#isClosed) return
    const path = pathOf(from)
    const named = this.#clients.find(datagram)
    const client = this.#clients.at(path)
    if (named !== undefined) named.receive(datagram, path)
    else if (client !== undefined && !(client.isConnected && isClearHandshake(datagram)))
      client.receive(datagram, path)
    else this.#greet(path, datagram, from)
  }

  /**
   * RFC 6347 §4.2.8: also an address that has an association may begin another one, since a client that restarted may
   * be given the port it had. The old association stays until the new one is complete.
   */
  #greet(path: string, datagram: Uint8Array, from: RemoteAddress): void {
    const verdict = this.#gate.examine(monotonicNow(), path, datagram)
    const client = this.#clients.at(path)
    if (verdict === 'drop') client?.receive(datagram, path)
    else if (verdict !== 'accept') this.#send(verdict, from)
    else if (client !== undefined || this.#clients.size < this.#maxSessions) {
      const socket = this.#open(path, from)
      this.#clients.begin(path, socket).receive(datagram, path)
    }
  }

  #open(path: string, from: RemoteAddress): DtlsSocket {
    const remote = { address: from.address, port: from.port }
    const authorization = this.#rules && new Authorization(this.#rules)
    const config = {
      ...this.#config,
      ...(authorization !== null && { verify: authorization.verification }),
      ...this.#connectionIds,
      clientAddress: path,
      gate: this.#gate,
    }
    const transport = {
      send: (datagram: Uint8Array, to: RemoteAddress) => this.#send(datagram, to),
      rescheduled: () => this.#schedule.update(socket),
      connected: () => {
        this.#clients.complete(socket)?.close()
        socket.once('secureConnect', () => void this.emit('secureConnection', socket))
      },
      released: () => {
        this.#schedule.remove(socket)
        this.#clients.remove(socket)
      },
      moved: (to: RemoteAddress) => this.#clients.move(socket, pathOf(to))?.close(),
      identified: (ids: readonly Uint8Array[]) => this.#clients.identify(socket, ids),
    }
    const socket: DtlsSocket = new DtlsSocket(config, remote, transport, authorization, this.#socketOptions)
    socket.on('error', (error) => {
      if (socket.session === null) this.emit('clientError', error, remote)
    })
    socket.start()
    return socket
  }

  /** Random ones are drawn until one is nobody else's. */
  get #connectionIds(): Pick<DtlsConfig, 'connectionId'> {
    const { connectionId, crypto } = this.#config
    if (typeof connectionId !== 'number') return {}
    const draw = (): Uint8Array => {
      const id = new Uint8Array(connectionId)
      crypto.randomFill(id)
      return id
    }
    return {
      connectionId: () => {
        let id = draw()
        for (let i = 0; i < maxDraws && this.#clients.isTaken(id); i++) id = draw()
        return id
      },
    }
  }

  #send(datagram: Uint8Array, to: RemoteAddress): void {
    this.#port?.send(to, datagram)
  }
}

/** Null where clients are not judged by authorities. */
function rulesOf(options: ServerOptions): Rules | null {
  const { crypto = nodeCrypto, verify, requestCert = false, rejectUnauthorized } = options
  const { clientCertificate = requestCert ? 'required' : 'none' } = options
  if (verify !== undefined || clientCertificate === 'none') return null
  if (options.ca === undefined)
    throw new DtlsError('invalid-config', 'clients are judged by authorities: `ca` is needed')
  const authorities = readAuthorities(options, crypto)
  return { crypto, authorities, host: null, ...(rejectUnauthorized !== undefined && { rejectUnauthorized }) }
}

function configure(options: ServerOptions, rules: Rules | null): DtlsConfig {
  const { crypto = nodeCrypto, verify, rejectUnauthorized, clientCertificate } = options
  const ofRules = rejectUnauthorized === false ? 'optional' : 'required'
  return {
    sessions: new SessionVault({ crypto }),
    ...options,
    ...readOwn(options, crypto),
    role: 'server',
    crypto,
    cookie: 'verified-path',
    verify: verify ?? (rules === null ? { anonymous: true } : new Authorization(rules).verification),
    ...(rules !== null && { clientCertificate: clientCertificate ?? ofRules }),
  }
}

/** A handshake record of epoch 0, which means nothing to an association that is complete. */
const isClearHandshake = (datagram: Uint8Array): boolean =>
  datagram[0] === 22 && datagram[3] === 0 && datagram[4] === 0

/** Whoever serves more clients than there are connection IDs of that length will find two with one. */
const maxDraws = 64
