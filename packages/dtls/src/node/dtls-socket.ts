import { X509Certificate } from 'node:crypto'
import { EventEmitter } from 'node:events'

import { Millis, toUtf8 } from '@purertc/bytes'
import { monotonicNow } from '@purertc/bytes/node'

import { DtlsAssociation } from '../association.ts'
import type { DtlsConfig } from '../config.ts'
import type { CloseReason } from '../host.ts'
import { ProtocolVersion } from '../protocol/protocol-version.ts'
import type { ResumableSession } from '../resumption/resumable-session.ts'
import type { DtlsSession } from '../session.ts'
import type { Authorization } from './authorization.ts'
import { ConnectionError } from './connection-error.ts'
import { pathOf, type RemoteAddress, remoteOf } from './remote-address.ts'

/** What whoever owns the UDP socket does for a {@link DtlsSocket}. */
export interface Transport {
  /**
   * Sends a datagram to the peer, or to where it may be; borrowed. `path` is the name of one that was given with a
   * datagram.
   */
  send(datagram: Uint8Array, to: RemoteAddress, path: string): void
  /** The socket may have another `deadline` now. */
  rescheduled(): void
  /** The handshake completed; called before the event. */
  connected(): void
  /** The peer is elsewhere now; called before the event. */
  moved?(to: RemoteAddress): void
  /** What connection IDs the peer's datagrams may bear. Borrowed. */
  identified?(ids: readonly Uint8Array[]): void
  /** Takes another local address; false where that cannot be. */
  rebind?(): boolean
  /** The association ended; called before the events. */
  released(): void
}

/** What concerns a socket, and not the association in it. */
export interface SocketOptions {
  /** Milliseconds without a message in either direction after which the socket closes; never by default. */
  readonly idleTimeout?: number
}

/**
 * - `secureConnect`: the handshake completed; data can be sent.
 * - `session`: a session that another `connect` may take up, as its option `session`.
 * - `message`: application data, what one `send` of the peer's was given.
 * - `rebind`: the peer was found at another address (`connectionId`), which is `remote` now.
 * - `timeout`: nothing was sent or received for `idleTimeout`; the socket closes.
 * - `error`: the association failed, before `close`.
 * - `close`: the end, in any case; with the reason.
 */
export interface DtlsSocketEvents {
  secureConnect: [session: DtlsSession]
  session: [session: ResumableSession]
  message: [data: Buffer]
  rebind: [remote: RemoteAddress]
  timeout: []
  error: [error: Error]
  close: [reason: CloseReason]
}

/** One DTLS association over UDP in the manner of `tls.TLSSocket`. Made by `connect` and by servers. */
export class DtlsSocket extends EventEmitter<DtlsSocketEvents> {
  /** The machine inside, with its state and counters. */
  readonly association: DtlsAssociation
  #remote: RemoteAddress
  readonly #transport: Transport
  readonly #authorization: Authorization | null
  #idleTimeout: number
  #idleAt = Infinity
  #session: DtlsSession | null = null

  constructor(
    config: DtlsConfig,
    remote: RemoteAddress,
    transport: Transport,
    authorization: Authorization | null = null,
    { idleTimeout = Infinity }: SocketOptions = {},
  ) {
    super()
    this.#remote = remote
    this.#transport = transport
    this.#authorization = authorization
    this.#idleTimeout = idleTimeout
    this.association = new DtlsAssociation(config, {
      transmit: (datagram, _isHandshake, path) => transport.send(datagram, this.#addressOf(path), path),
      connected: (session) => this.#connected(session),
      resumable: (session) => void this.emit('session', session),
      received: (now, data) => this.#received(now, data),
      moved: (_now, path) => this.#moved(path),
      ownConnectionIds: (ids) => transport.identified?.(ids),
      closed: (reason) => this.#closed(reason),
    })
  }

  /** Null until `secureConnect`. */
  get session(): DtlsSession | null {
    return this.#session
  }

  /** Where the peer is. */
  get remote(): RemoteAddress {
    return this.#remote
  }

  get remoteAddress(): string {
    return this.#remote.address
  }

  get remotePort(): number {
    return this.#remote.port
  }

  /**
   * Whether the peer was recognised as the options want it. False before the handshake completed, for a client that
   * showed nothing, and for a certificate that only `rejectUnauthorized: false` has let pass.
   */
  get authorized(): boolean {
    return (
      this.#session !== null && this.#session.peer.kind !== 'anonymous' && this.authorizationError === null
    )
  }

  /** What is wrong with the peer's certificate, where `rejectUnauthorized: false` has let it pass; null otherwise. */
  get authorizationError(): Error | null {
    return this.#authorization?.error ?? null
  }

  /** The application protocol that was agreed on; false where there is none, as in `node:tls`. */
  get alpnProtocol(): string | false {
    return this.#session?.alpnProtocol ?? false
  }

  /** The server's name that the client asked for; false where it asked for none, as in `node:tls`. */
  get servername(): string | false {
    return this.#session?.serverName ?? false
  }

  /** The peer's certificate; null before the handshake completed, and where the peer has none. */
  getPeerCertificate(): X509Certificate | null {
    const der = this.#session?.peerCertificate ?? null
    return der === null ? null : new X509Certificate(der)
  }

  /** The name that the peer's shared key goes by; null where it was recognised by something else. */
  getPskIdentity(): Buffer | null {
    const peer = this.#session?.peer
    return peer?.kind === 'psk' ? Buffer.from(peer.identity) : null
  }

  /** `DTLSv1.2` or `DTLSv1.3`; null before the handshake completed. */
  getProtocol(): string | null {
    if (this.#session === null) return null
    return this.#session.version === ProtocolVersion.dtls12 ? 'DTLSv1.2' : 'DTLSv1.3'
  }

  /** The suite by the name in IANA's registry; null before the handshake completed. */
  getCipher(): { readonly name: string; readonly version: string } | null {
    const version = this.getProtocol()
    return this.#session === null || version === null
      ? null
      : { name: this.#session.cipherSuite.name, version }
  }

  /** Whether an earlier session was taken up, instead of a full handshake. */
  isSessionReused(): boolean {
    return this.#session?.isResumed ?? false
  }

  /** RFC 5705, with the arguments in the order of `node:tls`. Throws `DtlsError`. */
  exportKeyingMaterial(length: number, label: string, context: Uint8Array | null = null): Buffer {
    if (this.#session === null) throw new ConnectionError({ kind: 'local' })
    return Buffer.from(this.#session.exportKeyingMaterial(label, context, length))
  }

  /** Sends one message of at most 16,384 bytes; text as UTF-8. Throws `DtlsError`. */
  send(data: Uint8Array | string): void {
    const now = monotonicNow()
    this.#touch(now)
    this.association.send(now, typeof data === 'string' ? toUtf8(data) : data)
    this.#transport.rescheduled()
  }

  /** Closes the socket when nothing was sent or received for so many milliseconds; `Infinity` for never. */
  setIdleTimeout(milliseconds: number): void {
    this.#idleTimeout = milliseconds
    this.#touch(monotonicNow())
    this.#transport.rescheduled()
  }

  /**
   * A client's: goes on from another local address, after the network has changed for instance. The server follows where
   * connection IDs were agreed on; false where they were not, and before `secureConnect`.
   */
  rebind(): boolean {
    return this.association.sendsConnectionId && (this.#transport.rebind?.() ?? false)
  }

  /** Says goodbye to the peer and releases everything; `close` is emitted before this returns. */
  close(): void {
    this.association.close(monotonicNow())
  }

  /** For the owner of the UDP socket: when `expire` is to be called. */
  get deadline(): Millis {
    return Millis(Math.min(this.association.nextTimeout, this.#idleAt))
  }

  /** For the owner of the UDP socket: starts the handshake. */
  start(): void {
    this.association.connect(monotonicNow())
    this.#transport.rescheduled()
  }

  /** For the owner of the UDP socket: a datagram from the peer, and the name of the path that it came on. */
  receive(datagram: Uint8Array, path?: string): void {
    this.association.handleDatagram(monotonicNow(), datagram, path)
    this.#transport.rescheduled()
  }

  /** For the owner of the UDP socket: datagrams leave on another path from now on. */
  changePath(path: string): void {
    this.association.changePath(monotonicNow(), path)
    this.#transport.rescheduled()
  }

  /** For the owner of the UDP socket: the deadline passed. */
  expire(now: Millis): void {
    if (this.association.nextTimeout <= now) this.association.handleTimeout(now)
    if (this.#idleAt > now) return
    this.#idleAt = Infinity
    this.emit('timeout')
    this.close()
  }

  /** For the owner of the UDP socket: it can no longer be used. */
  abandon(error: Error): void {
    this.#emitError(error)
    this.association.close(monotonicNow())
  }

  #connected(session: DtlsSession): void {
    this.#session = session
    this.#touch(monotonicNow())
    this.#transport.connected()
    this.emit('secureConnect', session)
  }

  #moved(path: string): void {
    if (this.#addressOf(path) === this.#remote) return
    this.#remote = remoteOf(path)
    this.#transport.moved?.(this.#remote)
    this.emit('rebind', this.#remote)
  }

  /** Paths are named by addresses where the peer may have several, as those of a server's clients. */
  #addressOf(path: string): RemoteAddress {
    const isNamed = this.#transport.moved !== undefined && path !== '' && path !== pathOf(this.#remote)
    return isNamed ? remoteOf(path) : this.#remote
  }

  #received(now: Millis, data: Uint8Array): void {
    this.#touch(now)
    this.emit('message', Buffer.from(data))
  }

  #closed(reason: CloseReason): void {
    this.#idleAt = Infinity
    this.#transport.released()
    if (reason.kind !== 'local' && reason.kind !== 'close-notify')
      this.#emitError(new ConnectionError(reason))
    this.emit('close', reason)
  }

  #touch(now: Millis): void {
    if (this.#session !== null) this.#idleAt = now + this.#idleTimeout
  }

  /** An `error` that nobody listens to would end the process. A peer must not be able to do that. */
  #emitError(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}
