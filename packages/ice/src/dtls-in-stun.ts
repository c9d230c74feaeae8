import { Counters, copyBytes, type Millis } from '@purertc/bytes'
import {
  type AuthenticatedMessage,
  crc32,
  type MessageBuilder,
  MetaDtlsInStun,
  MetaDtlsInStunAcknowledgement,
} from '@purertc/stun'

/**
 * - `not-negotiated`: a check carried DTLS, or acknowledged it, though the peer's description does not have the option.
 * - `malformed`: acknowledgements that are no list of checksums.
 * - `not-dtls`: what the attribute carries is no DTLS record.
 * - `repeated`: a datagram that came before, by another check.
 */
export type DtlsInStunDiscard = 'not-negotiated' | 'malformed' | 'not-dtls' | 'repeated'

export interface DtlsInStunStatistics {
  /** Attributes with a datagram, each one that left or came. */
  readonly datagramsSent: number
  readonly datagramsReceived: number
  /** Datagrams of ours that the peer has acknowledged within checks. */
  readonly acknowledged: number
  readonly discarded: Partial<Record<DtlsInStunDiscard, number>>
}

/** A datagram of our handshake that the peer has not acknowledged. */
interface Pending {
  readonly datagram: Uint8Array
  readonly checksum: number
  /** Whether it went anywhere at all. */
  wasSent: boolean
}

/**
 * A DTLS handshake that travels within connectivity checks and their answers, draft-hancke-webrtc-sped: it saves a round
 * trip, because the first flight need not wait for a path. One object serves one agent: whoever owns DTLS makes it,
 * gives it to the agent as `IceConfig.dtlsInStun`, and tells it what the handshake does.
 *
 * @example
 * const embedding = new DtlsInStun((now, datagram) => dtls.handleDatagram(now, datagram))
 * const agent = new IceAgent({ crypto, role, dtlsInStun: embedding }, host)
 * embedding.agree() // both descriptions have `a=ice-options:sped`
 * embedding.beginFlight() // before each call that may make DTLS send
 * embedding.keep(datagram) // for each datagram of the handshake
 * embedding.complete() // DTLS is connected
 */
export class DtlsInStun {
  readonly #discarded = new Counters<DtlsInStunDiscard>()
  readonly #received: (now: Millis, datagram: Uint8Array) => void
  /**
   * `offered`: the peer may know the option, and use it before its answer is here. `ending`: the handshake is complete,
   * but the peer may lack its end. `over`: the attributes mean nothing any more.
   */
  #phase: 'offered' | 'agreed' | 'refused' | 'ending' | 'over' = 'offered'
  /** L1 of the draft: the present flight. */
  #pending: Pending[] = []
  #isFlightOver = false
  /** L2 of the draft: checksums of what came last, oldest first. */
  #acknowledging: readonly number[] = []
  /** Whether the peer's last message had a datagram. */
  #isPeerSending = false
  /** Which of the pending ones is next. */
  #turn = 0
  #budget = BUDGET
  #datagramsSent = 0
  #datagramsReceived = 0
  #acknowledged = 0

  /** `received`: a datagram of the peer's handshake; borrowed. */
  constructor(received: (now: Millis, datagram: Uint8Array) => void) {
    this.#received = received
  }

  get statistics(): DtlsInStunStatistics {
    return {
      datagramsSent: this.#datagramsSent,
      datagramsReceived: this.#datagramsReceived,
      acknowledged: this.#acknowledged,
      discarded: this.#discarded.snapshot(),
    }
  }

  /** Whether the handshake travels within checks; false before {@link DtlsInStun.agree} and after its end. */
  get isActive(): boolean {
    return this.#phase === 'agreed' || this.#phase === 'ending'
  }

  /** Both descriptions have the option. */
  agree(): void {
    if (this.#phase === 'offered') this.#phase = 'agreed'
  }

  /** The peer's description lacks the option: DTLS waits for a path, as ever. */
  refuse(): void {
    if (this.#phase === 'offered') this.#phase = 'refused'
  }

  /** What {@link DtlsInStun.keep} is given next belongs to another flight than what it was given before. */
  beginFlight(): void {
    this.#isFlightOver = true
  }

  /** A datagram of the handshake, copied, until it is acknowledged or the next flight begins. `wasSent`: it left over a path. */
  keep(datagram: Uint8Array, wasSent: boolean): void {
    if (this.#phase === 'refused' || this.#phase === 'over') return
    if (this.#isFlightOver) this.#pending = []
    this.#isFlightOver = false
    if (this.#pending.length >= MAX_PENDING) return
    this.#pending.push({ datagram: copyBytes(datagram), checksum: crc32(datagram), wasSent })
  }

  /** What of the flight went nowhere yet; it counts as sent from now on. */
  takeUnsent(): Uint8Array[] {
    const unsent = this.#pending.filter(({ wasSent }) => !wasSent)
    for (const pending of unsent) pending.wasSent = true
    return unsent.map(({ datagram }) => datagram)
  }

  /** A datagram came over a path; where it is DTLS, the peer is told by the next check. */
  acknowledge(datagram: Uint8Array): void {
    if (this.isActive && isDtls(datagram)) this.#note(crc32(datagram))
  }

  /** The handshake is complete at this end. The peer is still told what it may lack of it. */
  complete(): void {
    if (this.#phase === 'agreed') this.#phase = 'ending'
    else if (this.#phase !== 'ending') this.#end()
  }

  /** Adds to a request or an answer what the peer is to have. Called by the agent. */
  attach(message: MessageBuilder): void {
    if (!this.isActive || (this.#phase === 'ending' && this.#isQuiet)) return
    message.add(MetaDtlsInStunAcknowledgement, this.#acknowledging)
    const next =
      this.#pending.find(({ wasSent }) => !wasSent) ?? this.#pending[this.#turn % this.#pending.length]
    if (next === undefined) return
    const { length } = next.datagram
    if (message.length + length + ENVELOPE > MAX_MESSAGE || length > this.#budget) return
    this.#turn++
    this.#budget -= length
    this.#datagramsSent++
    next.wasSent = true
    message.add(MetaDtlsInStun, next.datagram)
  }

  /** Takes what the peer's check or answer has, and returns a copy of the datagram in it, if that is news. */
  read(message: AuthenticatedMessage): Uint8Array | null {
    const hasChecksums = message.has(MetaDtlsInStunAcknowledgement)
    const hasDatagram = message.has(MetaDtlsInStun)
    if (this.#phase === 'over') return null
    if (this.#phase === 'refused') {
      if (hasChecksums || hasDatagram) this.#discarded.count('not-negotiated')
      return null
    }
    const checksums = message.get(MetaDtlsInStunAcknowledgement)
    const datagram = message.get(MetaDtlsInStun)
    if (checksums !== undefined) this.#forget(checksums)
    else if (hasChecksums) this.#discarded.count('malformed')
    if (hasChecksums || hasDatagram) this.#budget = BUDGET
    this.#isPeerSending = datagram !== undefined && datagram.length > 0
    if (this.#phase === 'ending' && (this.#isQuiet || !(hasChecksums || hasDatagram))) this.#end()
    return datagram === undefined || datagram.length === 0 ? null : this.#take(datagram)
  }

  /** Hands on what {@link DtlsInStun.read} returned, when the agent's state is settled. */
  deliver(now: Millis, datagram: Uint8Array): void {
    this.#received(now, datagram)
  }

  #take(datagram: Uint8Array): Uint8Array | null {
    if (!isDtls(datagram)) {
      this.#discarded.count('not-dtls')
      return null
    }
    if (!this.#note(crc32(datagram))) {
      this.#discarded.count('repeated')
      return null
    }
    this.#datagramsReceived++
    return copyBytes(datagram)
  }

  /** False where it came before: a repetition by DTLS itself is another datagram. */
  #note(checksum: number): boolean {
    if (this.#acknowledging.includes(checksum)) return false
    this.#acknowledging = [...this.#acknowledging, checksum].slice(-MAX_CHECKSUMS)
    return true
  }

  #forget(checksums: readonly number[]): void {
    const before = this.#pending.length
    this.#pending = this.#pending.filter(({ checksum }) => !checksums.includes(checksum))
    this.#acknowledged += before - this.#pending.length
  }

  /** Neither end has anything to say. */
  get #isQuiet(): boolean {
    return this.#pending.length === 0 && !this.#isPeerSending
  }

  #end(): void {
    this.#phase = 'over'
    this.#pending = []
    this.#acknowledging = []
  }
}

/** RFC 9443 §3. */
function isDtls(datagram: Uint8Array): boolean {
  return datagram[0]! >= 20 && datagram[0]! <= 63
}

/** As the draft recommends. */
const MAX_CHECKSUMS = 4
/** A flight with hybrid key shares and a certificate of an enterprise has some six. */
const MAX_PENDING = 16
/** What may be sent without a word of the peer: checks shall not be a means to flood others (RFC 8445 B.1). */
const BUDGET = 14_600
/** Bytes of the largest check: with IPv6 and a TURN hop it still passes every path. */
const MAX_MESSAGE = 1_200
/** Bytes of the attribute's header and padding, MESSAGE-INTEGRITY and FINGERPRINT. */
const ENVELOPE = 4 + 3 + 24 + 8
