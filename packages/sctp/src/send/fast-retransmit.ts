import { Tsn } from '../tsn.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import { ChunkState, fastRetransmitted, type SentChunks } from './sent-chunks.ts'

/**
 * Finds lost chunks by counting the SACKs that report them missing, and knows the period of fast recovery,
 * RFC 9260 §7.2.4.
 */
export class FastRetransmit {
  readonly #chunks: SentChunks
  /** Fast recovery ends when the cumulative TSN reaches this one. */
  #recoveryPoint: Tsn | undefined

  constructor(chunks: SentChunks) {
    this.#chunks = chunks
  }

  get isRecovering(): boolean {
    return this.#recoveryPoint !== undefined
  }

  /** Looks at the SACK just applied; returns how many chunks became lost. */
  detect(acks: Acknowledgements): number {
    const chunks = this.#chunks
    if (this.#recoveryPoint !== undefined && Tsn.isAfter(chunks.first, this.#recoveryPoint))
      this.#recoveryPoint = undefined
    const blocks = acks.blocks
    if (blocks.count === 0) return 0
    // Only TSNs below the highest newly acknowledged one count as missed, unless recovery is making progress.
    const limit =
      this.#recoveryPoint !== undefined && acks.advanced ? blocks.end(blocks.count - 1) : acks.highestNew
    if (limit === undefined) return 0
    let lost = 0
    let tsn = chunks.first
    for (let i = 0; i < blocks.count; i++) {
      for (const start = blocks.start(i); Tsn.isAfter(start, tsn); tsn = Tsn.add(tsn, 1)) {
        if (!Tsn.isAfter(limit, tsn)) return lost
        lost += this.#missing(tsn)
      }
      tsn = Tsn.add(blocks.end(i), 1)
    }
    return lost
  }

  /** Begins fast recovery, which ends when all that is outstanding now has arrived. */
  enterRecovery(): void {
    this.#recoveryPoint = Tsn.add(this.#chunks.next, -1)
  }

  /** A timeout ends fast recovery: slow start takes over. */
  leaveRecovery(): void {
    this.#recoveryPoint = undefined
  }

  #missing(tsn: Tsn): number {
    const chunks = this.#chunks
    const state = chunks.state(tsn)
    if (state === ChunkState.received) {
      // The peer took its word back (RFC 9260 §6.2.1): the chunk counts as outstanding again.
      chunks.setState(tsn, ChunkState.inFlight)
      return 0
    }
    if (state !== ChunkState.inFlight || (chunks.flags(tsn) & fastRetransmitted) !== 0) return 0
    if (chunks.missed(tsn) < missesUntilLost) return 0
    chunks.setFlags(tsn, chunks.flags(tsn) | fastRetransmitted)
    chunks.setState(tsn, ChunkState.lost)
    return 1
  }
}

const missesUntilLost = 3
