import { Millis, Reader, Writer } from '@purertc/bytes'

import type { Context } from '../association/context.ts'
import { Timer } from '../timer.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { commonHeaderLength } from '../wire/packet.ts'
import { PacketSizeSearch } from './packet-size-search.ts'

/**
 * Finds the largest packet that the path carries, RFC 8899: probes are HEARTBEATs that PAD chunks (RFC 4820) fill up,
 * so that a lost one costs no data. The search begins when there is more to send than a packet takes, and an
 * association that says little never pays for it.
 *
 * Every chunk of user data fits the base size whatever the packet's, so that the path may shrink at any time; but for
 * `largeChunks`.
 */
export class PathMtu {
  readonly #context: Context
  readonly #newNumber: () => number
  readonly #changed: (size: number, largestChunk: number) => void
  /** What passes every path: BASE_PLPMTU. */
  #base: number
  /** MAX_PLPMTU. */
  #ceiling: number
  #hasLargeChunks: boolean
  /** The largest packet that the peer has said it takes; 0 until then, and for a peer that does not say. */
  #peerLimit = 0
  #search: PacketSizeSearch | null = null
  /** The size that worked before it was doubted: tried first. */
  #former = 0
  /** Whether nothing is left to find until the raise timer or the path says so. */
  #isComplete = false
  /** The number in the probe that is under way, 0 for none. */
  #probe = 0
  #probeSize = 0
  #attempts = 0

  /** `changed` is told each new size, and the size of the packet that every chunk must fit. */
  constructor(
    context: Context,
    newNumber: () => number,
    changed: (size: number, largestChunk: number) => void,
  ) {
    this.#context = context
    this.#newNumber = newNumber
    this.#changed = changed
    this.#base = context.settings.mtu
    this.#ceiling = context.settings.maxMtu
    this.#hasLargeChunks = context.settings.largeChunks
  }

  /** The largest packet to send now, in bytes. */
  get size(): number {
    return this.#context.output.packet.size
  }

  get ceiling(): number {
    return this.#ceiling
  }

  /** The largest packet that the peer has said it takes, 0 where it has not. */
  get peerLimit(): number {
    return this.#peerLimit
  }

  get #limit(): number {
    return Math.min(this.#ceiling, this.#peerLimit)
  }

  /** Whether {@link PathMtu.begin} would start a search. */
  get isIdle(): boolean {
    return this.#search === null && !this.#isComplete && this.#base < this.#limit
  }

  /** Another path from now on: nothing is known of it but that it passes `base`. */
  pathChanged(base: number, ceiling: number, hasLargeChunks: boolean): void {
    this.#stop()
    this.#hasLargeChunks = hasLargeChunks
    this.#base = base
    this.#ceiling = Math.max(base, ceiling)
    this.#former = 0
    this.#isComplete = false
    this.#resize(base)
  }

  /**
   * The peer has said how large a packet it takes; 0 where it has not. To such a peer nothing is probed: a libwebrtc ends
   * the DTLS association at a record of more than 2,048 bytes, and others fall over a PAD chunk.
   */
  peerTakes(size: number): void {
    this.#peerLimit = size & ~3
  }

  /** The association began anew. */
  restart(): void {
    this.pathChanged(this.#base, this.#ceiling, this.#hasLargeChunks)
  }

  /** There is much to send. */
  begin(now: Millis): void {
    if (!this.isIdle) return
    const passedLately = this.#former > 0
    const ceiling = passedLately ? this.#former : this.#limit
    const { packetOverhead } = this.#context.settings
    this.#search = new PacketSizeSearch(this.size, ceiling, packetOverhead, passedLately)
    this.#former = 0
    this.#probeNext(now)
  }

  /**
   * Large packets seem to vanish (RFC 8899 §4.3): sends small ones at once, and probes the larger size again, which a
   * path that is merely lossy confirms within a round trip.
   */
  suspect(now: Millis): void {
    const { size } = this
    if (size <= this.#base) return
    this.#stop()
    this.#former = size
    this.#isComplete = false
    this.#resize(this.#base)
    this.begin(now)
  }

  /** PROBE_TIMER, or PMTU_RAISE_TIMER where no probe is under way. */
  handleTimeout(now: Millis): void {
    const search = this.#search
    if (search === null) {
      this.#isComplete = false
      this.begin(now)
    } else if (++this.#attempts < maxProbes) {
      this.#send(now)
    } else {
      search.failed(this.#probeSize)
      this.#probeNext(now)
    }
  }

  /** False for an answer to no probe of ours. */
  handleHeartbeatAck(now: Millis, info: Uint8Array): boolean {
    const search = this.#search
    if (info.length !== probeInfoLength || search === null) return false
    const reader = new Reader(info)
    const number = reader.u32()
    const size = reader.u32()
    if (this.#probe === 0 || number !== this.#probe || size !== this.#probeSize) return false
    this.#resize(size)
    search.passed(size)
    this.#probeNext(now)
    return true
  }

  #probeNext(now: Millis): void {
    const size = this.#search?.next ?? null
    this.#attempts = 0
    if (size !== null) {
      this.#probeSize = size
      this.#send(now)
      return
    }
    this.#stop()
    this.#isComplete = true
    if (this.size < this.#ceiling) this.#context.deadlines.arm(Timer.packetSize, Millis(now + raiseInterval))
  }

  #send(now: Millis): void {
    const { deadlines, roundTrip, output, peerTag } = this.#context
    const writer = new Writer(probeInfoLength)
    this.#probe = this.#newNumber()
    writer.u32(this.#probe)
    writer.u32(this.#probeSize)
    const padding = this.#probeSize - commonHeaderLength - heartbeatLength - padHeaderLength
    output.queueAlone(
      peerTag,
      { type: ChunkType.heartbeat, info: writer.finish() },
      { type: ChunkType.pad, padding },
    )
    deadlines.arm(Timer.packetSize, Millis(now + Math.max(shortestProbeTimer, roundTrip.rto)))
  }

  #stop(): void {
    this.#search = null
    this.#probe = 0
    this.#context.deadlines.disarm(Timer.packetSize)
  }

  #resize(size: number): void {
    if (size === this.size && size !== this.#base) return
    this.#context.output.packet.size = size
    this.#changed(size, this.#hasLargeChunks ? size : this.#base)
  }
}

const probeInfoLength = 8
/** Chunk header, parameter header and the probe's number and size. */
const heartbeatLength = 4 + 4 + probeInfoLength
const padHeaderLength = 4
/** MAX_PROBES, RFC 8899 §5.1.2. */
const maxProbes = 3
/** PROBE_TIMER must not be smaller, RFC 8899 §5.1.1. */
const shortestProbeTimer = 1_000
/** PMTU_RAISE_TIMER, RFC 8899 §5.1.1. */
const raiseInterval = 600_000
