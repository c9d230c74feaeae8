import { EventEmitter } from 'node:events'

import { toUtf8 } from '@purertc/bytes'
import { monotonicNow } from '@purertc/bytes/node'

import { DtlsAssociation } from '../association.ts'
import type { DtlsConfig } from '../config.ts'
import type { CloseReason } from '../host.ts'
import type { DtlsSession } from '../session.ts'
import { ConnectionError } from './connection-error.ts'

/** What whoever owns the UDP socket does for a {@link DtlsSocket}. */
export interface Transport {
  /** Sends a datagram to the peer; borrowed. */
  send(datagram: Uint8Array): void
  /** The association may have another `nextTimeout` now. */
  rescheduled(): void
  /** The handshake completed; called before the event. */
  connected(): void
  /** The association ended; called before the events. */
  released(): void
}

/** Where the peer is. */
export interface RemoteAddress {
  readonly address: string
  readonly port: number
}

/**
 * - `secureConnect`: the handshake completed; data can be sent.
 * - `message`: application data, what one `send` of the peer's was given.
 * - `error`: the association failed, before `close`.
 * - `close`: the end, in any case; with the reason.
 */
export interface DtlsSocketEvents {
  secureConnect: [session: DtlsSession]
  message: [data: Buffer]
  error: [error: Error]
  close: [reason: CloseReason]
}

/** One DTLS association over UDP with the events of a Node socket. Made by `connect` and by servers. */
export class DtlsSocket extends EventEmitter<DtlsSocketEvents> {
  /** The machine inside, with its state and counters. */
  readonly association: DtlsAssociation
  readonly remote: RemoteAddress
  readonly #transport: Transport
  #session: DtlsSession | null = null

  constructor(config: DtlsConfig, remote: RemoteAddress, transport: Transport) {
    super()
    this.remote = remote
    this.#transport = transport
    this.association = new DtlsAssociation(config, {
      transmit: (datagram) => transport.send(datagram),
      connected: (session) => this.#connected(session),
      received: (_now, data) => void this.emit('message', Buffer.from(data)),
      closed: (reason) => this.#closed(reason),
    })
  }

  /** Null until `secureConnect`. */
  get session(): DtlsSession | null {
    return this.#session
  }

  /** Sends one message of at most 16,384 bytes; text as UTF-8. Throws `DtlsError`. */
  send(data: Uint8Array | string): void {
    this.association.send(monotonicNow(), typeof data === 'string' ? toUtf8(data) : data)
    this.#transport.rescheduled()
  }

  /** Says goodbye to the peer and releases everything; `close` is emitted before this returns. */
  close(): void {
    this.association.close(monotonicNow())
  }

  /** For the owner of the UDP socket: starts the handshake. */
  start(): void {
    this.association.connect(monotonicNow())
    this.#transport.rescheduled()
  }

  /** For the owner of the UDP socket: a datagram from the peer. */
  receive(datagram: Uint8Array): void {
    this.association.handleDatagram(monotonicNow(), datagram)
    if (this.#session === null) this.#transport.rescheduled()
  }

  /** For the owner of the UDP socket: it can no longer be used. */
  abandon(error: Error): void {
    this.#emitError(error)
    this.association.close(monotonicNow())
  }

  #connected(session: DtlsSession): void {
    this.#session = session
    this.#transport.connected()
    this.emit('secureConnect', session)
  }

  #closed(reason: CloseReason): void {
    this.#transport.released()
    if (reason.kind !== 'local' && reason.kind !== 'close-notify')
      this.#emitError(new ConnectionError(reason))
    this.emit('close', reason)
  }

  /** An `error` that nobody listens to would end the process. A peer must not be able to do that. */
  #emitError(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}
