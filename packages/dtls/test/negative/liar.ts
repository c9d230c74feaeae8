import { type Counters, Counters as CountersOf, type Millis, Reader } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, Simulation } from '@purertc/netsim'

import { type DtlsConfig, resolveConfig } from '../../src/config.ts'
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
import { clientCertificate, End, only12, serverCertificate } from '../pair.ts'

/**
 * What a liar sends instead of an honest message: nothing, another body, or several messages. The lie enters its own
 * transcript, so that nothing but the lie itself can give it away. `before` is the transcript up to the message.
 */
export type Lie = (
  type: HandshakeType,
  body: Uint8Array,
  before: Uint8Array,
) => Uint8Array | null | readonly (readonly [HandshakeType, Uint8Array])[]

/** A peer that is made of our own parts, says what a test wants, and remembers how it was answered. */
export class Liar {
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

/** An honest end and a liar, on a network that does no harm. */
export class Trial {
  readonly sim = new Simulation({ seed: 1 })
  readonly honest: End
  readonly liar: Liar
  readonly toHonest: Link
  readonly toLiar: Link

  constructor(
    honestRole: 'client' | 'server',
    lie: Lie = (_type, body) => body,
    config: { readonly honest?: Partial<DtlsConfig>; readonly liar?: Partial<DtlsConfig> } = {},
  ) {
    const common = { crypto: this.sim.seeded(nodeCrypto), cookie: 'verified-path' as const, versions: only12 }
    const client = {
      ...common,
      role: 'client' as const,
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
    }
    const server = {
      ...common,
      role: 'server' as const,
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
    }
    this.honest = new End({ ...(honestRole === 'client' ? client : server), ...config.honest })
    const trusting = { verify: { certificate: () => true } }
    this.liar = new Liar({ ...(honestRole === 'client' ? server : client), ...trusting, ...config.liar }, lie)
    this.toHonest = new Link(this.sim, { latency: 1 }, (now, bytes) =>
      this.honest.association.handleDatagram(now, bytes),
    )
    this.toLiar = new Link(this.sim, { latency: 1 }, (now, bytes) => this.liar.handleDatagram(now, bytes))
    this.honest.send = (datagram) => this.toLiar.send(datagram)
    this.liar.send = (datagram) => this.toHonest.send(datagram)
    this.sim.attach(this.honest.association)
    if (honestRole === 'client') this.honest.association.connect(this.sim.now)
    else this.liar.handshake.start(this.sim.now)
    this.sim.run({ deadline: 500 })
  }

  /** What became of it: how the honest end judged, and what it told the liar. */
  get verdict(): string {
    const { session, reason } = this.honest
    if (session !== null && reason === null) return 'connected'
    if (reason === null) return 'waiting'
    const judgement = reason.kind === 'peer-misbehaved' ? reason.error.code : reason.kind
    return `${session === null ? '' : 'connected, then '}${judgement}: ${this.liar.alerts.join(', ')}`
  }

  settle(): void {
    this.sim.advance(100)
  }
}
