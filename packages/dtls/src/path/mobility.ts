import type { Millis, Reader } from '@purertc/bytes'

import type { ResolvedConfig } from '../resolved-config.ts'
import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import { decodeAuthentic } from '../decode-authentic.ts'
import type { DtlsHost } from '../host.ts'
import { ContentType } from '../protocol/content-type.ts'
import type { InboundRecords } from '../record/inbound-records.ts'
import type { Outbox } from '../record/outbox.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import { HeldData } from './held-data.ts'
import { PeerPath, type PeerPathHost } from './peer-path.ts'
import { decodeRoutability, encodeRoutability, routabilityMessageLength } from './routability-message.ts'

/** What an association has to do with a peer that may be here today and there tomorrow: RFC 9146 §6, RFC 9853. */
export class Mobility {
  readonly #config: ResolvedConfig
  readonly #ids: ConnectionIds
  readonly #host: DtlsHost
  readonly #path: PeerPath
  readonly #held = new HeldData()
  /** Of our connection IDs, what the host knows. */
  #told: readonly Uint8Array[]

  constructor(
    config: ResolvedConfig,
    ids: ConnectionIds,
    records: RecordWriter,
    outbox: Outbox,
    host: DtlsHost,
  ) {
    this.#config = config
    this.#ids = ids
    this.#host = host
    this.#told = ids.own
    const pathHost: PeerPathHost = {
      send: (message, path) =>
        outbox.send(ContentType.returnRoutabilityCheck, encodeRoutability(message), path),
      randomFill: (into) => config.crypto.randomFill(into),
      messageSize: () => routabilityMessageLength + records.overhead(),
      // RFC 9147 §9: another connection ID on another path, where the peer has given us one.
      probing: () => void ids.advance(),
    }
    this.#path = new PeerPath(config.clientAddress, pathHost)
  }

  /** The path that the peer is on. */
  get path(): string {
    return this.#path.current
  }

  /** When {@link Mobility.settle} is to be called. */
  get deadline(): Millis {
    return this.#path.deadline
  }

  /** An authentic record of the handshake came. */
  startAt(path: string): void {
    this.#path.startAt(path)
  }

  /** An authentic record came. Only one with a connection ID may come from anywhere. */
  observe(now: Millis, path: string, inbound: InboundRecords, bytes: number): void {
    if (!this.#ids.isExpected) return
    this.#ids.retireBefore(inbound.connectionIdIndex)
    const arrival = { path, isNewest: inbound.isNewest, bytes }
    this.#path.observe(now, arrival, this.#ids.check, this.#config.retransmitTimeout)
  }

  /** A message of the check came. Throws `PeerMisbehaved`. */
  receive(now: Millis, reader: Reader, path: string): void {
    const message = decodeAuthentic('return_routability_check', () => decodeRoutability(reader))
    if (message !== null) this.#path.receive(now, message, path, this.#config.retransmitTimeout)
  }

  /** Copies application data that had better wait until it is known where the peer is; false where it may go. */
  hold(data: Uint8Array): boolean {
    return this.#path.isChecking && this.#held.keep(data)
  }

  /** What was held, and is held no longer. */
  release(): readonly Uint8Array[] {
    return this.#held.take()
  }

  /**
   * Sends the challenges that are due and tells the host where the peer is. Returns the data that waited for that, if it
   * need not wait any longer.
   */
  settle(now: Millis): readonly Uint8Array[] {
    if (this.#path.deadline <= now) this.#path.expire(now, this.#config.retransmitTimeout)
    this.tellIds()
    const moved = this.#path.takeMove()
    if (moved !== null) this.#host.moved?.(now, moved)
    return this.#path.isChecking ? none : this.#held.take()
  }

  /** We take another path ourselves. */
  changePath(path: string): void {
    this.#ids.advance()
    this.#path.leaveFor(path)
  }

  /** Tells the host of our connection IDs, before the peer can know of them. */
  tellIds(): void {
    if (this.#told === this.#ids.own) return
    this.#told = this.#ids.own
    this.#host.ownConnectionIds?.(this.#told)
  }

  /** Lets go of everything. */
  stop(): void {
    this.#path.stop()
    this.#held.take()
  }
}

const none: readonly Uint8Array[] = []
