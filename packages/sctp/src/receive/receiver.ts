import { type Deadlines, Millis } from '@purertc/bytes'

import { read16, read32 } from '../big-endian.ts'
import type { Settings } from '../config.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import { DataFlag, dataHeaderLength } from '../wire/data.ts'
import type { ForwardTsnChunk } from '../wire/forward-tsn.ts'
import { iDataHeaderLength } from '../wire/i-data.ts'
import type { IForwardTsnChunk } from '../wire/i-forward-tsn.ts'
import { IncomingStreams } from './incoming-streams.ts'
import { InterleavedReassembly } from './interleaved-reassembly.ts'
import { LargeMessages, type PartsHost } from './large-messages.ts'
import { memoryLimit, receiveWindow } from './receive-window.ts'
import { type Complete, Reassembly, type ReassemblyVerdict } from './reassembly.ts'
import { ReceivedTsns } from './received-tsns.ts'
import { midSequence, ssnSequence } from './sequence.ts'

/**
 * What became of a DATA chunk. `duplicate` and the reasons to drop are noise; `violation`, `too-large` and
 * `out-of-resource` are faults of the peer; a chunk for an `invalid-stream` is acknowledged and thrown away (RFC 9260 §6.5).
 */
export type DataVerdict =
  | 'accepted'
  | 'duplicate'
  | 'beyond-window'
  | 'beyond-reset'
  | 'repeated-ssn'
  | 'invalid-stream'
  | 'violation'
  | 'too-large'
  | 'out-of-resource'

/** Where messages go: whole ones, and with `deliverParts` those beyond the maximum in parts. All bytes are borrowed. */
export interface ReceiverHost extends PartsHost {
  message(stream: number, protocol: number, message: Uint8Array): void
}

/** The receiving half of an association: TSNs, reassembly, order, and when to acknowledge, RFC 9260 §6.2. */
export class Receiver {
  readonly #settings: Settings
  readonly #deadlines: Deadlines
  readonly #tsns: ReceivedTsns
  readonly #reassembly: Reassembly
  /** In place of the other where messages are interleaved, RFC 8260. */
  readonly #interleaved: InterleavedReassembly | undefined
  readonly #streams: IncomingStreams
  readonly #large: LargeMessages | null
  /** Packets with DATA since the last SACK. */
  #unacknowledged = 0
  #isSackDue = false
  /** Whether the packet at hand brought DATA. */
  #sawData = false
  /** The first packet with DATA is acknowledged at once, RFC 9260 §5.1: it tells the peer how long a round trip is. */
  #isFirst = true
  #hadGaps = false
  #isRepeatedSsn = false
  /** Bytes of messages that were delivered, but whose user has not taken them in yet. */
  #lent = 0
  /** The window that the last SACK told. */
  #told: number
  /** Streams (none means all) that begin anew once all up to this TSN has arrived, RFC 6525 §5.2.2. */
  #deferred: { readonly streams: readonly number[]; readonly lastTsn: Tsn } | null = null

  constructor(
    settings: Settings,
    deadlines: Deadlines,
    peerInitialTsn: Tsn,
    interleaves: boolean,
    host: ReceiverHost,
  ) {
    this.#settings = settings
    this.#deadlines = deadlines
    this.#told = settings.receiveWindow
    this.#tsns = new ReceivedTsns(peerInitialTsn)
    const { maxMessageSize, deliverParts } = settings
    const deliver = (stream: number, protocol: number, message: Uint8Array): void => {
      if (message.length > maxMessageSize) host.part(stream, protocol, message, true)
      else host.message(stream, protocol, message)
    }
    this.#streams = new IncomingStreams(deliver, interleaves ? midSequence : ssnSequence)
    const large = deliverParts ? new LargeMessages(this.#streams, host) : null
    this.#large = large
    const complete: Complete = (stream, number, protocol, unordered, message) => {
      if (!this.#streams.accept(stream, number, protocol, unordered, message)) this.#isRepeatedSsn = true
      large?.advanced(stream)
    }
    this.#reassembly = new Reassembly(this.#tsns, maxMessageSize, complete, large)
    this.#interleaved = interleaves ? new InterleavedReassembly(maxMessageSize, complete, large) : undefined
  }

  /** Whether messages come as I-DATA. */
  get interleaves(): boolean {
    return this.#interleaved !== undefined
  }

  get cumulativeTsn(): Tsn {
    return this.#tsns.cumulative
  }

  /** Bytes of memory that wait for missing pieces, or for the user. */
  get held(): number {
    const { held } = this.#interleaved ?? this.#reassembly
    return held + this.#streams.held + this.#lent
  }

  /** `a_rwnd` of the next SACK. */
  get window(): number {
    return receiveWindow(this.#settings.receiveWindow, this.held, this.#limit)
  }

  /** Bytes that may be held: more than the window where messages that only the peer can end have filled it. */
  get #limit(): number {
    const waiting = this.#interleaved === undefined ? 0 : this.held - this.#lent
    return memoryLimit(this.#settings.receiveWindow, waiting, this.#lent)
  }

  /** The user keeps so many bytes more of what was delivered; less with a negative number. */
  lend(bytes: number): void {
    this.#lent += bytes
    // A peer that waits for room hears of it as soon as there is enough to be worth a packet.
    if (bytes < 0 && this.window - this.#told >= this.#settings.receiveWindow / 4) this.#isSackDue = true
  }

  get isSackDue(): boolean {
    return this.#isSackDue
  }

  /** Whether there is anything that a SACK would tell: it then joins a packet that leaves anyway. */
  get isSackPending(): boolean {
    return this.#unacknowledged > 0 || this.#isSackDue
  }

  /** Takes the DATA or I-DATA chunk at `at`, which ends at `end` and holds at least one byte of user data. */
  handleData(bytes: Uint8Array, at: number, end: number): DataVerdict {
    const tsn = Tsn.of(read32(bytes, at + 4))
    this.#sawData = true
    if (bytes[at + 1]! & DataFlag.immediate) this.#isSackDue = true
    const arrival = this.#tsns.classify(tsn)
    if (arrival !== 'new' || !this.#hasRoomFor(tsn)) {
      this.#isSackDue = true
      if (arrival === 'duplicate') return 'duplicate'
      // All that came before is here, and holds no whole message: nothing that the peer can send makes room.
      const isStuck = this.#limit > this.#settings.receiveWindow && tsn === Tsn.add(this.#tsns.cumulative, 1)
      return isStuck ? 'out-of-resource' : 'beyond-window'
    }
    const stream = read16(bytes, at + 8)
    if (this.#deferred !== null && this.#isBeyondReset(stream, tsn)) {
      this.#isSackDue = true
      return 'beyond-reset'
    }
    this.#tsns.add(tsn)
    if (stream >= this.#settings.streams) return 'invalid-stream'
    this.#isRepeatedSsn = false
    const verdict = this.#reassemble(tsn, stream, bytes, at, end)
    return this.#isRepeatedSsn ? 'repeated-ssn' : verdict
  }

  /** RFC 3758 §3.6. False for a TSN that no peer can mean. */
  handleForwardTsn(chunk: ForwardTsnChunk): boolean {
    const from = this.#tsns.cumulative
    const distance = this.#forwardDistance(chunk.newCumulativeTsn)
    if (distance <= 0) return true
    if (distance > furthestForward) return false
    this.#reassembly.skip(from, chunk.newCumulativeTsn)
    this.#tsns.skipTo(chunk.newCumulativeTsn)
    for (const { stream, ssn } of chunk.skips) if (stream < this.#settings.streams) this.#skip(stream, ssn)
    return true
  }

  /** RFC 8260 §2.3.1. False for a TSN that no peer can mean. */
  handleIForwardTsn(chunk: IForwardTsnChunk): boolean {
    const distance = this.#forwardDistance(chunk.newCumulativeTsn)
    if (distance <= 0) return true
    if (distance > furthestForward) return false
    this.#tsns.skipTo(chunk.newCumulativeTsn)
    for (const skip of chunk.skips) {
      if (skip.stream >= this.#settings.streams) continue
      this.#interleaved?.skip(skip)
      if (!skip.unordered) this.#skip(skip.stream, skip.mid)
    }
    return true
  }

  /** A whole packet was read: decides when the SACK goes out. Returns whether the packet brought DATA. */
  endPacket(now: Millis): boolean {
    if (!this.#sawData) return false
    this.#sawData = false
    this.#unacknowledged++
    const hasGaps = this.#tsns.hasGaps
    // At once while there are gaps, when the last one was just filled, and for every second packet.
    if (this.#isFirst || hasGaps || this.#hadGaps || this.#unacknowledged >= this.#settings.sackFrequency)
      this.#isSackDue = true
    else this.#deadlines.armIfIdle(Timer.delayedSack, Millis(now + this.#settings.sackDelay))
    this.#hadGaps = hasGaps
    this.#isFirst = false
    return true
  }

  /** The delayed SACK is due. */
  handleDelayedSack(): void {
    this.#isSackDue = true
  }

  writeSack(packet: PacketWriter): void {
    this.#told = this.window
    this.#tsns.writeSack(packet, this.#told)
    this.#unacknowledged = 0
    this.#isSackDue = false
    this.#deadlines.disarm(Timer.delayedSack)
  }

  /** What the peer sends on these streams after this TSN belongs to their next life: it has to come again then. */
  deferReset(streams: readonly number[], lastTsn: Tsn): void {
    this.#deferred = { streams: [...streams], lastTsn }
  }

  /** RFC 6525 §5.2.2. */
  resetStreams(streams: readonly number[]): void {
    this.#deferred = null
    this.#streams.reset(streams)
    this.#interleaved?.reset(streams)
  }

  #reassemble(tsn: Tsn, stream: number, bytes: Uint8Array, at: number, end: number): ReassemblyVerdict {
    const flags = bytes[at + 1]!
    const interleaved = this.#interleaved
    return interleaved
      ? interleaved.add(
          flags,
          stream,
          read32(bytes, at + 12),
          read32(bytes, at + 16),
          bytes,
          at + iDataHeaderLength,
          end,
        )
      : this.#reassembly.add(
          tsn,
          flags,
          stream,
          read16(bytes, at + 10),
          read32(bytes, at + 12),
          bytes,
          at + dataHeaderLength,
          end,
        )
  }

  #isBeyondReset(stream: number, tsn: Tsn): boolean {
    if (this.#deferred === null || !Tsn.isAfter(tsn, this.#deferred.lastTsn)) return false
    const { streams } = this.#deferred
    return streams.length === 0 || streams.includes(stream)
  }

  #skip(stream: number, number: number): void {
    this.#streams.skip(stream, number)
    this.#large?.advanced(stream)
  }

  #forwardDistance(newCumulativeTsn: Tsn): number {
    this.#isSackDue = true
    return Tsn.distance(this.#tsns.cumulative, newCumulativeTsn)
  }

  /**
   * A window's worth is taken of what is new; a chunk that fills a gap was sent within the window, so it is taken
   * even when small chunks cost more memory than they have bytes, up to a limit that no honest peer meets.
   */
  #hasRoomFor(tsn: Tsn): boolean {
    const held = this.held
    const limit = this.#limit
    return held < limit || (held < limit + gapAllowance && Tsn.isAfter(this.#tsns.highest, tsn))
  }
}

/** A FORWARD TSN passes over chunks that were outstanding, and no gap block could name one further ahead. */
const furthestForward = 0xffff
/** Overhead of as many small chunks as can be outstanding. */
const gapAllowance = 8 * 1_048_576
