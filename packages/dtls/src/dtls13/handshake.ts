import { type Counters, DecodeError, Millis, type Reader } from '@purertc/bytes'

import type { ResolvedConfig } from '../config.ts'
import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import type { Discard } from '../discard.ts'
import { PeerMisbehaved } from '../errors.ts'
import { decodeHandshakeFragment, type HandshakeFragment } from '../handshake/handshake-fragment.ts'
import type { HandshakeMachine } from '../handshake/handshake-machine.ts'
import type { HandshakeMessage } from '../handshake/handshake-message.ts'
import type { Reassembly } from '../handshake/reassembly.ts'
import type { RetransmitTimer } from '../handshake/retransmit-timer.ts'
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
import {
  decodeAck,
  encodeAck,
  listHeaderLength,
  type RecordNumber,
  recordNumberLength,
} from './messages/ack.ts'
import type { ConnectionIdUsage } from './messages/new-connection-id.ts'
import { CiphertextEpoch } from './record/ciphertext-epoch.ts'
import { CiphertextProtection } from './record/ciphertext-protection.ts'
import { Transcript } from './transcript.ts'

/** What a handshake of DTLS 1.3 asks of its association. */
export interface Dtls13Host {
  readonly records: RecordWriter
  readonly connectionIds: ConnectionIds
  readonly recordSizes: RecordSizes
  readonly discarded: Counters<Discard>
  transmit(datagram: Uint8Array): void
  /** The peer's records of this epoch can be opened from now on. */
  expectEpoch(epoch: CiphertextEpoch): void
  /** The server has sent what the session can be resumed by. */
  resumable(session: ResumableSession): void
  /** An ACK is to be sent, in the current epoch. */
  acknowledge(content: Uint8Array): void
}

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
  readonly #timer: RetransmitTimer
  readonly #acks = new Acknowledgements()
  #mtu: number
  #now = Millis(0)
  #state: HandshakeState | null = null
  #connected: Connected | null = null
  /** Sends our first hello again: until more than a ServerHello has come, which may be anybody's. */
  #repeatHello: ((mtu: number) => void) | null
  /** The epoch that the peer's next message is due in. */
  #epoch = 0
  /** The peer's messages, by their numbers, that our latest flight answers: `end` is the first that is not. */
  #answered = { start: 0, end: 0 }

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
    this.#timer = estate.timer
    this.#mtu = estate.mtu
    if (config.role === 'client') for (const sequence of estate.recordSequences) this.#acks.note(0, sequence)
    this.#repeatHello = config.role === 'client' ? estate.repeat : null
  }

  /** The hello that was handed over is answered. Throws `PeerMisbehaved`. */
  begin(now: Millis, { begin }: Estate): void {
    this.#now = now
    this.#reassembly.startAt(this.#reassembly.nextSequence)
    this.#state = this.#guard('hello', () => begin(this))
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
    return Millis(Math.min(this.#timer.deadline, this.#acks.deadline))
  }

  setMtu(mtu: number): void {
    this.#mtu = mtu
  }

  setRetransmitTimeout(initial: number): void {
    this.#timer.setInitial(initial)
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
      const fragment = this.#decodeFragment(epoch, reader)
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
    const numbers = this.#decodeAck(epoch, reader)
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
      this.#timer.stop()
      this.#connected?.resume(this)
      this.#sendComposed(now)
    } else this.#timer.hasten(now)
  }

  expire(now: Millis): boolean {
    if (this.#acks.deadline <= now) this.#sendAcks()
    if (!this.#timer.isDue(now)) return true
    if (this.#timer.isExhausted) return false
    this.#timer.backOff(now)
    this.#send()
    return true
  }

  resumable(session: ResumableSession): void {
    this.#host.resumable(session)
  }

  updateKeys(now: Millis, requestPeer: boolean): boolean {
    const isDone = this.#connected?.keyUpdates.start(this, requestPeer) ?? false
    this.#sendComposed(now)
    return isDone
  }

  requestConnectionIds(now: Millis, count: number): boolean {
    const isDone = this.#connected?.connectionIdUpdates.request(this, count) ?? false
    this.#sendComposed(now)
    return isDone
  }

  issueConnectionIds(now: Millis, count: number, usage: ConnectionIdUsage): boolean {
    const isDone = this.#connected?.connectionIdUpdates.issue(this, count, usage) ?? false
    this.#sendComposed(now)
    return isDone
  }

  dataArrived(): void {
    this.#connected?.keyUpdates.relax()
  }

  stop(): void {
    this.#timer.stop()
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

  /** How long the rest of a flight is waited for, RFC 9147 §7.1. */
  get #ackDelay(): number {
    return this.#timer.timeout / 4
  }

  #decodeAck(epoch: number, reader: Reader): readonly RecordNumber[] {
    if (epoch > 0) return this.#guard('ack', () => decodeAck(reader))
    try {
      return decodeAck(reader)
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause
      this.#host.discarded.count('malformed-content')
      return []
    }
  }

  #decodeFragment(epoch: number, reader: Reader): HandshakeFragment | null {
    if (epoch > 0) return this.#guard('handshake fragment', () => decodeHandshakeFragment(reader))
    try {
      return decodeHandshakeFragment(reader)
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause
      this.#host.discarded.count('malformed-content')
      return null
    }
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
    if (epoch > 0) {
      if (fragment.length > this.config.maxHandshakeMessage)
        throw new PeerMisbehaved('illegal-parameter', `a message of ${fragment.length} bytes`)
    }
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
    this.#timer.stop()
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
    return this.#guard(handshakeTypeName(message.type), () => state.handle(message, this))
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
    const isUnanswered = this.#reassembly.nextSequence === this.#answered.end
    if (!isUnanswered || fragment.sequence < this.#answered.start) return
    if (this.#connected === null) this.flight.distrust()
    if (!this.flight.isEmpty && this.#timer.answerRepetition(now)) this.#send()
  }

  /** Sends what a state has just composed; during the handshake it answers all that is to be acknowledged. */
  #sendComposed(now: Millis): void {
    if (!this.flight.takeReady()) return
    this.#repeatHello = null
    if (this.#connected === null) this.#acks.clear()
    else this.#acks.forgetSent()
    this.#answered = { start: this.#answered.end, end: this.#reassembly.nextSequence }
    this.#timer.start(now)
    this.#send()
  }

  #send(): void {
    // RFC 9147 §4.4: silence may mean that our datagrams are too large for the path.
    const isSuspicious = this.#timer.attempts >= attemptsBeforeSmall
    const mtu = isSuspicious ? Math.min(this.#mtu, smallMtu) : this.#mtu
    this.#repeatHello?.(mtu)
    this.flight.send(mtu)
  }

  #sendAcks(): void {
    const { records } = this
    const room = Math.min(this.#mtu - records.overhead(), records.maxContent()) - listHeaderLength
    const numbers = this.#acks.take(Math.max(Math.floor(room / recordNumberLength), 1))
    if (numbers.length > 0) this.#host.acknowledge(encodeAck(numbers))
  }

  #guard<T>(what: string, action: () => T): T {
    try {
      return action()
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause
      throw new PeerMisbehaved('decode', `malformed ${what}`, { cause })
    }
  }
}

/** Not a closure of the constructor: a flight outlives the estate, and must not keep the private keys in it. */
function flightFrom(host: Dtls13Host, nextSequence: number): (transcript: Transcript) => Flight {
  return (transcript) =>
    new Flight(host.records, transcript, nextSequence, (datagram) => host.transmit(datagram))
}

const attemptsBeforeSmall = 3
/** What every IPv4 host takes, RFC 791 §3.1, without the headers of IP and UDP. */
const smallMtu = 548
