import { Millis, Reader, Writer } from '@purertc/bytes'

import type { Context } from '../association/context.ts'
import { Timer } from '../timer.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { commonHeaderLength } from '../wire/packet.ts'
import { PacketSizeSearch, type Probe } from './packet-size-search.ts'

/** What may be searched for over a path; as in `SctpConfig`. */
export interface PathLimits {
  readonly maxMtu: number
  readonly largeChunks: boolean
  readonly packetsPerDatagram: number
}

/**
 * Finds the largest packet that the path carries, RFC 8899: probes are HEARTBEATs that PAD chunks (RFC 4820) fill up,
 * so that a lost one costs no data. The search begins when there is more to send than a packet takes, and an
 * association that says little never pays for it.
 *
 * Every chunk of user data fits the base size whatever the packet's, so that the path may shrink at any time; but for
 * `largeChunks`.
 *
 * Where the largest packet passes, so may several in one datagram, which is worth having for the same reason. The probe is
 * then as many, and the answer one to each of them: it tells that the peer takes such a datagram apart, too.
 */
export class PathMtu {
  readonly #context: Context
  readonly #newNumber: () => number
  readonly #changed: (size: number, largestChunk: number) => void
  /** What passes every path: BASE_PLPMTU. */
  #base: number
  #limits: PathLimits
  /** The largest packet that the peer has said it takes; 0 until then, and for a peer that does not say. */
  #peerLimit = 0
  #search: PacketSizeSearch | null = null
  /** The size that worked before it was doubted: tried first. */
  #former = 0
  /** Whether nothing is left to find until the raise timer or the path says so. */
  #isComplete = false
  #probe: Probe | null = null
  /** The number in the probe that is under way. */
  #number = 0
  /** Packets of it that were answered. */
  #answers = 0
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
    this.#limits = context.settings
  }

  /** The largest packet to send now, in bytes. */
  get size(): number {
    return this.#context.output.packet.size
  }

  /** The largest packet that the peer has said it takes, 0 where it has not. */
  get peerLimit(): number {
    return this.#peerLimit
  }

  get #limit(): number {
    return Math.min(this.#limits.maxMtu, this.#peerLimit)
  }

  /** Whether {@link PathMtu.begin} would start a search. */
  get isIdle(): boolean {
    return this.#search === null && !this.#isComplete && this.#base < this.#limit
  }

  /** Another path from now on: nothing is known of it but that it passes `base`. */
  pathChanged(base: number, limits: PathLimits): void {
    this.#stop()
    this.#limits = { ...limits, maxMtu: Math.max(base, limits.maxMtu) }
    this.#base = base
    this.#former = 0
    this.#isComplete = false
    this.#use({ size: base, packets: 1 })
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
    this.pathChanged(this.#base, this.#limits)
  }

  /** There is much to send. */
  begin(now: Millis): void {
    if (!this.isIdle) return
    const passedLately = this.#former > 0
    const ceiling = passedLately ? this.#former : this.#limit
    const { packetOverhead } = this.#context.settings
    const packets = ceiling === this.#limit ? this.#limits.packetsPerDatagram : 1
    this.#search = new PacketSizeSearch(this.size, ceiling, packetOverhead, packets, passedLately)
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
    this.#use({ size: this.#base, packets: 1 })
    this.begin(now)
  }

  /** PROBE_TIMER, or PMTU_RAISE_TIMER where no probe is under way. */
  handleTimeout(now: Millis): void {
    const probe = this.#probe
    if (probe === null) {
      this.#isComplete = false
      this.begin(now)
    } else if (++this.#attempts < maxProbes) {
      this.#send(now, probe)
    } else {
      this.#search?.failed(probe)
      this.#probeNext(now)
    }
  }

  /** False for an answer to no probe of ours. */
  handleHeartbeatAck(now: Millis, info: Uint8Array): boolean {
    const probe = this.#probe
    if (info.length !== probeInfoLength || probe === null) return false
    const reader = new Reader(info)
    if (reader.u32() !== this.#number || reader.u32() !== probe.size) return false
    if (++this.#answers < probe.packets) return true
    this.#use(probe)
    this.#search?.passed(probe)
    this.#probeNext(now)
    return true
  }

  #probeNext(now: Millis): void {
    const probe = this.#search?.next ?? null
    this.#attempts = 0
    if (probe !== null) {
      this.#probe = probe
      this.#send(now, probe)
      return
    }
    this.#stop()
    this.#isComplete = true
    const { maxMtu, packetsPerDatagram } = this.#limits
    if (this.size < maxMtu || this.#context.output.packet.packetsPerDatagram < packetsPerDatagram)
      this.#context.deadlines.arm(Timer.packetSize, Millis(now + raiseInterval))
  }

  #send(now: Millis, { size, packets }: Probe): void {
    const { deadlines, roundTrip, output, peerTag } = this.#context
    const writer = new Writer(probeInfoLength)
    this.#number = this.#newNumber()
    this.#answers = 0
    writer.u32(this.#number)
    writer.u32(size)
    const padding = size - commonHeaderLength - heartbeatLength - padHeaderLength
    output.queueTimes(
      packets,
      peerTag,
      { type: ChunkType.heartbeat, info: writer.finish() },
      { type: ChunkType.pad, padding },
    )
    deadlines.arm(Timer.packetSize, Millis(now + Math.max(shortestProbeTimer, roundTrip.rto)))
  }

  #stop(): void {
    this.#search = null
    this.#probe = null
    this.#context.deadlines.disarm(Timer.packetSize)
  }

  #use({ size, packets }: Probe): void {
    const { packet } = this.#context.output
    packet.packetsPerDatagram = packets
    if (size === packet.size && size !== this.#base) return
    packet.size = size
    this.#changed(size, this.#limits.largeChunks ? size : this.#base)
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
