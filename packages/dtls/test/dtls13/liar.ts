import { Counters, type Millis, Reader } from '@purertc/bytes'

import { resolveConfig } from '../../src/resolved-config.ts'
import { ConnectionIds } from '../../src/connection-id/connection-ids.ts'
import type { Discard } from '../../src/discard.ts'
import { Flight } from '../../src/dtls13/flight/flight.ts'
import type { Estate } from '../../src/dtls13/hand-over.ts'
import { Handshake as Dtls13Handshake } from '../../src/dtls13/handshake.ts'
import type { Transcript } from '../../src/dtls13/transcript.ts'
import { PeerMisbehaved } from '../../src/errors.ts'
import { FlightSender } from '../../src/handshake/flight-sender.ts'
import { Handshake } from '../../src/handshake/handshake.ts'
import type { Dtls13Host, HandshakeHost } from '../../src/handshake/handshake-host.ts'
import type { HandshakeMachine } from '../../src/handshake/handshake-machine.ts'
import type { DtlsConfig, ResumableSession } from '../../src/index.ts'
import { alertName } from '../../src/protocol/alert.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import type { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { InboundRecords } from '../../src/record/inbound-records.ts'
import { RecordSizes } from '../../src/record/record-sizes.ts'
import { RecordWriter } from '../../src/record/record-writer.ts'
import { honestly, type Lie, type SomeLiar, Trial as TrialBase, type TrialConfig } from '../negative/trial.ts'
import { upTo13 } from '../pair.ts'

/** A peer of DTLS 1.3 that is made of our own parts, says what a test wants, and remembers how it was answered. */
export class Liar implements SomeLiar {
  readonly #sizes = new RecordSizes()
  readonly records = new RecordWriter(this.#sizes)
  /** Alerts that came, each with its epoch. */
  readonly alerts: string[] = []
  /** What came of the honest end's application data. */
  readonly data: Uint8Array[] = []
  /** What its host was told that it can resume. */
  readonly sessions: ResumableSession[] = []
  readonly #first: Handshake
  #handshake: HandshakeMachine
  readonly #ids: ConnectionIds
  readonly #inbound: InboundRecords
  send: (datagram: Uint8Array) => void = () => undefined

  constructor(config: DtlsConfig, lie: Lie) {
    const resolved = resolveConfig(config)
    this.#ids = new ConnectionIds(resolved.connectionIds)
    this.#inbound = new InboundRecords(this.#ids)
    const host: HandshakeHost & Dtls13Host = {
      records: this.records,
      connectionIds: this.#ids,
      recordSizes: this.#sizes,
      discarded: new Counters<Discard>(),
      transmit: (datagram) => this.send(datagram),
      expectProtected: (protection) => this.#inbound.expectProtected(protection),
      expectEpoch: (epoch) => this.#inbound.expectEpoch(epoch),
      resumable: (session) => void this.sessions.push(session),
      acknowledge: (content) => this.sendRecord(ContentType.ack, content),
      handOver: (now: Millis, estate: Estate) => {
        const next = new Dtls13Handshake(
          resolved,
          host,
          estate,
          (transcript) =>
            new LyingFlight(
              this.records,
              transcript,
              estate.nextSequence,
              (datagram) => this.send(datagram),
              lie,
            ),
        )
        this.#handshake = next
        next.begin(now, estate)
      },
    }
    this.#first = new Handshake(
      resolved,
      host,
      (transcript) => new LyingFlightSender(this.records, transcript, (datagram) => this.send(datagram), lie),
    )
    this.#handshake = this.#first
  }

  start(now: Millis): void {
    this.#first.start(now)
  }

  /** A record in an epoch, the current one by default. */
  sendRecord(contentType: number, content: Uint8Array, epoch: number = this.records.epoch): void {
    const datagram = new Uint8Array(content.length + this.records.overhead(epoch))
    this.records.writeIn(epoch, contentType, content, datagram, 0)
    this.send(datagram)
  }

  handleDatagram(now: Millis, datagram: Uint8Array): void {
    const inbound = this.#inbound
    for (let at = 0; at < datagram.length && inbound.read(datagram, at); at = inbound.end) {
      const fate = inbound.fate()
      const content = new Uint8Array(inbound.length)
      let { length } = inbound
      if (fate === 'clear') content.set(datagram.subarray(inbound.start, inbound.end))
      else if (fate === 'protected') length = inbound.open(datagram, content)
      else continue
      if (length >= 0) this.#receive(now, content.subarray(0, length))
    }
  }

  #receive(now: Millis, content: Uint8Array): void {
    const { contentType, epoch, sequence } = this.#inbound
    if (contentType === ContentType.alert) this.alerts.push(`${alertName(content[1]!)} in epoch ${epoch}`)
    if (contentType === ContentType.applicationData) this.data.push(content.slice())
    try {
      if (contentType === ContentType.handshake)
        this.#handshake.receive(now, epoch, sequence, new Reader(content))
      if (contentType === ContentType.ack) this.#handshake.receiveAck(now, epoch, new Reader(content))
    } catch (error) {
      // A liar does not complain.
      if (!(error instanceof PeerMisbehaved)) throw error
    }
  }
}

class LyingFlight extends Flight {
  readonly #lie: Lie

  constructor(
    records: RecordWriter,
    transcript: Transcript,
    nextSequence: number,
    transmit: (datagram: Uint8Array) => void,
    lie: Lie,
  ) {
    super(records, transcript, nextSequence, transmit)
    this.#lie = lie
  }

  override message(type: HandshakeType, body: Uint8Array): void {
    for (const [otherType, otherBody] of said(this.#lie, type, body)) super.message(otherType, otherBody)
  }
}

/** For the first ClientHello, which both versions send. */
class LyingFlightSender extends FlightSender {
  readonly #lie: Lie

  constructor(
    records: RecordWriter,
    transcript: ConstructorParameters<typeof FlightSender>[1],
    transmit: (datagram: Uint8Array) => void,
    lie: Lie,
  ) {
    super(records, transcript, transmit)
    this.#lie = lie
  }

  override message(type: HandshakeType, body: Uint8Array): void {
    for (const [otherType, otherBody] of said(this.#lie, type, body)) super.message(otherType, otherBody)
  }
}

function said(
  lie: Lie,
  type: HandshakeType,
  body: Uint8Array,
): readonly (readonly [HandshakeType, Uint8Array])[] {
  const words = lie(type, body, nothing)
  if (words === null) return []
  return words instanceof Uint8Array ? [[type, words]] : words
}

const nothing = new Uint8Array(0)

/** An honest end and a liar, both of DTLS 1.3. */
export class Trial extends TrialBase<Liar> {
  constructor(honestRole: 'client' | 'server', lie: Lie = honestly, config: TrialConfig = {}) {
    const both = { versions: upTo13, groups: ['x25519', 'p-256'] as const }
    super(honestRole, both, config, (liar) => new Liar(liar, lie))
  }
}
