import { type Deadlines, Millis } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import { copyBytes } from '../copy.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import { DataFlag, dataHeaderLength, putDataHeader } from '../wire/data.ts'
import { commonHeaderLength } from '../wire/packet.ts'
import { Acknowledgements, type SackVerdict } from './acknowledgements.ts'
import type { CongestionControl } from './congestion-control.ts'
import { FastRetransmit } from './fast-retransmit.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { PartialReliability } from './partial-reliability.ts'
import type { RoundTripTime } from './round-trip-time.ts'
import { SendQueue } from './send-queue.ts'
import { ChunkState, fastRetransmitted, SentChunks } from './sent-chunks.ts'

/** The sending half of an association: cuts messages into chunks and sees them through, RFC 9260 §6 and §7. */
export class Sender {
  readonly queue: SendQueue = new SendQueue()
  readonly congestion: CongestionControl
  readonly #settings: Settings
  readonly #deadlines: Deadlines
  readonly #roundTrip: RoundTripTime
  readonly #chunks: SentChunks
  readonly #acks: Acknowledgements
  readonly #fastRetransmit: FastRetransmit
  readonly #partial: PartialReliability
  #packetSize: number
  #baseSize: number
  /** The peer's last advertised window. */
  #peerWindow = 0
  /** Bytes that may still leave before the next SACK, so that an opened window is no burst. */
  #burst: number
  /** The next packet of lost chunks may exceed the congestion window (RFC 9260 §7.2.4, §6.3.3 E3). */
  #retransmitsOnePacket = false
  #lastSentAt = 0
  /** T3 went off, and no SACK has come since: one packet is all that may leave (RFC 9260 §6.3.3 E3). */
  #awaitsAnswer = false
  /** A chunk was lost so often that the packet size may be to blame. */
  #doubtsPath = false

  constructor(settings: Settings, deadlines: Deadlines, roundTrip: RoundTripTime, initialTsn: Tsn) {
    this.#settings = settings
    this.#deadlines = deadlines
    this.#roundTrip = roundTrip
    this.congestion = settings.congestionControl(settings.mtu, settings.initialWindow)
    this.#chunks = new SentChunks(initialTsn)
    this.#acks = new Acknowledgements(this.#chunks)
    this.#fastRetransmit = new FastRetransmit(this.#chunks)
    this.#partial = new PartialReliability(this.#chunks)
    this.#packetSize = settings.mtu
    this.#baseSize = settings.mtu
    this.#burst = settings.maxBurst * settings.mtu
  }

  /** What the handshake agreed on. */
  start(peerWindow: number, peerForwardsTsn: boolean): void {
    this.#peerWindow = peerWindow
    this.#partial.isSupported = peerForwardsTsn
  }

  get lastAssignedTsn(): Tsn {
    return Tsn.add(this.#chunks.next, -1)
  }

  /** Bytes of user data in flight. */
  get inFlight(): number {
    return this.#chunks.inFlight
  }

  /** Whether the last SACK acknowledged anything new. */
  get hasProgressed(): boolean {
    return this.#acks.ackedBytes > 0
  }

  /** Whether all that was ever given to send has been acknowledged or given up. */
  get isDrained(): boolean {
    return this.#chunks.size === 0 && this.queue.queuedBytes === 0
  }

  push(now: Millis, message: OutgoingMessage): void {
    if (this.#chunks.size === 0 && this.queue.queuedBytes === 0) this.#resumeFromIdle(now)
    this.queue.push(message)
  }

  /** Applies a SACK chunk at `offset`, whose length fits its counts, RFC 9260 §6.2.1. */
  handleSack(
    now: Millis,
    bytes: Uint8Array,
    offset: number,
    cumulativeTsn: Tsn,
    window: number,
  ): SackVerdict {
    const flightBefore = this.#chunks.inFlight
    const acks = this.#acks
    const verdict = acks.apply(now, bytes, offset, cumulativeTsn)
    if (verdict !== 'applied') return verdict
    this.#peerWindow = window
    this.#awaitsAnswer = false
    this.#burst = this.#settings.maxBurst * this.#packetSize
    if (!Number.isNaN(acks.roundTrip)) {
      this.#roundTrip.measured(acks.roundTrip)
      acks.measured()
    }
    const lost = this.#fastRetransmit.detect(acks)
    if (acks.ackedBytes > 0) {
      this.#roundTrip.answered()
      const recovering = this.#fastRetransmit.isRecovering
      this.congestion.acknowledged(now, acks.ackedBytes, flightBefore, acks.advanced, recovering)
    }
    if (lost > 0 && !this.#fastRetransmit.isRecovering) {
      this.congestion.lossDetected(now)
      this.#fastRetransmit.enterRecovery()
      this.#retransmitsOnePacket = true
    }
    this.#partial.review(now, lost > 0)
    if (acks.advanced) this.#restartT3(now)
    return verdict
  }

  /** The cumulative TSN of a SHUTDOWN. False where it acknowledges what was never sent. */
  handleCumulativeAck(now: Millis, cumulativeTsn: Tsn): boolean {
    if (!this.#acks.applyCumulative(now, cumulativeTsn)) return false
    if (this.#acks.ackedBytes > 0) this.#restartT3(now)
    return true
  }

  /**
   * T3-rtx went off, RFC 9260 §6.3.3. Returns whether that speaks against the path: it does not while the peer goes
   * on answering that it has no room (§6.1 A).
   */
  handleT3(now: Millis): boolean {
    const isProbe = this.#peerWindow === 0 && !this.#awaitsAnswer
    this.#awaitsAnswer = true
    this.congestion.timedOut(now)
    this.#roundTrip.backOff()
    this.#fastRetransmit.leaveRecovery()
    this.#acks.forgetBlocks()
    const chunks = this.#chunks
    for (let tsn = chunks.first; tsn !== chunks.next; tsn = Tsn.add(tsn, 1)) {
      if (chunks.state(tsn) !== ChunkState.abandoned) chunks.setState(tsn, ChunkState.lost)
      chunks.setFlags(tsn, chunks.flags(tsn) & ~fastRetransmitted)
    }
    this.#partial.review(now, true)
    this.#partial.repeat()
    this.#retransmitsOnePacket = true
    this.#burst = this.#settings.maxBurst * this.#packetSize
    this.#restartT3(now)
    return !isProbe
  }

  /** The path works after all: a timeout that losses have drawn out to a minute is not waited for. */
  pathAnswered(now: Millis): void {
    if (this.#deadlines.isArmed(Timer.t3)) this.#restartT3(now)
  }

  /** Whether losses make one doubt that the path carries packets of this size; said once. */
  takeDoubt(): boolean {
    const doubts = this.#doubtsPath
    this.#doubtsPath = false
    return doubts
  }

  /** Whether {@link Sender.produce} would send anything now. */
  wantsToSend(now: Millis): boolean {
    if (this.#partial.isForwardDue) return true
    if (this.#chunks.lostCount > 0) return this.#retransmitsOnePacket || this.#windowIsOpen
    return this.#windowIsOpen && this.queue.next(now) !== null
  }

  /** Fills packets with what may leave now. The last one is left open for the caller. */
  produce(now: Millis, packet: PacketWriter): void {
    if (this.#partial.isForwardDue) {
      this.#partial.write(packet)
      this.#deadlines.armIfIdle(Timer.t3, Millis(now + this.#roundTrip.rto))
    }
    if (this.#chunks.lostCount > 0) this.#resendLost(now, packet)
    if (this.#chunks.lostCount === 0) this.#sendNew(now, packet)
  }

  /** Packets have `size` bytes at most from now on; each chunk must fit one of `base`, should the path shrink. */
  packetSizeChanged(size: number, base: number): void {
    this.#baseSize = base
    this.#packetSize = size
    this.congestion.packetSizeChanged(size)
  }

  get #windowIsOpen(): boolean {
    if (this.#awaitsAnswer) return false
    return this.#chunks.inFlight < this.congestion.window && (this.#burst > 0 || this.#chunks.inFlight === 0)
  }

  #resendLost(now: Millis, packet: PacketWriter): void {
    const chunks = this.#chunks
    let hasBegun = false
    while (chunks.lostCount > 0) {
      const tsn = chunks.firstLost()
      const length = chunks.length(tsn)
      const startsPacket = dataHeaderLength + length > packet.room
      if (!this.#windowIsOpen) {
        if (!this.#retransmitsOnePacket || (startsPacket && hasBegun)) break
      }
      if (tsn === chunks.first) this.#restartT3(now)
      if (chunks.sends(tsn) >= sendsUntilDoubt) this.#doubtsPath = true
      chunks.resent(now, tsn)
      this.#write(now, packet, tsn)
      hasBegun = true
    }
    this.#retransmitsOnePacket = false
  }

  #sendNew(now: Millis, packet: PacketWriter): void {
    const chunks = this.#chunks
    const largest = this.#baseSize - commonHeaderLength - dataHeaderLength
    while (this.#windowIsOpen && !chunks.isFull) {
      const message = this.queue.next(now)
      if (message === null) return
      if (this.#partial.hasExpired(now, message)) {
        this.#partial.abandon(now, message)
        continue
      }
      const left = message.length - message.cut
      const room = packet.room - dataHeaderLength
      let length = Math.min(left, largest)
      // A message that is cut anyway fills up the packet at hand; one that fits a packet stays whole.
      if (left > largest && room >= smallestFragment && room < length) length = room
      if (!this.#peerHasRoom(length)) return
      this.#sendFragment(now, packet, message, length)
    }
  }

  #sendFragment(now: Millis, packet: PacketWriter, message: OutgoingMessage, length: number): void {
    const offset = message.cut
    const flags =
      (offset === 0 ? DataFlag.beginning : 0) |
      (offset + length === message.length ? DataFlag.ending : 0) |
      (message.unordered ? DataFlag.unordered : 0)
    this.queue.cut(message, length)
    const tsn = this.#chunks.push(now, message, offset, length, flags)
    this.#partial.sent(message)
    this.#write(now, packet, tsn)
  }

  #write(now: Millis, packet: PacketWriter, tsn: Tsn): void {
    const chunks = this.#chunks
    const message = chunks.message(tsn)
    const length = chunks.length(tsn)
    this.#burst -= length
    this.#lastSentAt = now
    this.#deadlines.armIfIdle(Timer.t3, Millis(now + this.#roundTrip.rto))
    const from = packet.reserve(dataHeaderLength + length)
    const flags = chunks.flags(tsn) & ~fastRetransmitted
    putDataHeader(packet.bytes, from, flags, tsn, message.stream, message.ssn, message.protocol, length)
    copyBytes(
      message.buffer,
      message.start + chunks.offset(tsn),
      length,
      packet.bytes,
      from + dataHeaderLength,
    )
  }

  /** RFC 9260 §6.1 A: beyond the peer's window only one chunk may be under way, to probe it. */
  #peerHasRoom(length: number): boolean {
    const inFlight = this.#chunks.inFlight
    return length <= this.#peerWindow - inFlight || inFlight === 0
  }

  #restartT3(now: Millis): void {
    if (this.#chunks.size > 0) this.#deadlines.arm(Timer.t3, Millis(now + this.#roundTrip.rto))
    else this.#deadlines.disarm(Timer.t3)
  }

  #resumeFromIdle(now: Millis): void {
    const timeouts = Math.floor((now - this.#lastSentAt) / this.#roundTrip.rto)
    if (timeouts > 0 && this.#lastSentAt > 0) this.congestion.idled(timeouts)
  }
}

/** A chunk that was lost so often may be too large for the path. */
const sendsUntilDoubt = 3

/** A smaller piece at the end of a packet is not worth its header. */
const smallestFragment = 128
