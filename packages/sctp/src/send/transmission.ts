import { type Deadlines, Millis } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import { copyBytes } from '../copy.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { Timer } from '../timer.ts'
import type { Tsn } from '../tsn.ts'
import { DataFlag, dataHeaderLength, putDataHeader } from '../wire/data.ts'
import { iDataHeaderLength, putIDataHeader } from '../wire/i-data.ts'
import { commonHeaderLength } from '../wire/packet.ts'
import type { CongestionControl } from './congestion-control.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { Pacer } from './pacer.ts'
import type { PartialReliability } from './partial-reliability.ts'
import type { RoundTripTime } from './round-trip-time.ts'
import type { ProportionalRate } from './proportional-rate.ts'
import type { SendQueue } from './send-queue.ts'
import type { SentChunks } from './sent-chunks.ts'

/** Fills packets with DATA as the windows and the pace allow, RFC 9260 §6.1: lost chunks first, then new ones. */
export class Transmission {
  readonly pacer: Pacer = new Pacer()
  #congestion: CongestionControl
  readonly #settings: Settings
  readonly #deadlines: Deadlines
  readonly #roundTrip: RoundTripTime
  readonly #queue: SendQueue
  readonly #chunks: SentChunks
  readonly #partial: PartialReliability
  readonly #recoveryRate: ProportionalRate
  #packetSize: number
  /** Bytes of the packet that each new chunk must fit, should the path shrink. */
  #holdsChunk: number
  #headerLength = dataHeaderLength
  /** The peer's last advertised window. */
  peerWindow = 0
  /** The next packet of lost chunks may exceed the congestion window (RFC 9260 §7.2.4, §6.3.3 E3). */
  repeatsOnePacket = false
  /** The next new chunk may exceed the congestion window: a tail probe (RFC 8985 §7.3). */
  probesOnce = false
  /** The next new chunk may exceed the peer's window, to find out whether that is still closed (RFC 9260 §6.1 A). */
  probesWindow = false
  /** T3 went off, and no SACK has come since: one packet is all that may leave (RFC 9260 §6.3.3 E3). */
  awaitsAnswer = false
  /** Whether anything was sent over the path that is in use now. */
  hasUsedPath = false
  /** What leaves next asks the peer not to hold back its SACK, RFC 9260 §3.3.1: nothing comes after it that would draw one. */
  asksForSack = false
  /** A chunk was lost so often that the packet size may be to blame. */
  doubtsPath = false
  lastSentAt = 0
  /** The most bytes in flight in this round trip and the one before. */
  #highestFlight = 0
  #previousFlight = 0
  #hasWritten = false

  constructor(
    settings: Settings,
    deadlines: Deadlines,
    roundTrip: RoundTripTime,
    congestion: CongestionControl,
    queue: SendQueue,
    chunks: SentChunks,
    partial: PartialReliability,
    recoveryRate: ProportionalRate,
  ) {
    this.#settings = settings
    this.#deadlines = deadlines
    this.#roundTrip = roundTrip
    this.#congestion = congestion
    this.#queue = queue
    this.#chunks = chunks
    this.#partial = partial
    this.#recoveryRate = recoveryRate
    this.#packetSize = settings.mtu
    this.#holdsChunk = settings.mtu
  }

  /** Bytes of the largest packet. */
  get packetSize(): number {
    return this.#packetSize
  }

  /** Whether messages go as I-DATA, RFC 8260. */
  set interleaves(interleaves: boolean) {
    this.#headerLength = interleaves ? iDataHeaderLength : dataHeaderLength
    this.#queue.mixing.largestChunk = this.#largestChunk
  }

  /** Packets have `size` bytes at most from now on; each chunk must fit one of `holdsChunk` bytes. */
  packetSizeChanged(size: number, holdsChunk: number): void {
    this.#packetSize = size
    this.#holdsChunk = holdsChunk
    this.#queue.mixing.largestChunk = this.#largestChunk
  }

  /** Another path carries what is sent from now on, under its own congestion control. */
  pathChanged(congestion: CongestionControl): void {
    this.#congestion = congestion
    this.hasUsedPath = false
    this.awaitsAnswer = false
    this.#highestFlight = 0
    this.#previousFlight = 0
  }

  /** The most bytes that were in flight since the round trip before this one began. */
  get highestFlight(): number {
    return Math.max(this.#highestFlight, this.#previousFlight)
  }

  /** A round trip is over. */
  roundEnded(): void {
    this.#previousFlight = this.#highestFlight
    this.#highestFlight = this.#chunks.inFlight
  }

  /** Whether {@link Transmission.produce} would send anything now. */
  wantsToSend(now: Millis): boolean {
    if (this.#partial.isForwardDue) return true
    if (this.#chunks.lostCount > 0) return this.repeatsOnePacket || this.#mayLeave(now)
    return this.#mayLeave(now) && this.#queue.next(now) !== null
  }

  /** Fills packets with what may leave now; the last one is left open. Returns whether there was any DATA. */
  produce(now: Millis, packet: PacketWriter): boolean {
    this.#hasWritten = false
    if (this.#partial.isForwardDue) {
      this.#partial.write(packet)
      this.hasUsedPath = true
      this.#deadlines.armIfIdle(Timer.t3, Millis(now + this.#roundTrip.rto))
    }
    if (this.#chunks.lostCount > 0) this.#resendLost(now, packet)
    if (this.#chunks.lostCount === 0) this.#sendNew(now, packet)
    if (this.#hasWritten) this.asksForSack = false
    return this.#hasWritten
  }

  restartT3(now: Millis): void {
    if (this.#chunks.size > 0) this.#deadlines.arm(Timer.t3, Millis(now + this.#roundTrip.rto))
    else this.#deadlines.disarm(Timer.t3)
  }

  /** Beyond the peer's window only one chunk may be under way, and beyond a closed one only to probe it. */
  peerHasRoom(length: number): boolean {
    const { inFlight } = this.#chunks
    return (
      length <= this.peerWindow - inFlight || (inFlight === 0 && (this.peerWindow > 0 || this.probesWindow))
    )
  }

  /** What the congestion window and the pace allow. Where the pace is in the way, its timer is set. */
  #mayLeave(now: Millis): boolean {
    const { inFlight } = this.#chunks
    if (this.awaitsAnswer || inFlight >= this.#congestion.window) return false
    if (this.#recoveryRate.isActive && !this.#recoveryRate.allows) return inFlight === 0
    if (inFlight === 0 || this.pacer.allows(now, this.#settings.maxBurst * this.#packetSize)) return true
    this.#deadlines.arm(Timer.pacing, Millis(this.pacer.next(now, this.#packetSize)))
    return false
  }

  #resendLost(now: Millis, packet: PacketWriter): void {
    const chunks = this.#chunks
    let hasBegun = false
    while (chunks.lostCount > 0) {
      const tsn = chunks.firstLost()
      const length = chunks.length(tsn)
      const startsPacket = this.#headerLength + length > packet.room
      if (!this.#mayLeave(now)) {
        if (!this.repeatsOnePacket || (startsPacket && hasBegun)) break
      }
      if (tsn === chunks.first) this.restartT3(now)
      if (chunks.sends(tsn) >= sendsUntilDoubt) this.doubtsPath = true
      chunks.resent(now, tsn)
      this.#write(now, packet, tsn)
      hasBegun = true
    }
    this.repeatsOnePacket = false
  }

  #sendNew(now: Millis, packet: PacketWriter): void {
    const chunks = this.#chunks
    const largest = this.#largestChunk
    while (!chunks.isFull) {
      const message = this.#queue.next(now)
      if (message === null || !(this.probesOnce || this.#mayLeave(now))) return
      if (this.#partial.hasExpired(now, message)) {
        this.#partial.abandon(now, message)
        continue
      }
      const left = message.prepare()
      const room = packet.room - this.#headerLength
      let length = Math.min(left, largest)
      // A message that is cut anyway fills up the packet at hand; one that fits a packet stays whole.
      if (left > largest && room >= smallestFragment && room < length) length = room
      if (!this.peerHasRoom(length)) {
        // RFC 9260 §6.1 A: the first probe of a closed window leaves after a timeout.
        this.#deadlines.armIfIdle(Timer.t3, Millis(now + this.#roundTrip.rto))
        return
      }
      this.probesOnce = false
      this.probesWindow = false
      this.#sendFragment(now, packet, message, length)
    }
  }

  get #largestChunk(): number {
    return this.#holdsChunk - commonHeaderLength - this.#headerLength
  }

  #sendFragment(now: Millis, packet: PacketWriter, message: OutgoingMessage, length: number): void {
    // The queue may go on to the message's next piece.
    const { buffer } = message
    const offset = message.start + message.cut
    this.#queue.cut(message, length)
    const flags =
      (message.fragments === 0 ? DataFlag.beginning : 0) |
      (message.isCut ? DataFlag.ending : 0) |
      (message.unordered ? DataFlag.unordered : 0)
    const tsn = this.#chunks.push(now, message, buffer, offset, length, flags)
    this.#partial.sent(message)
    this.#write(now, packet, tsn)
  }

  #write(now: Millis, packet: PacketWriter, tsn: Tsn): void {
    const chunks = this.#chunks
    const message = chunks.message(tsn)
    const length = chunks.length(tsn)
    this.#hasWritten = true
    this.hasUsedPath = true
    this.pacer.sent(length)
    this.#recoveryRate.sent(length)
    if (chunks.inFlight > this.#highestFlight) this.#highestFlight = chunks.inFlight
    this.lastSentAt = now
    this.#deadlines.armIfIdle(Timer.t3, Millis(now + this.#roundTrip.rto))
    const header = this.#headerLength
    const from = packet.reserveData(header + length)
    const { bytes } = packet
    const { stream, protocol } = message
    const flags = chunks.flags(tsn) | (this.asksForSack ? DataFlag.immediate : 0)
    if (header === dataHeaderLength)
      putDataHeader(bytes, from, flags, tsn, stream, message.ssn, protocol, length)
    else putIDataHeader(bytes, from, flags, tsn, stream, message.mid, protocol, chunks.fsn(tsn), length)
    copyBytes(chunks.buffer(tsn), chunks.offset(tsn), length, bytes, from + header)
  }
}

/** A chunk that was lost so often may be too large for the path. */
const sendsUntilDoubt = 3
/** A smaller piece at the end of a packet is not worth its header. */
const smallestFragment = 128
