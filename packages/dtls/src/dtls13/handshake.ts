import { Millis, type Reader } from '@purertc/bytes'

import type { ResolvedConfig } from '../resolved-config.ts'
import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import { decodeAuthentic, decodeIn } from '../decode-authentic.ts'
import { PeerMisbehaved } from '../errors.ts'
import { decodeHandshakeFragment, type HandshakeFragment } from '../handshake/handshake-fragment.ts'
import type { Dtls13Host } from '../handshake/handshake-host.ts'
import type { HandshakeMachine } from '../handshake/handshake-machine.ts'
import type { HandshakeMessage } from '../handshake/handshake-message.ts'
import type { Reassembly } from '../handshake/reassembly.ts'
import type { Retransmission } from '../handshake/retransmission.ts'
import { handshakeTypeName } from '../protocol/handshake-type.ts'
import type { RecordSizes } from '../record/record-sizes.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import type { ResumableSession } from '../resumption/resumable-session.ts'
import type { DtlsSession } from '../session.ts'
import { Connected } from './connected.ts'
import { Acknowledgements } from './flight/acknowledgements.ts'
import { Flight } from './flight/flight.ts'
import type { Estate } from './hand-over.ts'
import type { HandshakeContext, HandshakeState } from './handshake-state.ts'
import type { TrafficSecret } from './keys/traffic-secret.ts'
import { decodeAck } from './messages/ack.ts'
import type { ConnectionIdUsage } from './messages/new-connection-id.ts'
import { CiphertextEpoch } from './record/ciphertext-epoch.ts'
import { CiphertextProtection } from './record/ciphertext-protection.ts'
import { Transcript } from './transcript.ts'

/**
 * Drives the states of one handshake of DTLS 1.3 (RFC 9147 §5.8 and §7), and what comes after it: puts the peer's
 * messages together and in order, hands them to the state, sends what the state composed, acknowledges, and sends
 * again what was not acknowledged.
 */
export class Handshake implements HandshakeMachine, HandshakeContext {
  readonly config: ResolvedConfig
  readonly transcript: Transcript = new Transcript()
  readonly flight: Flight
  readonly records: RecordWriter
  readonly connectionIds: ConnectionIds
  readonly recordSizes: RecordSizes
  readonly #host: Dtls13Host
  readonly #reassembly: Reassembly
  readonly #retransmission: Retransmission
  readonly #acks = new Acknowledgements()
  #now = Millis(0)
  #state: HandshakeState | null = null
  #connected: Connected | null = null
  /** Sends our first hello again: until more than a ServerHello has come, which may be anybody's. */
  #repeatHello: ((mtu: number) => void) | null
  /** The epoch that the peer's next message is due in. */
  #epoch = 0

  /** `createFlight` is there for tests, whose peers must be able to lie. */
  constructor(
    config: ResolvedConfig,
    host: Dtls13Host,
    estate: Estate,
    createFlight: (transcript: Transcript) => Flight = flightFrom(host, estate.nextSequence),
  ) {
    this.config = config
    this.#host = host
    this.records = host.records
    this.connectionIds = host.connectionIds
    this.recordSizes = host.recordSizes
    this.flight = createFlight(this.transcript)
    this.#reassembly = estate.reassembly
    this.#retransmission = estate.retransmission.handOver((mtu) => {
      this.#repeatHello?.(mtu)
      this.flight.send(mtu)
    })
    if (config.role === 'client') for (const sequence of estate.recordSequences) this.#acks.note(0, sequence)
    this.#repeatHello = config.role === 'client' ? estate.repeat : null
  }

  /** The hello that was handed over is answered. Throws `PeerMisbehaved`. */
  begin(now: Millis, { begin }: Estate): void {
    this.#now = now
    this.#reassembly.startAt(this.#reassembly.nextSequence)
    this.#state = decodeAuthentic('hello', () => begin(this))
    this.#sendComposed(now)
  }

  get session(): DtlsSession | null {
    return this.#connected?.session ?? null
  }

  get now(): Millis {
    return this.#now
  }

  readonly isUnderWay = true

  get progress(): number {
    return this.#reassembly.nextSequence
  }

  get deadline(): Millis {
    return Millis(Math.min(this.#retransmission.deadline, this.#acks.deadline))
  }

  setMtu(mtu: number): void {
    this.#retransmission.setMtu(mtu)
  }

  setRetransmitTimeout(initial: number): void {
    this.#retransmission.setInitialTimeout(initial)
    this.#acks.setDelay(this.#ackDelay)
  }

  receive(now: Millis, epoch: number, recordSequence: number, reader: Reader): void {
    this.#now = now
    // RFC 8446 §5.1: no fragment of a handshake message is empty.
    if (reader.isEmpty && epoch > 0)
      throw new PeerMisbehaved('unexpected-message', 'an empty handshake record')
    // The clear is for hellos alone: what comes in it afterwards is not acknowledged.
    const isDue = epoch > 0 || this.#epoch === 0
    let isTaken = true
    let last = -1
    while (!reader.isEmpty) {
      const fragment = decodeIn(epoch, 'handshake fragment', this.#host.discarded, () =>
        decodeHandshakeFragment(reader),
      )
      if (fragment === null) return
      if (this.#receiveFragment(now, epoch, fragment)) last = Math.max(last, fragment.sequence)
      else isTaken = false
    }
    if (isTaken && isDue) this.#acks.note(epoch, recordSequence)
    this.#deliver(now)
    // RFC 8446 §5.1: messages must not span a change of keys.
    if (epoch < this.#epoch && last >= this.#reassembly.nextSequence)
      throw new PeerMisbehaved('unexpected-message', 'a message under keys that have been replaced')
    if (isDue && this.#repeatHello === null) this.#acks.arm(now, this.#ackDelay)
  }

  receiveAck(now: Millis, epoch: number, reader: Reader): void {
    const numbers = decodeIn(epoch, 'ack', this.#host.discarded, () => decodeAck(reader)) ?? []
    let isNews = false
    for (const number of numbers) {
      // RFC 9147 §7: during the handshake not in an epoch before that of the record. In the clear anybody may say so.
      if (this.#connected === null && number.epoch > epoch && epoch > 0)
        throw new PeerMisbehaved('decode', `an ACK in epoch ${epoch} of a record in ${number.epoch}`)
      if ((epoch > 0 || number.epoch === 0) && this.flight.acknowledge(number.epoch, number.sequence))
        isNews = true
    }
    if (!isNews) return
    this.#connected?.keyUpdates.acknowledged(this)
    if (this.flight.isEmpty) {
      this.#retransmission.stop()
      this.#connected?.resume(this)
      this.#sendComposed(now)
    } else this.#retransmission.hasten(now)
  }

  expire(now: Millis): boolean {
    if (this.#acks.deadline <= now) this.#sendAcks()
    return this.#retransmission.expire(now)
  }

  resumable(session: ResumableSession): void {
    this.#host.resumable(session)
  }

  updateKeys(now: Millis, requestPeer: boolean): boolean {
    return this.#command(now, ({ keyUpdates }) => keyUpdates.start(this, requestPeer))
  }

  requestConnectionIds(now: Millis, count: number): boolean {
    return this.#command(now, ({ connectionIdUpdates }) => connectionIdUpdates.request(this, count))
  }

  issueConnectionIds(now: Millis, count: number, usage: ConnectionIdUsage): boolean {
    return this.#command(now, ({ connectionIdUpdates }) => connectionIdUpdates.issue(this, count, usage))
  }

  dataArrived(): void {
    this.#connected?.keyUpdates.relax()
  }

  stop(): void {
    this.#retransmission.stop()
    this.#acks.clear()
    this.#reassembly.clear()
    this.flight.clear()
  }

  expectEpoch(number: number, secret: TrafficSecret): void {
    // In the clear anybody may have sent ahead. Under keys it was the peer, whose messages must not span a change.
    if (this.#epoch > 0 && this.#reassembly.buffered > 0)
      throw new PeerMisbehaved('unexpected-message', 'a message under keys that are replaced')
    this.#reassembly.startAt(this.#reassembly.nextSequence)
    this.#epoch = number
    this.#host.expectEpoch(new CiphertextEpoch(number, secret.recordKeys()))
  }

  enterEpoch(number: number, secret: TrafficSecret): void {
    this.records.addEpoch(new CiphertextProtection(secret.recordKeys(), this.connectionIds), number)
  }

  /** What a session does on demand; false where there is none yet. */
  #command(now: Millis, act: (connected: Connected) => boolean): boolean {
    const isDone = this.#connected !== null && act(this.#connected)
    this.#sendComposed(now)
    return isDone
  }

  /** How long the rest of a flight is waited for, RFC 9147 §7.1. */
  get #ackDelay(): number {
    return this.#retransmission.timeout / 4
  }

  /** Whether the fragment is one that we have, or had before. */
  #receiveFragment(now: Millis, epoch: number, fragment: HandshakeFragment): boolean {
    if (fragment.sequence < this.#reassembly.nextSequence) {
      this.#answerRepetition(now, fragment)
      return true
    }
    if (epoch !== this.#epoch) {
      if (epoch > 0)
        throw new PeerMisbehaved('unexpected-message', `a message in epoch ${epoch}, not ${this.#epoch}`)
      this.#host.discarded.count('wrong-epoch')
      return false
    }
    if (epoch > 0 && fragment.length > this.config.maxHandshakeMessage)
      throw new PeerMisbehaved('illegal-parameter', `a message of ${fragment.length} bytes`)
    this.#acceptImplicitAck(epoch)
    const fate = this.#reassembly.insert(fragment)
    if (fate === 'contradictory' && epoch > 0)
      throw new PeerMisbehaved('illegal-parameter', 'fragments that contradict each other')
    if (fate === 'taken') return true
    this.#host.discarded.count(`${fate}-fragment`)
    return fate === 'repeated'
  }

  /**
   * RFC 9147 §7.1: whoever sends the next flight has our last one. In the clear anybody may have sent it: our flight is
   * kept for when we are asked for it again.
   */
  #acceptImplicitAck(epoch: number): void {
    if (this.#connected !== null || (epoch === 0 && this.config.role === 'client')) return
    this.#repeatHello = null
    this.#retransmission.stop()
    if (epoch > 0) this.flight.clear()
  }

  #deliver(now: Millis): void {
    for (;;) {
      const state = this.#state
      const message = state === null ? null : this.#reassembly.next()
      if (state === null || message === null) return
      this.#state = this.#handle(state, message)
      if (this.#state instanceof Connected && this.#connected === null) this.#complete(this.#state)
      this.#sendComposed(now)
    }
  }

  #handle(state: HandshakeState, message: HandshakeMessage): HandshakeState {
    return decodeAuthentic(handshakeTypeName(message.type), () => state.handle(message, this))
  }

  #complete(connected: Connected): void {
    this.#connected = connected
    this.transcript.clear()
    // A client's last flight says that it has the server's. No flight of a server's tells the client as much.
    if (this.config.role === 'client') this.#acks.clear()
    else this.#sendAcks()
  }

  /** RFC 9147 §5.8.1: the peer sends the flight again that ours answered, so ours was lost. */
  #answerRepetition(now: Millis, fragment: HandshakeFragment): void {
    this.#host.discarded.count('stale-fragment')
    if (!this.#retransmission.isAskedFor(fragment.sequence, this.#reassembly.nextSequence)) return
    if (this.#connected === null) this.flight.distrust()
    if (!this.flight.isEmpty) this.#retransmission.repeat(now)
  }

  /** Sends what a state has just composed; during the handshake it answers all that is to be acknowledged. */
  #sendComposed(now: Millis): void {
    if (!this.flight.takeReady()) return
    this.#repeatHello = null
    if (this.#connected === null) this.#acks.clear()
    else this.#acks.forgetSent()
    this.#retransmission.start(now, this.#reassembly.nextSequence)
  }

  #sendAcks(): void {
    const { records } = this
    const content = this.#acks.take(
      Math.min(this.#retransmission.mtu - records.overhead(), records.maxContent()),
    )
    if (content !== null) this.#host.acknowledge(content)
  }
}

/** Not a closure of the constructor: a flight outlives the estate, and must not keep the private keys in it. */
function flightFrom(host: Dtls13Host, nextSequence: number): (transcript: Transcript) => Flight {
  return (transcript) =>
    new Flight(host.records, transcript, nextSequence, (datagram) => host.transmit(datagram))
}
