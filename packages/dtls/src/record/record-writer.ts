import { ProtocolVersion } from '../protocol/protocol-version.ts'
import { plaintext } from './plaintext.ts'
import { maxContentLength, maxSequence } from './record-header.ts'
import { RecordSizes } from './record-sizes.ts'
import type { OutboundProtection } from './record-protection.ts'

/**
 * Numbers and protects the records we send. Earlier epochs stay, since a flight that spans a change of keys is
 * retransmitted in the epochs it was first sent in, under fresh sequence numbers (RFC 6347 §4.2.4).
 */
export class RecordWriter {
  readonly #epochs = new Map<number, OutboundEpoch>()
  #epoch = 0
  #current: OutboundEpoch = { protection: plaintext, sequence: 0 }
  #version: number = ProtocolVersion.dtls12
  readonly #sizes: RecordSizes

  constructor(sizes: RecordSizes = new RecordSizes()) {
    this.#sizes = sizes
    this.#epochs.set(0, this.#current)
  }

  /** The epoch that new content is sent in. */
  get epoch(): number {
    return this.#epoch
  }

  /**
   * Sequence numbers must not wrap (RFC 6347 §4.1), and some ciphers end sooner: false where the one record that is left
   * is for saying goodbye.
   */
  get hasRoom(): boolean {
    return this.#current.sequence < this.#limit
  }

  /** Whether so many records were sent that it is time for other keys. */
  get isWorn(): boolean {
    return this.#current.sequence > this.#limit / 4
  }

  /** Bytes that a record of the epoch takes on top of its content. */
  overhead(epoch: number = this.epoch): number {
    return this.#of(epoch).protection.overhead
  }

  /** Bytes of content that a record of the epoch may have: in the clear, the peer's limit does not hold (RFC 8449 §4). */
  maxContent(epoch: number = this.epoch): number {
    return epoch === 0 ? maxContentLength : this.#sizes.outgoing
  }

  /** What the headers say from now on. A first ClientHello says less than it could, for old middleboxes and servers. */
  setVersion(version: number): void {
    this.#version = version
  }

  /** The next sequence number of epoch 0: a server that answered without state goes on where the client is. */
  startAt(sequence: number): void {
    this.#of(0).sequence = sequence
  }

  /** The sequence number that the next record of the epoch gets. */
  nextSequence(epoch: number): number {
    return this.#of(epoch).sequence
  }

  /**
   * New content is protected by this from now on, in the next epoch, or in a later one that has its number from the
   * protocol.
   */
  addEpoch(protection: OutboundProtection, number: number = this.#epoch + 1): void {
    this.#current = { protection, sequence: 0 }
    this.#epoch = number
    this.#epochs.set(number, this.#current)
  }

  /** Nothing will be sent again in epochs before this one. */
  retireBefore(epoch: number): void {
    for (const number of this.#epochs.keys()) if (number < epoch) this.#epochs.delete(number)
  }

  /** Writes a record of the current epoch to `into` from `at` on and returns its length. */
  write(contentType: number, content: Uint8Array, into: Uint8Array, at: number): number {
    return this.#write(this.#current, this.#epoch, contentType, content, into, at)
  }

  /** The same in an earlier epoch. */
  writeIn(epoch: number, contentType: number, content: Uint8Array, into: Uint8Array, at: number): number {
    return this.#write(this.#of(epoch), epoch, contentType, content, into, at)
  }

  #write(
    outbound: OutboundEpoch,
    epoch: number,
    contentType: number,
    content: Uint8Array,
    into: Uint8Array,
    at: number,
  ): number {
    return outbound.protection.protect(
      contentType,
      this.#version,
      epoch,
      outbound.sequence++,
      content,
      into,
      at,
    )
  }

  get #limit(): number {
    return this.#current.protection.limit ?? maxSequence
  }

  #of(epoch: number): OutboundEpoch {
    const outbound = this.#epochs.get(epoch)
    if (outbound === undefined) throw new RangeError(`no keys for epoch ${epoch}`)
    return outbound
  }
}

interface OutboundEpoch {
  readonly protection: OutboundProtection
  sequence: number
}
