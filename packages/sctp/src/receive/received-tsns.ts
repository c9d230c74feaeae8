import { put16, put32 } from '../big-endian.ts'
import { Tsn } from '../tsn.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { commonHeaderLength } from '../wire/packet.ts'
import { putSackHeader, sackHeaderLength } from '../wire/sack.ts'

/** `beyond`: so far ahead that no gap block could report it. */
export type Arrival = 'new' | 'duplicate' | 'beyond'

/**
 * Which TSNs have arrived: all up to the cumulative TSN, and a few runs above it in two flat arrays. Writes itself
 * as a SACK.
 */
export class ReceivedTsns {
  #cumulative: Tsn
  /** First and last TSN of each run above the cumulative TSN, in order, never adjacent. */
  #starts: Uint32Array = new Uint32Array(16)
  #ends: Uint32Array = new Uint32Array(16)
  #runs = 0
  readonly #duplicates = new Uint32Array(maxDuplicates)
  #duplicateCount = 0

  /** `initialTsn`: the first TSN that the peer will use. */
  constructor(initialTsn: Tsn) {
    this.#cumulative = Tsn.add(initialTsn, -1)
  }

  /** The last TSN before the first gap. */
  get cumulative(): Tsn {
    return this.#cumulative
  }

  get hasGaps(): boolean {
    return this.#runs > 0
  }

  get hasDuplicates(): boolean {
    return this.#duplicateCount > 0
  }

  /** The highest TSN that has arrived. */
  get highest(): Tsn {
    return this.#runs === 0 ? this.#cumulative : (this.#ends[this.#runs - 1]! as Tsn)
  }

  /** What adding the TSN would yield. Duplicates are remembered for the next SACK. */
  classify(tsn: Tsn): Arrival {
    const ahead = Tsn.distance(this.#cumulative, tsn)
    if (ahead > maxAhead) return 'beyond'
    if (!this.has(tsn)) return 'new'
    if (this.#duplicateCount < maxDuplicates) this.#duplicates[this.#duplicateCount++] = tsn
    return 'duplicate'
  }

  has(tsn: Tsn): boolean {
    if (!Tsn.isAfter(tsn, this.#cumulative)) return true
    const run = this.#runBefore(tsn)
    return run >= 0 && !Tsn.isAfter(tsn, this.#ends[run]! as Tsn)
  }

  /** Adds a TSN that {@link ReceivedTsns.classify} called new. */
  add(tsn: Tsn): void {
    if (tsn === Tsn.add(this.#cumulative, 1)) {
      this.#cumulative = tsn
      if (this.#runs > 0 && this.#starts[0] === Tsn.add(tsn, 1)) {
        this.#cumulative = this.#ends[0]! as Tsn
        this.#removeRuns(0, 1)
      }
      return
    }
    const before = this.#runBefore(tsn)
    const after = before + 1
    const extendsBefore = before >= 0 && Tsn.add(this.#ends[before]! as Tsn, 1) === tsn
    const extendsAfter = after < this.#runs && this.#starts[after] === Tsn.add(tsn, 1)
    if (extendsBefore && extendsAfter) {
      this.#ends[before] = this.#ends[after]!
      this.#removeRuns(after, 1)
    } else if (extendsBefore) {
      this.#ends[before] = tsn
    } else if (extendsAfter) {
      this.#starts[after] = tsn
    } else {
      this.#insertRun(after, tsn)
    }
  }

  /** FORWARD TSN: everything up to `tsn` counts as received, RFC 3758 §3.6. */
  skipTo(tsn: Tsn): void {
    if (!Tsn.isAfter(tsn, this.#cumulative)) return
    this.#cumulative = tsn
    let gone = 0
    while (gone < this.#runs && !Tsn.isAfter(this.#starts[gone]! as Tsn, Tsn.add(tsn, 1))) {
      const end = this.#ends[gone]! as Tsn
      if (Tsn.isAfter(end, this.#cumulative)) this.#cumulative = end
      gone++
    }
    this.#removeRuns(0, gone)
  }

  /** Adds a SACK chunk with as many blocks as a packet takes, RFC 9260 §6.2. */
  writeSack(packet: PacketWriter, receiverWindow: number): void {
    const space = (packet.size - commonHeaderLength - sackHeaderLength) >>> 2
    const gaps = Math.min(this.#runs, space)
    const duplicates = Math.min(this.#duplicateCount, space - gaps)
    let at = packet.reserve(sackHeaderLength + 4 * (gaps + duplicates))
    const bytes = packet.bytes
    putSackHeader(bytes, at, this.#cumulative, receiverWindow, gaps, duplicates)
    at += sackHeaderLength
    for (let i = 0; i < gaps; i++, at += 4) {
      put16(bytes, at, this.#starts[i]! - this.#cumulative)
      put16(bytes, at + 2, this.#ends[i]! - this.#cumulative)
    }
    for (let i = 0; i < duplicates; i++, at += 4) put32(bytes, at, this.#duplicates[i]!)
    this.#duplicateCount = 0
  }

  /** The last run that starts at or before `tsn`, -1 for none. New TSNs mostly belong to the last run. */
  #runBefore(tsn: Tsn): number {
    let high = this.#runs - 1
    if (high < 0 || !Tsn.isAfter(this.#starts[high]! as Tsn, tsn)) return high
    let low = -1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (Tsn.isAfter(this.#starts[middle]! as Tsn, tsn)) high = middle
      else low = middle
    }
    return low
  }

  #insertRun(at: number, tsn: Tsn): void {
    if (this.#runs === this.#starts.length) {
      const starts = new Uint32Array(2 * this.#runs)
      const ends = new Uint32Array(2 * this.#runs)
      starts.set(this.#starts)
      ends.set(this.#ends)
      this.#starts = starts
      this.#ends = ends
    }
    this.#starts.copyWithin(at + 1, at, this.#runs)
    this.#ends.copyWithin(at + 1, at, this.#runs)
    this.#starts[at] = tsn
    this.#ends[at] = tsn
    this.#runs++
  }

  #removeRuns(at: number, count: number): void {
    this.#starts.copyWithin(at, at + count, this.#runs)
    this.#ends.copyWithin(at, at + count, this.#runs)
    this.#runs -= count
  }
}

/** A gap block holds a 16-bit distance from the cumulative TSN. */
const maxAhead = 0xffff
/** Reports on duplicates are statistics for the sender: a few are enough. */
const maxDuplicates = 16
