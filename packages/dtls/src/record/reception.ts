import { type Counters, type Millis, Reader } from '@purertc/bytes'

import type { Discard } from '../discard.ts'
import { Epoch } from '../dtls13/handshake-state.ts'
import { PeerMisbehaved } from '../errors.ts'
import type { Lifecycle } from '../lifecycle.ts'
import { ContentType } from '../protocol/content-type.ts'
import { isDtlsVersion } from '../protocol/protocol-version.ts'
import { Unopened } from './inbound-epoch.ts'
import type { InboundRecords } from './inbound-records.ts'
import type { RecordSizes } from './record-sizes.ts'

/** What the peer's records are for. The readers' bytes are borrowed until the call returns. */
export interface ReceptionHost {
  /** Content of a handshake record, in epoch 0 perhaps anybody's. */
  handshake(now: Millis, epoch: number, sequence: number, reader: Reader): void
  /** Content of an ACK record, likewise. */
  ack(now: Millis, epoch: number, reader: Reader): void
  /** An alert in the clear, which anybody may have sent. */
  suspectedAlert(now: Millis, reader: Reader): void
  routability(now: Millis, reader: Reader, path: string): void
  data(now: Millis, data: Uint8Array): void
  /**
   * An authentic record of so many bytes came, its header included; what it holds is told next, and then
   * {@link ReceptionHost.settle}.
   */
  authentic(now: Millis, path: string, bytes: number): void
  settle(now: Millis): void
  forgery(now: Millis): void
}

/**
 * Takes the peer's datagrams apart: opens what is protected, drops and counts what nobody needs to believe, and tells the
 * rest by what it is.
 */
export class Reception {
  readonly #records: InboundRecords
  readonly #sizes: RecordSizes
  readonly #lifecycle: Lifecycle
  readonly #discarded: Counters<Discard>
  readonly #host: ReceptionHost
  #content = new Uint8Array(initialScratch)
  #isContentLent = false

  constructor(
    records: InboundRecords,
    sizes: RecordSizes,
    lifecycle: Lifecycle,
    discarded: Counters<Discard>,
    host: ReceptionHost,
  ) {
    this.#records = records
    this.#sizes = sizes
    this.#lifecycle = lifecycle
    this.#discarded = discarded
    this.#host = host
  }

  handleDatagram(now: Millis, datagram: Uint8Array, path: string): void {
    const records = this.#records
    records.expire(now)
    let at = 0
    while (at < datagram.length) {
      if (this.#lifecycle.isOver) {
        this.#discarded.count('closed')
        return
      }
      // What follows a record that is cut off cannot be found: RFC 6347 §4.1.2.7, invalid records are discarded.
      if (!records.read(datagram, at)) {
        this.#discarded.count('malformed-record')
        return
      }
      at = records.end
      if (!this.#handleRecord(now, datagram, path)) return
    }
  }

  /** False where nothing of the datagram counts that is behind the record. */
  #handleRecord(now: Millis, datagram: Uint8Array, path: string): boolean {
    const fate = this.#records.fate()
    if (fate === 'protected') this.#handleProtected(now, datagram, path)
    else if (fate === 'clear') this.#handlePlaintext(now, datagram)
    else if (fate !== 'early') this.#discarded.count(fate)
    // Nobody sends under new keys before we have acknowledged the change: after the handshake there is nothing to wait for.
    else if (this.#lifecycle.state !== 'connecting' || !this.#records.keep(datagram))
      this.#discarded.count('early-record')
    // RFC 9147 §9: a datagram is for one association.
    return fate !== 'wrong-connection-id'
  }

  /** Anybody can write these: none of them is believed once the handshake is complete. */
  #handlePlaintext(now: Millis, datagram: Uint8Array): void {
    const { contentType, sequence, start, end, version } = this.#records
    const discarded = this.#discarded
    if (this.#lifecycle.isConnected) discarded.count('plaintext')
    else if (!isDtlsVersion(version)) discarded.count('wrong-version')
    else if (contentType === ContentType.handshake)
      this.#host.handshake(now, 0, sequence, new Reader(datagram, start, end))
    else if (contentType === ContentType.ack) this.#host.ack(now, 0, new Reader(datagram, start, end))
    else if (contentType === ContentType.alert)
      this.#host.suspectedAlert(now, new Reader(datagram, start, end))
    else if (contentType === ContentType.changeCipherSpec) {
      // Carries no news: a record of the next epoch says as much, and Finished proves it.
      if (end - start !== 1 || datagram[start] !== 1) discarded.count('malformed-content')
    } else if (contentType === ContentType.applicationData) discarded.count('early-data')
    else discarded.count('unknown-content')
  }

  #handleProtected(now: Millis, datagram: Uint8Array, path: string): void {
    const records = this.#records
    const content = this.#borrowContent(records.length)
    const length = records.open(datagram, content)
    if (length === Unopened.replayed) this.#discarded.count('replayed')
    else if (length === Unopened.forged) this.#host.forgery(now)
    else if (length > this.#sizes.incoming)
      this.#lifecycle.fail(new PeerMisbehaved('record-overflow', `a record of ${length} bytes`))
    else {
      this.#host.authentic(now, path, records.end - records.at)
      this.#handleContent(now, content, length, path)
      this.#host.settle(now)
    }
  }

  /** The record is authentic. */
  #handleContent(now: Millis, content: Uint8Array, length: number, path: string): void {
    const records = this.#records
    const isData = records.contentType === ContentType.applicationData
    // Epoch 2 is for the handshake alone.
    if (!isData || (records.isDtls13 && records.epoch === Epoch.handshake))
      this.#handleControl(now, new Reader(content, 0, length), path)
    else if (this.#lifecycle.isConnected) this.#deliver(now, content, length)
    else this.#discarded.count('early-data')
  }

  #handleControl(now: Millis, reader: Reader, path: string): void {
    const { contentType, epoch, sequence, isDtls13 } = this.#records
    if (contentType === ContentType.handshake) this.#host.handshake(now, epoch, sequence, reader)
    else if (contentType === ContentType.alert) this.#lifecycle.handleAlert(reader, isDtls13)
    else if (contentType === ContentType.ack && isDtls13) this.#host.ack(now, epoch, reader)
    else if (contentType !== ContentType.returnRoutabilityCheck || !this.#records.takesRoutabilityChecks)
      this.#lifecycle.fail(
        new PeerMisbehaved('unexpected-message', `a protected record of type ${contentType}`),
      )
    else if (this.#lifecycle.isConnected) this.#host.routability(now, reader, path)
    else this.#discarded.count('early-data')
  }

  #deliver(now: Millis, content: Uint8Array, length: number): void {
    const wasLent = this.#isContentLent
    this.#isContentLent = true
    try {
      this.#host.data(now, content.subarray(0, length))
    } finally {
      this.#isContentLent = wasLent
    }
  }

  /** A host that has more delivered while it holds data keeps what it holds. */
  #borrowContent(size: number): Uint8Array {
    if (this.#isContentLent) return new Uint8Array(size)
    if (this.#content.length < size) this.#content = new Uint8Array(size)
    return this.#content
  }
}

/** Enough for a record in an ordinary datagram; grows for larger ones. */
const initialScratch = 1_500
