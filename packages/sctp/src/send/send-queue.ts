import { AbandonedMessages } from './abandoned-messages.ts'
import { MixingRoom } from './mixing-room.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { OutgoingStream } from './outgoing-stream.ts'
import { type SchedulerName, StreamScheduler } from './scheduler.ts'

/** Messages that wait to be cut into chunks, stream by stream. */
export class SendQueue {
  readonly abandoned: AbandonedMessages = new AbandonedMessages()
  readonly mixing: MixingRoom = new MixingRoom()
  readonly #streams = new Map<number, OutgoingStream>()
  readonly #scheduler: StreamScheduler
  #queuedBytes = 0
  /** Streams whose queue has just shrunk to their threshold; the owner empties it. */
  #low: number[] = []
  #pushed = 0
  /** Whether fragments of different messages may mix: then each is a turn of its own. RFC 8260. */
  interleaves = false

  constructor(scheduler: SchedulerName = 'round-robin') {
    this.#scheduler = new StreamScheduler(scheduler)
  }

  /** Bytes of all streams that are not yet cut into chunks. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  stream(id: number): OutgoingStream {
    let stream = this.#streams.get(id)
    if (!stream) {
      stream = new OutgoingStream(id)
      this.#streams.set(id, stream)
    }
    return stream
  }

  bufferedAmount(id: number): number {
    return this.#streams.get(id)?.bufferedAmount ?? 0
  }

  /** Whether all of the stream's messages have been cut into chunks. */
  isDrained(id: number): boolean {
    return (this.#streams.get(id)?.head ?? null) === null
  }

  push(message: OutgoingMessage): void {
    const stream = this.stream(message.stream)
    message.order = this.#pushed++
    stream.push(message)
    this.#queuedBytes += message.length
    this.#scheduler.activate(stream)
  }

  /** Bytes were added to a message that is queued, or its end was: it can go on. */
  extended(message: OutgoingMessage, bytes: number): void {
    const stream = this.stream(message.stream)
    stream.extended(message, bytes)
    this.#queuedBytes += bytes
    if (stream.isReady) this.#scheduler.activate(stream)
  }

  /** The message to cut the next chunk from; expired and abandoned ones are dropped on the way. */
  next(now: number): OutgoingMessage | null {
    for (;;) {
      const stream = this.#scheduler.current
      if (!stream) return null
      const message = stream.head
      if (message && (message.isAbandoned || (message.expiresAt <= now && !message.isBegun))) {
        if (!message.isBegun) this.abandoned.count(message)
        this.#shrunk(stream, message, stream.dropHead(message))
        this.#leaves(message)
      } else if (message && message.prepare() > 0) {
        if (this.#mayBegin(message)) return message
        this.#scheduler.park()
        continue
      }
      this.#scheduler.served(0)
    }
  }

  /** The next `length` bytes of the message that {@link SendQueue.next} returned become a chunk. */
  cut(message: OutgoingMessage, length: number): void {
    const stream = this.stream(message.stream)
    const isWhole = stream.cut(message, length)
    if (this.interleaves) this.#scheduler.served(length)
    else if (isWhole) this.#scheduler.served(message.length)
    this.#shrunk(stream, message, length)
    if (isWhole) this.#leaves(message)
  }

  /** Streams that have fallen to their threshold since the last call; `null` when none has. */
  takeLow(): number[] | null {
    if (this.#low.length === 0) return null
    const low = this.#low
    this.#low = []
    return low
  }

  /** Forgets a stream that has nothing queued, after its reset. */
  forget(id: number): void {
    if (this.#streams.get(id)?.head === null) this.#streams.delete(id)
    this.abandoned.forget(id)
  }

  /** Ids of all streams that were ever written to and not forgotten. */
  get streamIds(): number[] {
    return [...this.#streams.keys()]
  }

  /** Those that are parked come first, or large messages would wait for small ones without end. */
  #mayBegin(message: OutgoingMessage): boolean {
    if (!this.interleaves || message.isBegun || message.room > 0) return true
    const isTurn = this.#scheduler.parked === null || message.heldByPeer <= this.mixing.largestChunk
    return isTurn && this.mixing.take(message)
  }

  /** The message has nothing left to be cut: parked ones may have room now. */
  #leaves(message: OutgoingMessage): void {
    if (!this.mixing.giveBack(message)) return
    for (;;) {
      const head = this.#scheduler.parked?.head
      if (!head || !this.mixing.take(head)) return
      this.#scheduler.release()
    }
  }

  #shrunk(stream: OutgoingStream, message: OutgoingMessage, by: number): void {
    this.#queuedBytes -= by
    const after = stream.bufferedAmount
    if (message.isCounted && after <= stream.lowThreshold && after + by > stream.lowThreshold)
      this.#low.push(stream.id)
  }
}
