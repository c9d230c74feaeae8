import { type Deadlines, Millis } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import { Acknowledgements, type SackVerdict } from './acknowledgements.ts'
import type { CongestionControl } from './congestion-control.ts'
import { CongestionNews } from './congestion-news.ts'
import { LossDetection } from './loss-detection.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { PartialReliability } from './partial-reliability.ts'
import { ProportionalRate } from './proportional-rate.ts'
import type { RoundTripTime } from './round-trip-time.ts'
import { SendQueue } from './send-queue.ts'
import { ChunkState, SentChunks } from './sent-chunks.ts'
import { TailProbe } from './tail-probe.ts'
import { Transmission } from './transmission.ts'

/** The sending half of an association: sees every chunk through until it is acknowledged, RFC 9260 §6 and §7. */
export class Sender {
  readonly queue: SendQueue
  readonly #settings: Settings
  #congestion: CongestionControl
  readonly #deadlines: Deadlines
  readonly #roundTrip: RoundTripTime
  readonly #chunks: SentChunks
  readonly #losses: LossDetection
  readonly #acks: Acknowledgements
  readonly #partial: PartialReliability
  readonly #tailProbe: TailProbe
  readonly #transmission: Transmission
  readonly #recoveryRate = new ProportionalRate()
  readonly #news: CongestionNews

  constructor(settings: Settings, deadlines: Deadlines, roundTrip: RoundTripTime, initialTsn: Tsn) {
    this.#settings = settings
    this.#deadlines = deadlines
    this.#roundTrip = roundTrip
    this.queue = new SendQueue(settings.scheduler)
    const congestion = settings.congestionControl(settings.mtu, settings.initialWindow)
    const chunks = new SentChunks(initialTsn)
    const partial = new PartialReliability(chunks, this.queue.abandoned)
    this.#congestion = congestion
    this.#chunks = chunks
    this.#partial = partial
    this.#losses = new LossDetection(chunks)
    this.#acks = new Acknowledgements(chunks, this.#losses)
    this.#tailProbe = new TailProbe(deadlines, roundTrip, chunks, settings.sackDelay)
    this.#transmission = new Transmission(
      settings,
      deadlines,
      roundTrip,
      congestion,
      this.queue,
      chunks,
      partial,
      this.#recoveryRate,
    )
    this.#news = new CongestionNews(this.#acks, this.#losses, roundTrip)
  }

  /** What the handshake agreed on. */
  start(peerWindow: number, peerForwardsTsn: boolean, interleaves: boolean): void {
    this.#transmission.peerWindow = peerWindow
    this.#transmission.interleaves = interleaves
    this.#partial.interleaves = interleaves
    this.queue.interleaves = interleaves
    this.queue.mixing.window = peerWindow
    this.#partial.isSupported = peerForwardsTsn
  }

  get congestion(): CongestionControl {
    return this.#congestion
  }

  get lastAssignedTsn(): Tsn {
    return Tsn.add(this.#chunks.next, -1)
  }

  /** Whether the last SACK acknowledged anything new. */
  get hasProgressed(): boolean {
    return this.#acks.ackedBytes > 0
  }

  /** Whether all that was ever given to send has been acknowledged or given up. */
  get isDrained(): boolean {
    return this.#chunks.size === 0 && this.queue.queuedBytes === 0
  }

  /** Whether messages may be sent while they are written: others are not held up, and one that breaks off is skipped. */
  get canStream(): boolean {
    return this.queue.interleaves && this.#partial.isSupported
  }

  push(now: Millis, message: OutgoingMessage): void {
    if (this.isDrained) this.#resumeFromIdle(now)
    this.queue.push(message)
  }

  /** Bytes were written to a message that is queued, or it was ended. */
  extended(now: Millis, message: OutgoingMessage, bytes: number): void {
    if (this.isDrained) this.#resumeFromIdle(now)
    this.queue.extended(message, bytes)
  }

  /** Gives up a message that is not all sent. */
  abandon(now: Millis, message: OutgoingMessage): void {
    if (message.fragments > 0) this.#partial.abandon(now, message)
    message.isAbandoned = true
    this.queue.extended(message, 0)
  }

  /** Applies a SACK chunk at `offset`, whose length fits its counts, RFC 9260 §6.2.1. */
  handleSack(
    now: Millis,
    bytes: Uint8Array,
    offset: number,
    cumulativeTsn: Tsn,
    window: number,
  ): SackVerdict {
    const acks = this.#acks
    const transmission = this.#transmission
    // The peer delays the SACK of a lone packet.
    const isHeldBack = this.#chunks.inFlight <= transmission.packetSize
    const verdict = acks.apply(now, bytes, offset, cumulativeTsn)
    if (verdict !== 'applied') return verdict
    transmission.peerWindow = window
    transmission.awaitsAnswer = false
    if (acks.endsRound) this.#roundTrip.measured(acks.roundTrip, isHeldBack)
    if (acks.hasDuplicates) this.#losses.repeatedInVain()
    const lost = this.#detectLosses(now)
    this.#recover(now, lost, this.#tailProbe.repaired(acks))
    if (acks.ackedBytes > 0) {
      this.#roundTrip.answered()
      if (acks.ackedBytesOfPath > 0)
        this.#congestion.acknowledged(this.#news.take(now, transmission.highestFlight))
      if (acks.endsRound) transmission.roundEnded()
    }
    if (this.#losses.isRecovering)
      this.#recoveryRate.acknowledged(
        acks.ackedBytes,
        this.#chunks.inFlight,
        transmission.packetSize,
        acks.advanced && lost === 0,
      )
    else this.#recoveryRate.end()
    this.#pace()
    if (acks.advanced || this.#chunks.size === 0) transmission.restartT3(now)
    this.#armTailProbe(now)
    return verdict
  }

  /** The cumulative TSN of a SHUTDOWN. False where it acknowledges what was never sent. */
  handleCumulativeAck(now: Millis, cumulativeTsn: Tsn): boolean {
    if (!this.#acks.applyCumulative(now, cumulativeTsn)) return false
    if (this.#acks.ackedBytes > 0) this.#transmission.restartT3(now)
    return true
  }

  /**
   * T3-rtx went off, RFC 9260 §6.3.3. Returns whether that speaks against the path: it does not while the peer goes
   * on answering that it has no room (§6.1 A), nor does that say anything of what the path carries.
   */
  handleT3(now: Millis): boolean {
    if (this.#chunks.size === 0) {
      this.#transmission.probesWindow = true
      return false
    }
    const transmission = this.#transmission
    const isProbe = transmission.peerWindow === 0 && !transmission.awaitsAnswer
    // What it was waiting for may all have gone over another path (RFC 9260 §6.3.3 E1: each address has its own).
    const isOfPath = transmission.hasUsedPath
    if (isOfPath) {
      transmission.awaitsAnswer = true
      if (!isProbe) this.#congestion.timedOut(now)
      this.#roundTrip.backOff()
    }
    this.#losses.leaveRecovery()
    this.#recoveryRate.end()
    this.#deadlines.disarm(Timer.reordering)
    this.#tailProbe.forget()
    this.#acks.forgetBlocks()
    const chunks = this.#chunks
    for (let tsn = chunks.first; tsn !== chunks.next; tsn = Tsn.add(tsn, 1))
      if (chunks.state(tsn) !== ChunkState.abandoned) chunks.setState(tsn, ChunkState.lost)
    this.#partial.review(now, true)
    this.#partial.repeat()
    transmission.repeatsOnePacket = true
    transmission.asksForSack = true
    transmission.restartT3(now)
    this.#pace()
    return isOfPath && !isProbe
  }

  /** What others overtook has not come, RFC 8985 §6.3. */
  handleReordering(now: Millis): void {
    this.#recover(now, this.#detectLosses(now), false)
    this.#pace()
  }

  /** RFC 8985 §7.3: no SACK has come for what was sent last. */
  handleTailProbe(now: Millis): void {
    const chunks = this.#chunks
    if (chunks.inFlight === 0 || chunks.lostCount > 0 || this.#losses.isRecovering) return
    const hasNew =
      this.queue.next(now) !== null && this.#transmission.peerHasRoom(this.#transmission.packetSize)
    this.#tailProbe.sent(!hasNew)
    this.#transmission.asksForSack = true
    if (hasNew) {
      this.#transmission.probesOnce = true
    } else {
      chunks.loseLast()
      this.#transmission.repeatsOnePacket = true
    }
    this.#transmission.restartT3(now)
  }

  /** The path works after all: a timeout that losses have drawn out to a minute is not waited for. */
  pathAnswered(now: Millis): void {
    if (this.#deadlines.isArmed(Timer.t3)) this.#transmission.restartT3(now)
  }

  /** Whether losses make one doubt that the path carries packets of this size; said once. */
  takeDoubt(): boolean {
    const doubts = this.#transmission.doubtsPath
    this.#transmission.doubtsPath = false
    return doubts
  }

  /** Whether {@link Sender.produce} would send anything now. */
  wantsToSend(now: Millis): boolean {
    return this.#transmission.wantsToSend(now)
  }

  /** Fills packets with what may leave now. The last one is left open for the caller. */
  produce(now: Millis, packet: PacketWriter): void {
    if (this.#transmission.produce(now, packet)) this.#armTailProbe(now)
  }

  /** Packets have `size` bytes at most from now on; each chunk must fit one of `holdsChunk` bytes. */
  packetSizeChanged(size: number, holdsChunk: number): void {
    this.#transmission.packetSizeChanged(size, holdsChunk)
    this.#congestion.packetSizeChanged(size)
  }

  /**
   * Another path carries the packets: what was learnt of the old one does not hold for it (RFC 9260 §7.2.5.2), nor does what
   * is still to be learnt of what went there: each path has its own window (§7.2).
   */
  pathChanged(): void {
    const { congestionControl, initialWindow } = this.#settings
    this.#congestion = congestionControl(this.#transmission.packetSize, initialWindow)
    this.#chunks.pathChanged()
    this.#transmission.pathChanged(this.#congestion)
    this.#roundTrip.restart()
    this.#losses.leaveRecovery()
    this.#tailProbe.forget()
    this.#recoveryRate.end()
    this.#pace()
  }

  #detectLosses(now: Millis): number {
    const smoothed = this.#roundTrip.smoothed ?? Number.NaN
    const lost = this.#losses.detect(now, this.#acks, smoothed, this.#transmission.packetSize)
    this.#deadlines.arm(Timer.reordering, Millis(this.#losses.deadline))
    return lost
  }

  /** Chunks were lost, or `repaired` by a probe before anybody knew: one reduction for each flight. */
  #recover(now: Millis, lost: number, repaired: boolean): void {
    if (lost > 0) this.#tailProbe.forget()
    const isOfPath = repaired || this.#losses.isPathToBlame
    if (isOfPath && !this.#losses.isRecovering) {
      this.#congestion.lossDetected(now)
      if (lost > 0) {
        this.#losses.enterRecovery()
        this.#recoveryRate.begin(this.#transmission.highestFlight, this.#congestion.window)
        this.#transmission.repeatsOnePacket = true
      }
    }
    this.#partial.review(now, lost > 0)
  }

  #armTailProbe(now: Millis): void {
    const isCalm = !this.#losses.isRecovering && this.#chunks.lostCount === 0
    const { awaitsAnswer, peerWindow, packetSize } = this.#transmission
    if (isCalm && !awaitsAnswer && peerWindow > 0) this.#tailProbe.arm(now, packetSize)
    else this.#tailProbe.disarm()
  }

  #pace(): void {
    const congestion = this.#congestion
    this.#transmission.pacer.adjust(
      congestion.window,
      this.#losses.isRecovering ? 1 : congestion.pacingGain,
      this.#roundTrip.travel,
    )
  }

  #resumeFromIdle(now: Millis): void {
    const { lastSentAt } = this.#transmission
    const timeouts = Math.floor((now - lastSentAt) / this.#roundTrip.rto)
    if (timeouts > 0 && lastSentAt > 0) this.#congestion.idled(timeouts)
  }
}
