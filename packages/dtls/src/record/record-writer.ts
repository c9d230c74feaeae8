import { ProtocolVersion } from '../protocol/protocol-version.ts'
import { plaintext } from './plaintext.ts'
import { maxSequence } from './record-header.ts'
import type { RecordProtection } from './record-protection.ts'

/**
 * Numbers and protects the records we send. Earlier epochs stay, since a flight that spans a change of keys is
 * retransmitted in the epochs it was first sent in, under fresh sequence numbers (RFC 6347 §4.2.4).
 */
export class RecordWriter {
  readonly #epochs: OutboundEpoch[] = [{ protection: plaintext, sequence: 0 }]
  #current: OutboundEpoch = this.#epochs[0]!
  #version: number = ProtocolVersion.dtls12

  /** The epoch that new content is sent in. */
  get epoch(): number {
    return this.#epochs.length - 1
  }

  /** Sequence numbers must not wrap, RFC 6347 §4.1: false where the one that is left is for saying goodbye. */
  get hasRoom(): boolean {
    return this.#current.sequence < maxSequence
  }

  /** Bytes that a record of the epoch takes on top of its content. */
  overhead(epoch: number = this.epoch): number {
    return this.#of(epoch).protection.overhead
  }

  /** What the headers say from now on. A first ClientHello says less than it could, for old middleboxes and servers. */
  setVersion(version: number): void {
    this.#version = version
  }

  /** The next sequence number of epoch 0: a server that answered without state goes on where the client is. */
  startAt(sequence: number): void {
    this.#of(0).sequence = sequence
  }

  /** New content is protected by this from now on. */
  addEpoch(protection: RecordProtection): void {
    this.#current = { protection, sequence: 0 }
    this.#epochs.push(this.#current)
  }

  /** Writes a record of the current epoch to `into` from `at` on and returns its length. */
  write(contentType: number, content: Uint8Array, into: Uint8Array, at: number): number {
    return this.#write(this.#current, this.#epochs.length - 1, contentType, content, into, at)
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

  #of(epoch: number): OutboundEpoch {
    const outbound = this.#epochs[epoch]
    if (outbound === undefined) throw new RangeError(`no keys for epoch ${epoch}`)
    return outbound
  }
}

interface OutboundEpoch {
  readonly protection: RecordProtection
  sequence: number
}
