import type { Millis } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import { ChunkState, type SentChunks } from './sent-chunks.ts'

/**
 * Takes a chunk for lost when one that was sent well after it has arrived: RACK, RFC 8985, with chunks for segments.
 * It counts time and not reports, so that a retransmission that is lost, too, and the end of a flight need no timeout,
 * and a path that reorders costs no retransmissions.
 */
export class LossDetection {
  readonly #chunks: SentChunks
  /** The chunk that was sent last among those that have arrived. */
  #latestOrder = -1
  #latestRoundTrip = 0
  #isLatestRepeated = false
  /** The highest TSN that has arrived, and whether one ever came below it. */
  #highest: Tsn
  #hasReordering = false
  /** How many quarters of a round trip late chunks are waited for. */
  #patience = 1
  #patienceRound: Tsn
  #calmRecoveries = 0
  #minRoundTrip = Infinity
  /** Recovery ends when the cumulative TSN reaches this one. */
  #recoveryPoint: Tsn | undefined
  #deadline = Infinity
  #isPathToBlame = false

  constructor(chunks: SentChunks) {
    this.#chunks = chunks
    this.#highest = Tsn.add(chunks.first, -1)
    this.#patienceRound = chunks.first
  }

  get isRecovering(): boolean {
    return this.#recoveryPoint !== undefined
  }

  /** When chunks that are missing now will be taken for lost, `Infinity` for never. */
  get deadline(): number {
    return this.#deadline
  }

  /** Whether anything that was last found lost had been sent over the path that is in use now. */
  get isPathToBlame(): boolean {
    return this.#isPathToBlame
  }

  /** A chunk has arrived, RFC 8985 §6.2 steps 1 to 3. */
  delivered(now: Millis, tsn: Tsn): void {
    const chunks = this.#chunks
    const sends = chunks.sends(tsn)
    const sentAt = chunks.sentAt(tsn)
    const roundTrip = now - sentAt
    if (sends > 1) {
      // The answer is to an earlier transmission.
      if (roundTrip < this.#minRoundTrip) return
    } else {
      if (roundTrip < this.#minRoundTrip) this.#minRoundTrip = roundTrip
      if (Tsn.isAfter(this.#highest, tsn)) this.#hasReordering = true
    }
    if (Tsn.isAfter(tsn, this.#highest)) this.#highest = tsn
    const order = chunks.order(tsn)
    if (((order - this.#latestOrder) | 0) <= 0) return
    this.#latestOrder = order
    this.#latestRoundTrip = roundTrip
    this.#isLatestRepeated = sends > 1
  }

  /** The peer reports that it got chunks twice: they were not lost (RFC 8985 §6.2 step 4). */
  repeatedInVain(): void {
    if (Tsn.isAfter(this.#patienceRound, this.#chunks.first)) return
    this.#patienceRound = this.#chunks.next
    this.#hasReordering = true
    this.#patience = Math.min(this.#patience + 1, longestPatience)
    this.#calmRecoveries = 0
  }

  /** Looks for losses after a SACK or at the {@link LossDetection.deadline}; returns how many chunks became lost. */
  detect(now: Millis, acks: Acknowledgements, smoothedRoundTrip: number, packetSize: number): number {
    const chunks = this.#chunks
    this.#deadline = Infinity
    this.#isPathToBlame = false
    if (this.#recoveryPoint !== undefined && Tsn.isAfter(chunks.first, this.#recoveryPoint))
      this.#endRecovery()
    const { blocks } = acks
    if (blocks.count === 0 && !this.#isLatestRepeated) return 0
    const window = this.#reorderingWindow(smoothedRoundTrip, packetSize)
    let lost = 0
    let tsn = chunks.first
    for (let i = 0; i < blocks.count; i++) {
      for (const start = blocks.start(i); Tsn.isAfter(start, tsn); tsn = Tsn.add(tsn, 1)) {
        if (chunks.state(tsn) === ChunkState.received) chunks.setState(tsn, ChunkState.inFlight)
        if (this.#isLost(now, tsn, window)) lost++
      }
      tsn = Tsn.add(blocks.end(i), 1)
    }
    // Above the highest report, what was sent for the first time is in the order of time.
    for (; tsn !== chunks.next && (chunks.sends(tsn) > 1 || this.#isOlder(tsn)); tsn = Tsn.add(tsn, 1))
      if (this.#isLost(now, tsn, window)) lost++
    return lost
  }

  /** Begins recovery, which ends when all that is outstanding now has arrived. */
  enterRecovery(): void {
    this.#recoveryPoint = Tsn.add(this.#chunks.next, -1)
  }

  /** A timeout ends recovery: slow start takes over. */
  leaveRecovery(): void {
    this.#recoveryPoint = undefined
    this.#deadline = Infinity
    // What is sent again from here on must not be measured against what came before.
    this.#isLatestRepeated = false
  }

  #endRecovery(): void {
    this.#recoveryPoint = undefined
    if (++this.#calmRecoveries >= recoveriesUntilCalm) this.#patience = 1
  }

  /** RFC 8985 §6.2 step 5. */
  #isLost(now: Millis, tsn: Tsn, window: number): boolean {
    const chunks = this.#chunks
    if (chunks.state(tsn) !== ChunkState.inFlight || !this.#isOlder(tsn)) return false
    const due = chunks.sentAt(tsn) + this.#latestRoundTrip + window
    if (due > now) {
      // The earliest: each expiry takes what is due by then.
      if (due < this.#deadline) this.#deadline = due
      return false
    }
    chunks.setState(tsn, ChunkState.lost)
    if (chunks.isOfPath(tsn)) this.#isPathToBlame = true
    return true
  }

  /** Whether the chunk was sent before the latest that has arrived: RACK_sent_after, by count rather than by clock. */
  #isOlder(tsn: Tsn): boolean {
    return ((this.#chunks.order(tsn) - this.#latestOrder) | 0) < 0
  }

  /** RFC 8985 §6.2 step 4: until a path is seen to reorder, three packets that overtook are proof enough. */
  #reorderingWindow(smoothedRoundTrip: number, packetSize: number): number {
    if (!this.#hasReordering) {
      if (this.#recoveryPoint !== undefined) return 0
      if (this.#chunks.receivedBytes > 2 * packetSize) return 0
    }
    const limit = Number.isNaN(smoothedRoundTrip) ? Infinity : smoothedRoundTrip
    const least = this.#minRoundTrip === Infinity ? 0 : this.#minRoundTrip
    return Math.min((this.#patience * least) / 4, limit)
  }
}

/** A whole round trip is the most that a late chunk is waited for. */
const longestPatience = 16
const recoveriesUntilCalm = 16
