import type { Millis } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import { sackHeaderLength } from '../wire/sack.ts'
import { GapBlocks } from './gap-blocks.ts'
import type { LossDetection } from './loss-detection.ts'
import { ChunkState, type SentChunks } from './sent-chunks.ts'

/**
 * - `old`: overtaken by a later SACK.
 * - `invalid`: acknowledges what was never sent, or its blocks make no sense. Such a SACK changes nothing.
 */
export type SackVerdict = 'applied' | 'old' | 'invalid'

/**
 * Applies SACKs to the sent chunks, RFC 9260 §6.2.1. What the last SACK brought stands in the fields afterwards: no
 * result object is made for each.
 */
export class Acknowledgements {
  readonly #chunks: SentChunks
  readonly #losses: LossDetection
  #blocks = new GapBlocks()
  #previous = new GapBlocks()
  #ackedBytes = 0
  #ackedBytesOfPath = 0
  #advanced = false
  #highestNew: Tsn | undefined
  #roundTrip = Number.NaN
  #endsRound = false
  #hasDuplicates = false
  /** Chunks below this TSN were sent before the last round trip ended. */
  #roundStart: Tsn

  constructor(chunks: SentChunks, losses: LossDetection) {
    this.#chunks = chunks
    this.#losses = losses
    this.#roundStart = chunks.first
  }

  /** Bytes that the last SACK took over for the first time. */
  get ackedBytes(): number {
    return this.#ackedBytes
  }

  /** Those of them that were sent over the path that is in use now. */
  get ackedBytesOfPath(): number {
    return this.#ackedBytesOfPath
  }

  /** Whether the last SACK moved the cumulative TSN. */
  get advanced(): boolean {
    return this.#advanced
  }

  /** The highest TSN that the last SACK acknowledged for the first time. */
  get highestNew(): Tsn | undefined {
    return this.#highestNew
  }

  /**
   * Whether the last SACK took over a chunk that was sent after the last round trip ended, and measured it: another is
   * over (RFC 9260 §6.3.1 C4 takes one measurement of each).
   */
  get endsRound(): boolean {
    return this.#endsRound
  }

  /** Whether the last SACK reports chunks that came twice. */
  get hasDuplicates(): boolean {
    return this.#hasDuplicates
  }

  /** A round-trip time in milliseconds that the last SACK measured, else `NaN`. */
  get roundTrip(): number {
    return this.#roundTrip
  }

  /** The gap blocks of the last SACK. */
  get blocks(): GapBlocks {
    return this.#blocks
  }

  /** `bytes` holds at `at` a SACK chunk whose length has been checked against its counts. */
  apply(now: Millis, bytes: Uint8Array, at: number, cumulativeTsn: Tsn): SackVerdict {
    const chunks = this.#chunks
    this.#ackedBytes = 0
    this.#ackedBytesOfPath = 0
    this.#advanced = false
    this.#highestNew = undefined
    this.#roundTrip = Number.NaN
    this.#endsRound = false
    const released = Tsn.distance(chunks.first, cumulativeTsn) + 1
    if (released < 0) return 'old'
    if (released > chunks.size) return 'invalid'
    const gapCount = (bytes[at + 12]! << 8) | bytes[at + 13]!
    const blocks = this.#previous
    if (!blocks.read(bytes, at + sackHeaderLength, gapCount, cumulativeTsn, Tsn.add(chunks.next, -1)))
      return 'invalid'
    this.#previous = this.#blocks
    this.#blocks = blocks
    if (released > 0) this.#release(now, released)
    if (blocks.count > 0) this.#markReceived(now)
    this.#hasDuplicates = (bytes[at + 14]! | bytes[at + 15]!) !== 0
    if (this.#endsRound) this.#roundStart = chunks.next
    return 'applied'
  }

  /** SHUTDOWN carries a cumulative TSN alone. False where it lies beyond what was sent. */
  applyCumulative(now: Millis, cumulativeTsn: Tsn): boolean {
    const released = Tsn.distance(this.#chunks.first, cumulativeTsn) + 1
    if (released > this.#chunks.size) return false
    this.#ackedBytes = 0
    this.#ackedBytesOfPath = 0
    if (released > 0) this.#release(now, released)
    return true
  }

  /** After a timeout no gap block is believed any more: the peer may have dropped what it reported. */
  forgetBlocks(): void {
    this.#blocks.clear()
    this.#previous.clear()
  }

  #release(now: Millis, count: number): void {
    const chunks = this.#chunks
    this.#advanced = true
    for (let i = 0; i < count; i++) {
      const tsn = chunks.first
      const state = chunks.state(tsn)
      if (state === ChunkState.inFlight || state === ChunkState.lost) this.#take(now, tsn, state)
      chunks.shift()
    }
  }

  /** Visits only TSNs that the previous SACK's blocks did not cover. */
  #markReceived(now: Millis): void {
    const chunks = this.#chunks
    const previous = this.#previous
    let seen = 0
    for (let i = 0; i < this.#blocks.count; i++) {
      const end = this.#blocks.end(i)
      let tsn = this.#blocks.start(i)
      while (!Tsn.isAfter(tsn, end)) {
        while (seen < previous.count && Tsn.isAfter(tsn, previous.end(seen))) seen++
        if (seen < previous.count && !Tsn.isAfter(previous.start(seen), tsn)) {
          tsn = Tsn.add(previous.end(seen), 1)
          continue
        }
        const state = chunks.state(tsn)
        if (state === ChunkState.inFlight || state === ChunkState.lost) {
          this.#take(now, tsn, state)
          chunks.setState(tsn, ChunkState.received)
        }
        tsn = Tsn.add(tsn, 1)
      }
    }
  }

  /** A chunk has arrived that was not known to have. What went over another path tells nothing of this one. */
  #take(now: Millis, tsn: Tsn, state: ChunkState): void {
    const chunks = this.#chunks
    const length = chunks.length(tsn)
    this.#ackedBytes += length
    this.#highestNew = tsn
    this.#losses.delivered(now, tsn)
    if (!chunks.isOfPath(tsn)) return
    this.#ackedBytesOfPath += length
    this.#measure(now, tsn, state)
  }

  /**
   * The last chunk of the SACK wins: its arrival is what the peer answered. A chunk that was sent twice measures
   * nothing (Karn), nor does one that was taken for lost: its own SACK was, and the timeout since is no round trip.
   */
  #measure(now: Millis, tsn: Tsn, state: ChunkState): void {
    const chunks = this.#chunks
    if (chunks.sends(tsn) !== 1 || state !== ChunkState.inFlight) return
    this.#roundTrip = now - chunks.sentAt(tsn)
    if (!Tsn.isAfter(this.#roundStart, tsn)) this.#endsRound = true
  }
}
