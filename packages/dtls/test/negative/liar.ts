import { type Counters, Counters as CountersOf, type Millis, Reader } from '@purertc/bytes'

import type { DtlsConfig } from '../../src/config.ts'
import { resolveConfig } from '../../src/resolved-config.ts'
import { ConnectionIds } from '../../src/connection-id/connection-ids.ts'
import type { Discard } from '../../src/discard.ts'
import { PeerMisbehaved } from '../../src/errors.ts'
import { FlightSender } from '../../src/handshake/flight-sender.ts'
import { Handshake } from '../../src/handshake/handshake.ts'
import type { Transcript } from '../../src/handshake/transcript.ts'
import { alertName } from '../../src/protocol/alert.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import type { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { InboundEpoch } from '../../src/record/inbound-epoch.ts'
import { RecordHeader } from '../../src/record/record-header.ts'
import { RecordSizes } from '../../src/record/record-sizes.ts'
import { RecordWriter } from '../../src/record/record-writer.ts'
import { only12 } from '../pair.ts'
import { honestly, type Lie, type SomeLiar, Trial as TrialBase, type TrialConfig } from './trial.ts'

/** A peer that is made of our own parts, says what a test wants, and remembers how it was answered. */
export class Liar implements SomeLiar {
  readonly discarded: Counters<Discard> = new CountersOf()
  readonly #sizes = new RecordSizes()
  readonly records = new RecordWriter(this.#sizes)
  /** Alerts that came, in the clear or not. */
  readonly alerts: string[] = []
  readonly handshake: Handshake
  readonly #ids: ConnectionIds
  #inbound: InboundEpoch | null = null
  send: (datagram: Uint8Array) => void = () => undefined

  constructor(config: DtlsConfig, lie: Lie) {
    const resolved = resolveConfig(config)
    this.#ids = new ConnectionIds(resolved.connectionIds)
    const host = {
      records: this.records,
      connectionIds: this.#ids,
      recordSizes: this.#sizes,
      discarded: this.discarded,
      transmit: (datagram: Uint8Array) => this.send(datagram),
      expectProtected: (protection: ConstructorParameters<typeof InboundEpoch>[1]) =>
        void (this.#inbound = new InboundEpoch(1, protection)),
      handOver: () => {
        throw new Error('this liar speaks DTLS 1.2')
      },
    }
    this.handshake = new Handshake(
      resolved,
      host,
      (transcript) => new LyingFlight(this.records, transcript, host.transmit, lie),
    )
  }

  start(now: Millis): void {
    this.handshake.start(now)
  }

  /** A record in the current epoch. */
  sendRecord(contentType: number, content: Uint8Array): void {
    this.#send(contentType, content, this.records.epoch)
  }

  sendPlaintext(contentType: number, content: Uint8Array): void {
    this.#send(contentType, content, 0)
  }

  handleDatagram(now: Millis, datagram: Uint8Array): void {
    const header = new RecordHeader()
    for (
      let at = 0;
      at < datagram.length && header.read(datagram, at, this.#ids.ownLength);
      at = header.end
    ) {
      const content = new Uint8Array(header.length)
      let length = header.length
      if (header.epoch === 0) content.set(datagram.subarray(header.start, header.end))
      else length = this.#inbound?.open(datagram, header, content) ?? -1
      if (length < 0) continue
      if (header.contentType === ContentType.alert) this.alerts.push(alertName(content[1]!))
      if (header.contentType === ContentType.handshake)
        this.#receive(now, header, new Reader(content, 0, length))
    }
  }

  #receive(now: Millis, header: RecordHeader, reader: Reader): void {
    try {
      this.handshake.receive(now, header.epoch, header.sequence, reader)
    } catch (error) {
      // A liar does not complain.
      if (!(error instanceof PeerMisbehaved)) throw error
    }
  }

  #send(contentType: number, content: Uint8Array, epoch: number): void {
    const datagram = new Uint8Array(content.length + this.records.overhead(epoch))
    this.records.writeIn(epoch, contentType, content, datagram, 0)
    this.send(datagram)
  }
}

class LyingFlight extends FlightSender {
  readonly #before: Transcript
  readonly #lie: Lie

  constructor(
    records: RecordWriter,
    transcript: Transcript,
    transmit: (datagram: Uint8Array) => void,
    lie: Lie,
  ) {
    super(records, transcript, transmit)
    this.#before = transcript
    this.#lie = lie
  }

  override message(type: HandshakeType, body: Uint8Array): void {
    const said = this.#lie(type, body, this.#before.view())
    if (said === null) return
    if (said instanceof Uint8Array) super.message(type, said)
    else for (const [otherType, otherBody] of said) super.message(otherType, otherBody)
  }
}

/** An honest end and a liar, both of DTLS 1.2. */
export class Trial extends TrialBase<Liar> {
  constructor(honestRole: 'client' | 'server', lie: Lie = honestly, config: TrialConfig = {}) {
    super(honestRole, { versions: only12 }, config, (liar) => new Liar(liar, lie))
  }
}
