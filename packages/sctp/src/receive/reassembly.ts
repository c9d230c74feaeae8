import { copyBytes } from '@purertc/bytes'
import { Tsn } from '../tsn.ts'
import { DataFlag } from '../wire/data.ts'
import { Assembly } from './assembly.ts'
import type { LargeMessages } from './large-messages.ts'
import { Memory } from './memory.ts'
import type { ReceivedTsns } from './received-tsns.ts'

/**
 * - `violation`: fragments that do not fit together; the peer is broken.
 * - `too-large`: the message exceeds what this side said it takes.
 */
export type ReassemblyVerdict = 'accepted' | 'violation' | 'too-large'

/** A whole message; `message` is borrowed until the call returns. */
export type Complete = (
  stream: number,
  ssn: number,
  protocol: number,
  unordered: boolean,
  message: Uint8Array,
) => void

/**
 * Puts fragments together. A fragment whose predecessor is there is copied straight to its message; one that is
 * early waits in a ring of slots indexed by TSN, where its message finds it without a search. The slot of a message's
 * last fragment so far points to the {@link Assembly}.
 */
export class Reassembly {
  readonly #received: ReceivedTsns
  readonly #maxMessageSize: number
  readonly #complete: Complete
  /** Where messages beyond the maximum go, null where they are refused. */
  readonly #large: LargeMessages | null
  readonly #memory = new Memory()
  #mask = smallestRing - 1
  #assemblies: (Assembly | null)[] = new Array<Assembly | null>(smallestRing).fill(null)
  #early: (EarlyFragment | null)[] = new Array<EarlyFragment | null>(smallestRing).fill(null)
  #spare: Assembly | null = null
  /** Middle fragments right after this TSN belong to a message that the peer gave up: they are dropped. */
  #skipped: Tsn | undefined

  constructor(
    received: ReceivedTsns,
    maxMessageSize: number,
    complete: Complete,
    large: LargeMessages | null = null,
  ) {
    this.#received = received
    this.#maxMessageSize = maxMessageSize
    this.#complete = complete
    this.#large = large
  }

  /** Bytes of memory in incomplete messages. */
  get held(): number {
    return this.#memory.held
  }

  /** Takes one DATA chunk, whose TSN has already been added to the received ones. */
  add(
    tsn: Tsn,
    flags: number,
    stream: number,
    ssn: number,
    protocol: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReassemblyVerdict {
    const unordered = (flags & DataFlag.unordered) !== 0
    const previous = this.#at(this.#assemblies, Tsn.add(tsn, -1))
    if (flags & DataFlag.beginning) {
      if (previous) return 'violation'
      if (flags & DataFlag.ending) {
        if (this.#at(this.#early, Tsn.add(tsn, 1))) return 'violation'
        if (end - start > this.#maxMessageSize) return 'too-large'
        this.#complete(stream, ssn, protocol, unordered, bytes.subarray(start, end))
        return 'accepted'
      }
      const assembly =
        this.#spare ?? new Assembly(this.#memory, Math.min(4 * (end - start), this.#maxMessageSize))
      this.#spare = null
      assembly.begin(tsn, stream, ssn, protocol, unordered)
      return this.#extend(assembly, tsn, flags, bytes, start, end)
    }
    if (previous) {
      if (!continues(previous, stream, ssn, unordered)) return 'violation'
      this.#assemblies[Tsn.add(tsn, -1) & this.#mask] = null
      return this.#extend(previous, tsn, flags, bytes, start, end)
    }
    return this.#keepEarly(tsn, { flags, stream, ssn, unordered, bytes: copyBytes(bytes, start, end) })
  }

  /** FORWARD TSN, RFC 3758 §3.6: nothing up to `to` will be completed. `from` is the old cumulative TSN. */
  skip(from: Tsn, to: Tsn): void {
    let tsn = from
    for (; !Tsn.isAfter(tsn, to); tsn = Tsn.add(tsn, 1)) this.#drop(tsn)
    // A message that reaches beyond `to` is given up as a whole.
    const highest = this.#received.highest
    for (; !Tsn.isAfter(tsn, highest); tsn = Tsn.add(tsn, 1)) {
      const assembly = this.#at(this.#assemblies, tsn)
      const early = this.#at(this.#early, tsn)
      if (assembly && !Tsn.isAfter(assembly.firstTsn, to)) this.#drop(tsn)
      else if (early) this.#drop(tsn)
      else if (assembly || !this.#received.has(tsn)) break
    }
    this.#skipped = Tsn.add(tsn, -1)
  }

  #extend(
    assembly: Assembly,
    first: Tsn,
    firstFlags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReassemblyVerdict {
    let tsn = first
    let flags = firstFlags
    assembly.append(bytes, start, end)
    // Fragments that came early follow at once.
    for (;;) {
      if (assembly.received > this.#maxMessageSize && this.#large === null) return 'too-large'
      const next = Tsn.add(tsn, 1)
      const early = this.#at(this.#early, next)
      if (flags & DataFlag.ending) return early ? 'violation' : this.#finish(assembly)
      if (!early) {
        // What follows has arrived, and is not a part of this message.
        if (this.#received.has(next)) return 'violation'
        break
      }
      if (!continues(assembly, early.stream, early.ssn, early.unordered)) return 'violation'
      this.#early[next & this.#mask] = null
      this.#memory.held -= earlyOverhead + early.bytes.length
      assembly.append(early.bytes, 0, early.bytes.length)
      flags = early.flags
      tsn = next
    }
    this.#reserve(tsn)
    this.#assemblies[tsn & this.#mask] = assembly
    this.#considerSize(assembly)
    return 'accepted'
  }

  /** A message that has become too large is handed up in parts. */
  #considerSize(assembly: Assembly): void {
    if (assembly.isFlowing) {
      this.#large?.flow(assembly)
    } else if (!assembly.isLarge && assembly.received > this.#maxMessageSize) {
      assembly.isLarge = true
      this.#large?.add(assembly)
    }
  }

  #finish(assembly: Assembly): ReassemblyVerdict {
    assembly.isComplete = true
    if (assembly.isFlowing) {
      this.#large?.flow(assembly)
    } else {
      const { stream, ssn, protocol, unordered } = assembly
      if (assembly.isLarge) this.#large?.forget(assembly)
      this.#complete(stream, ssn, protocol, unordered, assembly.take())
    }
    if (assembly.capacity <= largestSpare) this.#spare = assembly
    return 'accepted'
  }

  #keepEarly(tsn: Tsn, fragment: EarlyFragment): ReassemblyVerdict {
    const previous = Tsn.add(tsn, -1)
    if (previous === this.#skipped) {
      this.#skipped = tsn
      return 'accepted'
    }
    // Its predecessor has arrived, and ended a message.
    if (this.#received.has(previous) && !this.#at(this.#early, previous)) return 'violation'
    this.#reserve(tsn)
    this.#early[tsn & this.#mask] = fragment
    this.#memory.held += fragment.bytes.length + earlyOverhead
    return 'accepted'
  }

  #drop(tsn: Tsn): void {
    const assembly = this.#at(this.#assemblies, tsn)
    if (assembly) {
      assembly.take()
      this.#assemblies[tsn & this.#mask] = null
      if (assembly.isLarge) this.#large?.forget(assembly)
    }
    const early = this.#at(this.#early, tsn)
    if (early) {
      this.#memory.held -= early.bytes.length + earlyOverhead
      this.#early[tsn & this.#mask] = null
    }
  }

  /** The entry of a TSN: slots are shared by TSNs that lie a whole ring apart, so the distance is checked. */
  #at<T>(ring: (T | null)[], tsn: Tsn): T | null {
    return Tsn.distance(this.#received.cumulative, tsn) > this.#mask ? null : ring[tsn & this.#mask]!
  }

  #reserve(tsn: Tsn): void {
    const needed = Tsn.distance(this.#received.cumulative, tsn) + 2
    if (needed <= this.#mask) return
    let size = 2 * (this.#mask + 1)
    while (size <= needed) size *= 2
    const assemblies = new Array<Assembly | null>(size).fill(null)
    const early = new Array<EarlyFragment | null>(size).fill(null)
    // Entries lie between the cumulative TSN, just before it, and one old ring above it.
    const base = Tsn.add(this.#received.cumulative, -1)
    for (let i = 0; i <= this.#mask; i++) {
      const entry = (base + i) & this.#mask
      assemblies[(base + i) & (size - 1)] = this.#assemblies[entry]!
      early[(base + i) & (size - 1)] = this.#early[entry]!
    }
    this.#assemblies = assemblies
    this.#early = early
    this.#mask = size - 1
  }
}

interface EarlyFragment {
  readonly flags: number
  readonly stream: number
  readonly ssn: number
  readonly unordered: boolean
  readonly bytes: Uint8Array
}

function continues(assembly: Assembly, stream: number, ssn: number, unordered: boolean): boolean {
  if (assembly.stream !== stream || assembly.unordered !== unordered) return false
  return unordered || assembly.ssn === ssn
}

const smallestRing = 64
/** Memory that an early fragment costs beside its bytes. */
const earlyOverhead = 64
/** A larger buffer is not kept for the next message. */
const largestSpare = 262_144
