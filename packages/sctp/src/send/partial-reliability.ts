import { type Millis, Writer } from '@purertc/bytes'

import type { PacketWriter } from '../packet-writer.ts'
import { Tsn } from '../tsn.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { DataFlag } from '../wire/data.ts'
import { encodeForwardTsn } from '../wire/forward-tsn.ts'
import { encodeIForwardTsn } from '../wire/i-forward-tsn.ts'
import type { AbandonedMessages } from './abandoned-messages.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { ChunkState, type SentChunks } from './sent-chunks.ts'

/** Gives up messages that are not worth sending again, and tells the peer to go on without them, RFC 3758. */
export class PartialReliability {
  /** Whether the peer understands FORWARD TSN; without it every message is reliable. */
  isSupported = false
  /** Whether messages are interleaved: the peer is then told by I-FORWARD-TSN, RFC 8260 §2.3. */
  interleaves = false
  readonly #chunks: SentChunks
  readonly #abandoned: AbandonedMessages
  /** Most associations never send an unreliable message, and never pay for the search. */
  #hasUnreliable = false
  #isForwardDue = false

  constructor(chunks: SentChunks, abandoned: AbandonedMessages) {
    this.#chunks = chunks
    this.#abandoned = abandoned
  }

  /** Whether a FORWARD TSN must be sent. */
  get isForwardDue(): boolean {
    return this.#isForwardDue
  }

  /** Takes notice of a message of which a chunk was sent. */
  sent(message: OutgoingMessage): void {
    if (!message.isReliable) this.#hasUnreliable = true
  }

  hasExpired(now: Millis, message: OutgoingMessage): boolean {
    return this.isSupported && message.expiresAt <= now
  }

  /** After a SACK or a timeout: gives up what has become worthless if chunks were `lost`, and advances the peer. */
  review(now: Millis, lost: boolean): void {
    if (!this.#hasUnreliable || !this.isSupported) return
    if (lost) this.#abandonWorthless(now)
    this.#advance()
  }

  /** Gives up a message that is being cut: no chunk of it is sent any more. */
  abandon(now: Millis, message: OutgoingMessage): void {
    const chunks = this.#chunks
    const last = Tsn.add(chunks.next, -1)
    this.#mark(message)
    // The peer may have every chunk so far and would wait for the rest, or find the next message inside this one. A
    // TSN that is never sent stands for the rest, so that the FORWARD TSN reaches past the end of the message.
    const end = chunks.push(now, message, message.buffer, 0, 0, DataFlag.ending)
    this.#hasUnreliable = true
    chunks.setState(end, ChunkState.abandoned)
    const sent = this.#lastOf(message, last)
    if (sent !== undefined) this.#abandonAround(sent)
    this.#advance()
  }

  /** A timeout: what was said may have been lost. */
  repeat(): void {
    this.#advance()
  }

  /** RFC 3758 §3.5 C: the new cumulative TSN lies before the first chunk that was not given up. */
  write(packet: PacketWriter): void {
    this.#isForwardDue = false
    const chunks = this.#chunks
    const limit = Math.floor((packet.size - 64) / (this.interleaves ? 8 : 4))
    /** The last message passed over of each stream; with interleaving also of the unordered ones. */
    const skipped = new Map<number, OutgoingMessage>()
    let tsn = chunks.first
    while (tsn !== chunks.next && chunks.state(tsn) === ChunkState.abandoned && skipped.size < limit) {
      const message = chunks.message(tsn)
      if (this.interleaves || !message.unordered)
        skipped.set(2 * message.stream + (message.unordered ? 1 : 0), message)
      tsn = Tsn.add(tsn, 1)
    }
    const newCumulativeTsn = Tsn.add(tsn, -1)
    const skips = [...skipped.values()]
    const writer = new Writer()
    if (this.interleaves) encodeIForwardTsn(writer, { type: ChunkType.iForwardTsn, newCumulativeTsn, skips })
    else encodeForwardTsn(writer, { type: ChunkType.forwardTsn, newCumulativeTsn, skips })
    packet.append(writer.view())
  }

  #abandonWorthless(now: Millis): void {
    const chunks = this.#chunks
    for (let tsn = chunks.first; tsn !== chunks.next; tsn = Tsn.add(tsn, 1)) {
      if (chunks.state(tsn) !== ChunkState.lost) continue
      const message = chunks.message(tsn)
      if (chunks.sends(tsn) <= message.maxRetransmits && message.expiresAt > now) continue
      if (!message.isCut) this.abandon(now, message)
      else this.#abandonAround(tsn)
    }
  }

  /** All chunks of the message: consecutive TSNs (RFC 9260 §6.9), or with others in between (RFC 8260). */
  #abandonAround(tsn: Tsn): void {
    const chunks = this.#chunks
    const message = chunks.message(tsn)
    this.#mark(message)
    let from = tsn
    let last = tsn
    for (let at = tsn; at !== chunks.first && (chunks.flags(from) & DataFlag.beginning) === 0;) {
      at = Tsn.add(at, -1)
      if (chunks.message(at) === message) from = at
      else if (!this.interleaves) break
    }
    for (let at = Tsn.add(tsn, 1); at !== chunks.next; at = Tsn.add(at, 1)) {
      if (chunks.message(at) === message) last = at
      else if (!this.interleaves) break
    }
    for (; !Tsn.isAfter(from, last); from = Tsn.add(from, 1))
      if (chunks.message(from) === message) chunks.setState(from, ChunkState.abandoned)
  }

  #mark(message: OutgoingMessage): void {
    if (message.isAbandoned) return
    message.isAbandoned = true
    this.#abandoned.count(message)
  }

  /** The last chunk of the message at or below `tsn` that is outstanding. */
  #lastOf(message: OutgoingMessage, tsn: Tsn): Tsn | undefined {
    const chunks = this.#chunks
    for (let at = tsn; !Tsn.isAfter(chunks.first, at); at = Tsn.add(at, -1)) {
      if (chunks.message(at) === message) return at
      if (!this.interleaves) return undefined
    }
    return undefined
  }

  #advance(): void {
    const chunks = this.#chunks
    this.#isForwardDue = chunks.size > 0 && chunks.state(chunks.first) === ChunkState.abandoned
  }
}
