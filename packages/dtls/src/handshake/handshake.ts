import { Millis, type Reader } from '@purertc/bytes'
import type { KeyExchange } from '@purertc/crypto'

import { createKeyShares } from '../dtls13/client/client-offer.ts'
import { HandOver } from '../dtls13/hand-over.ts'
import { startClient } from '../dtls12/client/start-client.ts'
import type { ResolvedConfig } from '../resolved-config.ts'
import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import { decodeAuthentic, decodeIn } from '../decode-authentic.ts'
import { PeerMisbehaved } from '../errors.ts'
import { HandshakeType, handshakeTypeName } from '../protocol/handshake-type.ts'
import type { RecordProtection } from '../record/record-protection.ts'
import type { RecordSizes } from '../record/record-sizes.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import { ExpectClientHello } from '../dtls12/server/expect-client-hello.ts'
import type { DtlsSession } from '../session.ts'
import { FlightSender } from './flight-sender.ts'
import { decodeHandshakeFragment, type HandshakeFragment } from './handshake-fragment.ts'
import type { HandshakeHost } from './handshake-host.ts'
import type { HandshakeMachine } from './handshake-machine.ts'
import type { HandshakeMessage } from './handshake-message.ts'
import { Established, type HandshakeContext, type HandshakeState } from './handshake-state.ts'
import { Reassembly } from './reassembly.ts'
import { RetransmitTimer } from './retransmit-timer.ts'
import { Retransmission } from './retransmission.ts'
import { Transcript } from './transcript.ts'

/**
 * Drives the states of one handshake: puts the peer's messages together and in order, hands them to the state,
 * sends what the state composed, and sends it again until the peer answers.
 */
export class Handshake implements HandshakeMachine, HandshakeContext {
  readonly config: ResolvedConfig
  readonly transcript: Transcript = new Transcript()
  readonly flight: FlightSender
  readonly records: RecordWriter
  readonly connectionIds: ConnectionIds
  readonly recordSizes: RecordSizes
  readonly #host: HandshakeHost
  readonly #reassembly: Reassembly
  readonly #retransmission: Retransmission
  #now = Millis(0)
  /** Null at a client that has not started. */
  #state: HandshakeState | null
  #session: DtlsSession | null = null
  /** The records that the peer's messages came in: DTLS 1.3 acknowledges them, if that is what it will be. */
  readonly #recordSequences: number[] = []

  /** `createFlight` is there for tests, whose peers must be able to lie. */
  constructor(
    config: ResolvedConfig,
    host: HandshakeHost,
    createFlight = (transcript: Transcript): FlightSender =>
      new FlightSender(host.records, transcript, (datagram) => host.transmit(datagram)),
  ) {
    this.config = config
    this.#host = host
    this.records = host.records
    this.connectionIds = host.connectionIds
    this.recordSizes = host.recordSizes
    this.flight = createFlight(this.transcript)
    const timer = new RetransmitTimer(config.retransmitTimeout)
    this.#retransmission = new Retransmission(timer, config.mtu, (mtu) => this.flight.send(mtu))
    this.#reassembly = new Reassembly(config.maxHandshakeMessage)
    this.#state = config.role === 'server' ? new ExpectClientHello() : null
  }

  /** What the handshake established, null until it has. */
  get session(): DtlsSession | null {
    return this.#session
  }

  get now(): Millis {
    return this.#now
  }

  /** Whether a message has been sent or taken. */
  get isUnderWay(): boolean {
    return !this.flight.isEmpty || this.#reassembly.nextSequence > 0 || this.#reassembly.buffered > 0
  }

  /** When the flight is to be sent again. */
  get deadline(): Millis {
    return this.#retransmission.deadline
  }

  /** Flights, also one that is sent again, keep to this from now on. */
  setMtu(mtu: number): void {
    this.#retransmission.setMtu(mtu)
  }

  setRetransmitTimeout(initial: number): void {
    this.#retransmission.setInitialTimeout(initial)
  }

  /** The client's first flight, perhaps with key shares that were made beforehand. */
  start(now: Millis, shares: readonly KeyExchange[] = createKeyShares(this.config)): void {
    this.#now = now
    this.#state = startClient(this, shares)
    this.#sendComposed(now)
  }

  /** Messages of the peer that were taken, cookie rounds included. */
  get progress(): number {
    return this.#reassembly.nextSequence
  }

  /**
   * Takes the content of a handshake record, which `reader` is bound to. Throws `PeerMisbehaved` as the states do;
   * fragments that cannot be told from noise are counted and dropped.
   */
  receive(now: Millis, epoch: number, recordSequence: number, reader: Reader): void {
    this.#now = now
    while (!reader.isEmpty) {
      const fragment = decodeIn(epoch, 'handshake fragment', this.#host.discarded, () =>
        decodeHandshakeFragment(reader),
      )
      if (fragment === null) return
      if (this.#state instanceof HandOver)
        throw new PeerMisbehaved('unexpected-message', 'more than a hello in its record')
      if (this.#session !== null) this.#receiveAfterwards(fragment)
      else this.#receiveFragment(now, epoch, recordSequence, fragment)
    }
  }

  /** There are none in DTLS 1.2. */
  receiveAck(_now: Millis, epoch: number): void {
    if (epoch === 0) this.#host.discarded.count('unknown-content')
    else throw new PeerMisbehaved('unexpected-message', 'an ACK in DTLS 1.2')
  }

  updateKeys(): boolean {
    return false
  }

  requestConnectionIds(): boolean {
    return false
  }

  issueConnectionIds(): boolean {
    return false
  }

  dataArrived(): void {
    // Nothing depends on it.
  }

  /** Sends the flight again where it is due; false where it has been sent often enough. */
  expire(now: Millis): boolean {
    return this.#retransmission.expire(now)
  }

  /** Lets go of everything. */
  stop(): void {
    this.#retransmission.stop()
    this.#reassembly.clear()
    this.flight.clear()
  }

  expectProtected(protection: RecordProtection): void {
    this.#host.expectProtected(protection)
  }

  #receiveFragment(now: Millis, epoch: number, recordSequence: number, fragment: HandshakeFragment): void {
    // Finished is the one message under the new keys. In the clear it is a forgery, or somebody's mistake that must
    // not take the place of the true one.
    if (epoch > 0 && fragment.type !== HandshakeType.finished)
      throw new PeerMisbehaved('unexpected-message', `${handshakeTypeName(fragment.type)} under the new keys`)
    if (epoch === 0 && fragment.type === HandshakeType.finished) {
      this.#host.discarded.count('wrong-epoch')
      return
    }
    if (!this.isUnderWay && !this.#follow(recordSequence, fragment)) {
      this.#host.discarded.count('no-client-hello')
      return
    }
    const fate = this.#reassembly.insert(fragment)
    if (fate === 'stale') this.#answerRepetition(now, fragment)
    else if (fate !== 'taken') this.#host.discarded.count(`${fate}-fragment`)
    if (fate === 'taken' && this.#recordSequences.length < maxRecordSequences)
      this.#recordSequences.push(recordSequence)
    this.#deliver(now)
  }

  /** A server numbers from where the client is, RFC 6347 §4.2.1 and §4.2.2: cookies were given without state. */
  #follow(recordSequence: number, fragment: HandshakeFragment): boolean {
    if (this.config.role === 'client' || fragment.type !== HandshakeType.clientHello) return false
    if (fragment.sequence > maxHelloSequence || recordSequence > maxHelloRecordSequence) return false
    this.#reassembly.startAt(fragment.sequence)
    this.flight.startAt(fragment.sequence)
    this.records.startAt(recordSequence)
    return true
  }

  #deliver(now: Millis): void {
    for (;;) {
      const message = this.#state === null ? null : this.#reassembly.next()
      if (this.#state === null || message === null) return
      this.#state = this.#handle(this.#state, message)
      if (this.#state instanceof HandOver) {
        this.#handOver(now, this.#state)
        return
      }
      if (this.#state instanceof Established) {
        if (this.#reassembly.holds(HandshakeType.finished))
          throw new PeerMisbehaved('unexpected-message', 'a second finished')
        this.#complete(now, this.#state.session)
        return
      }
      this.#sendComposed(now)
    }
  }

  #handOver(now: Millis, { begin }: HandOver): void {
    this.#host.handOver(now, {
      begin,
      reassembly: this.#reassembly,
      retransmission: this.#retransmission,
      nextSequence: this.flight.nextSequence,
      recordSequences: this.#recordSequences,
      repeat: (mtu) => this.flight.send(mtu),
    })
  }

  #handle(state: HandshakeState, message: HandshakeMessage): HandshakeState {
    return decodeAuthentic(handshakeTypeName(message.type), () => state.handle(message, this))
  }

  #complete(now: Millis, session: DtlsSession): void {
    this.#session = session
    this.#reassembly.clear()
    this.transcript.clear()
    // Whoever speaks last keeps the flight: it is sent again when the peer shows that it was lost.
    const isLastSpeaker = this.#sendComposed(now)
    if (!isLastSpeaker) this.flight.clear()
    this.#retransmission.stop()
  }

  /** RFC 6347 §4.2.4: the peer sends the flight again that ours answered, so ours was lost. */
  #answerRepetition(now: Millis, fragment: HandshakeFragment): void {
    this.#host.discarded.count('stale-fragment')
    if (this.#retransmission.isAskedFor(fragment.sequence, this.#reassembly.nextSequence))
      this.#retransmission.repeat(now)
  }

  /** Only authentic fragments come here. */
  #receiveAfterwards(fragment: HandshakeFragment): void {
    // What the peer numbers anew is no retransmission but the begin of another handshake, which we never do.
    if (fragment.type === HandshakeType.finished && fragment.sequence < this.#reassembly.nextSequence) {
      this.#host.discarded.count('stale-fragment')
      // A repeated record is stopped by the replay window, so this is a fresh one that the peer has made.
      if (!this.flight.isEmpty && fragment.offset === 0) this.#retransmission.sendNow()
    } else {
      throw new PeerMisbehaved(
        'unexpected-message',
        `${handshakeTypeName(fragment.type)} came after the handshake`,
      )
    }
  }

  /** Sends the flight that a state has just composed; false where there is none. */
  #sendComposed(now: Millis): boolean {
    if (!this.flight.takeReady()) return false
    this.#retransmission.start(now, this.#reassembly.nextSequence)
    return true
  }
}

/** A client that was sent as many HelloVerifyRequests as this is not going to get through. */
const maxHelloSequence = 4
/** Leaves the server more sequence numbers than it can use in a handshake. */
const maxHelloRecordSequence = 2 ** 47

/** More than any hello comes in. */
const maxRecordSequences = 32
