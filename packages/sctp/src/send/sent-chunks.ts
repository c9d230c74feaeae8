import { Tsn } from '../tsn.ts'
import type { OutgoingMessage } from './outgoing-message.ts'

/** What the sender believes of a chunk that the cumulative TSN has not passed. */
export const ChunkState = {
  inFlight: 0,
  /** Reported by a gap block; the peer may still take that back. */
  received: 1,
  /** To be sent again. */
  lost: 2,
  /** Given up by partial reliability, RFC 3758. */
  abandoned: 3,
} as const
export type ChunkState = (typeof ChunkState)[keyof typeof ChunkState]

/**
 * The chunks between the cumulative TSN and the next TSN: a ring of flat arrays indexed by TSN, so that neither
 * sending nor acknowledging a chunk allocates or searches.
 */
export class SentChunks {
  #first: Tsn
  #next: Tsn
  #mask: number
  #messages: (OutgoingMessage | null)[]
  /** The bytes that a chunk was cut from: a message that is written in pieces has more than one such array. */
  #buffers: Uint8Array[]
  #offsets: Uint32Array
  #fsns: Uint32Array
  #lengths: Uint16Array
  #states: Uint8Array
  #flags: Uint8Array
  #sends: Uint16Array
  #sentAt: Float64Array
  #orders: Uint32Array
  /** Transmissions so far, of new and of lost chunks. */
  #transmissions = 0
  /** Those that went over paths of before. */
  #overFormerPaths = 0
  #inFlight = 0
  #receivedBytes = 0
  #lost = 0
  #abandoned = 0
  /** No chunk below this one is lost. */
  #lostFrom: Tsn

  constructor(initialTsn: Tsn) {
    this.#first = initialTsn
    this.#next = initialTsn
    this.#lostFrom = initialTsn
    this.#mask = smallestRing - 1
    this.#messages = new Array<OutgoingMessage | null>(smallestRing).fill(null)
    this.#buffers = new Array<Uint8Array>(smallestRing).fill(nothing)
    this.#offsets = new Uint32Array(smallestRing)
    this.#fsns = new Uint32Array(smallestRing)
    this.#lengths = new Uint16Array(smallestRing)
    this.#states = new Uint8Array(smallestRing)
    this.#flags = new Uint8Array(smallestRing)
    this.#sends = new Uint16Array(smallestRing)
    this.#sentAt = new Float64Array(smallestRing)
    this.#orders = new Uint32Array(smallestRing)
  }

  /** The lowest TSN that is not cumulatively acknowledged. */
  get first(): Tsn {
    return this.#first
  }

  /** The TSN that the next new chunk gets. */
  get next(): Tsn {
    return this.#next
  }

  /** Chunks in the ring, whatever their state. */
  get size(): number {
    return (this.#next - this.#first) | 0
  }

  /**
   * A gap block reaches 65,535 TSNs far, and a receiver tells a stream's messages apart while no more than half of the
   * 16-bit sequence numbers are under way. Where each chunk is a message, the second limit comes first.
   */
  get isFull(): boolean {
    return this.size >= largestRing - 1
  }

  /** Bytes of user data in flight. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Bytes that gap blocks report. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  get lostCount(): number {
    return this.#lost
  }

  get abandonedCount(): number {
    return this.#abandoned
  }

  /** Adds a chunk that is being sent for the first time: `length` bytes of `buffer` from `offset` on. */
  push(
    now: number,
    message: OutgoingMessage,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
  ): Tsn {
    if (this.size > this.#mask) this.#grow()
    const tsn = this.#next
    const slot = tsn & this.#mask
    this.#messages[slot] = message
    this.#buffers[slot] = buffer
    this.#offsets[slot] = offset
    this.#fsns[slot] = message.fragments++
    this.#lengths[slot] = length
    this.#flags[slot] = flags
    this.#states[slot] = ChunkState.inFlight
    this.#sends[slot] = 1
    this.#sentAt[slot] = now
    this.#orders[slot] = this.#transmissions++
    this.#inFlight += length
    this.#next = Tsn.add(tsn, 1)
    return tsn
  }

  /** Drops the lowest chunk for good. */
  shift(): void {
    const tsn = this.#first
    const slot = tsn & this.#mask
    this.#leaveState(this.#states[slot]!, this.#lengths[slot]!)
    this.#messages[slot] = null
    this.#buffers[slot] = nothing
    this.#first = Tsn.add(tsn, 1)
    if (Tsn.isAfter(this.#first, this.#lostFrom)) this.#lostFrom = this.#first
  }

  setState(tsn: Tsn, state: ChunkState): void {
    const slot = tsn & this.#mask
    const length = this.#lengths[slot]!
    this.#leaveState(this.#states[slot]!, length)
    this.#states[slot] = state
    if (state === ChunkState.inFlight) {
      this.#inFlight += length
    } else if (state === ChunkState.lost) {
      this.#lost++
      if (Tsn.isAfter(this.#lostFrom, tsn)) this.#lostFrom = tsn
    } else if (state === ChunkState.received) {
      this.#receivedBytes += length
    } else if (state === ChunkState.abandoned) {
      this.#abandoned++
    }
  }

  /** The lowest lost chunk; call only while `lostCount` is not 0. */
  firstLost(): Tsn {
    let tsn = this.#lostFrom
    while (this.#states[tsn & this.#mask] !== ChunkState.lost) tsn = Tsn.add(tsn, 1)
    this.#lostFrom = tsn
    return tsn
  }

  /** Takes the last chunk in flight for lost; call only while one is. */
  loseLast(): void {
    let tsn = Tsn.add(this.#next, -1)
    while (this.state(tsn) !== ChunkState.inFlight) tsn = Tsn.add(tsn, -1)
    this.setState(tsn, ChunkState.lost)
  }

  /** A lost chunk goes out once more. */
  resent(now: number, tsn: Tsn): void {
    const slot = tsn & this.#mask
    this.setState(tsn, ChunkState.inFlight)
    this.#sentAt[slot] = now
    this.#orders[slot] = this.#transmissions++
    if (this.#sends[slot]! < 0xffff) this.#sends[slot] = this.#sends[slot]! + 1
  }

  /** Another path carries what is sent from now on. */
  pathChanged(): void {
    this.#overFormerPaths = this.#transmissions
  }

  state(tsn: Tsn): ChunkState {
    return this.#states[tsn & this.#mask]! as ChunkState
  }

  message(tsn: Tsn): OutgoingMessage {
    const message = this.#messages[tsn & this.#mask]
    if (!message) throw new RangeError(`TSN ${tsn} is not outstanding`)
    return message
  }

  /** The array that holds the chunk's user data, from {@link SentChunks.offset} on. */
  buffer(tsn: Tsn): Uint8Array {
    return this.#buffers[tsn & this.#mask]!
  }

  offset(tsn: Tsn): number {
    return this.#offsets[tsn & this.#mask]!
  }

  /** Its place among the fragments of its message. */
  fsn(tsn: Tsn): number {
    return this.#fsns[tsn & this.#mask]!
  }

  length(tsn: Tsn): number {
    return this.#lengths[tsn & this.#mask]!
  }

  /** DATA chunk flags. */
  flags(tsn: Tsn): number {
    return this.#flags[tsn & this.#mask]!
  }

  /** How often the chunk was sent. */
  sends(tsn: Tsn): number {
    return this.#sends[tsn & this.#mask]!
  }

  /** When the chunk was sent last. */
  sentAt(tsn: Tsn): number {
    return this.#sentAt[tsn & this.#mask]!
  }

  /** The number of the chunk's last transmission, among those of all chunks; 32 bits that wrap. */
  order(tsn: Tsn): number {
    return this.#orders[tsn & this.#mask]!
  }

  /** Whether the chunk was sent last over the path that is in use now. */
  isOfPath(tsn: Tsn): boolean {
    const since = (this.#transmissions - this.#orders[tsn & this.#mask]!) >>> 0
    return since <= this.#transmissions - this.#overFormerPaths
  }

  #leaveState(state: number, length: number): void {
    if (state === ChunkState.inFlight) this.#inFlight -= length
    else if (state === ChunkState.lost) this.#lost--
    else if (state === ChunkState.received) this.#receivedBytes -= length
    else if (state === ChunkState.abandoned) this.#abandoned--
  }

  #grow(): void {
    const size = 2 * (this.#mask + 1)
    const from = this.#first
    const count = this.size
    const mask = this.#mask
    /** A slot is the TSN's low bits, so each entry moves to where its TSN says. */
    const moved = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(old: T, fresh: T): T => {
      for (let i = 0; i < count; i++) fresh[(from + i) & (size - 1)] = old[(from + i) & mask]!
      return fresh
    }
    const messages = new Array<OutgoingMessage | null>(size).fill(null)
    const buffers = new Array<Uint8Array>(size).fill(nothing)
    for (let i = 0; i < count; i++) {
      messages[(from + i) & (size - 1)] = this.#messages[(from + i) & mask]!
      buffers[(from + i) & (size - 1)] = this.#buffers[(from + i) & mask]!
    }
    this.#messages = messages
    this.#buffers = buffers
    this.#offsets = moved(this.#offsets, new Uint32Array(size))
    this.#fsns = moved(this.#fsns, new Uint32Array(size))
    this.#lengths = moved(this.#lengths, new Uint16Array(size))
    this.#states = moved(this.#states, new Uint8Array(size))
    this.#flags = moved(this.#flags, new Uint8Array(size))
    this.#sends = moved(this.#sends, new Uint16Array(size))
    this.#sentAt = moved(this.#sentAt, new Float64Array(size))
    this.#orders = moved(this.#orders, new Uint32Array(size))
    this.#mask = size - 1
  }
}

const nothing = new Uint8Array(0)
const smallestRing = 16
const largestRing = 0x8000
