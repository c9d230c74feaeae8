import { Writer } from '@purertc/bytes'

import { handshakeHeaderLength, writeHandshakeHeader } from '../../handshake/handshake-message.ts'
import { ContentType } from '../../protocol/content-type.ts'
import type { RecordWriter } from '../../record/record-writer.ts'
import type { OutgoingMessage } from './outgoing-message.ts'

/**
 * Fills records with fragments and datagrams with records: a record takes the end of one message and the begin of the
 * next where both are of its epoch (RFC 9147 §5.5), and nothing is left empty that a byte of a message fits in.
 */
export class FragmentPacker {
  readonly #records: RecordWriter
  readonly #mtu: number
  readonly #transmit: (datagram: Uint8Array) => void
  readonly #content: Writer
  #datagram: Uint8Array
  #used = 0
  /** Of the record that is being filled, null where there is none. */
  #epoch: number | null = null

  /** `transmit` is given datagrams that are its own to keep. */
  constructor(records: RecordWriter, mtu: number, transmit: (datagram: Uint8Array) => void) {
    this.#records = records
    this.#mtu = mtu
    this.#transmit = transmit
    this.#content = new Writer(mtu)
    this.#datagram = new Uint8Array(mtu)
  }

  /**
   * Packs as many of the `rest` bytes from `offset` on as fit, at least one of them. Returns how many, and the sequence
   * number of the record that has them.
   */
  pack(message: OutgoingMessage, offset: number, rest: number): { record: number; length: number } {
    const length = Math.min(rest, this.#makeRoom(message.epoch, Math.min(rest, 1)))
    writeHandshakeHeader(this.#content, message.type, message.body.length, message.sequence, offset, length)
    this.#content.bytes(message.body.subarray(offset, offset + length))
    return { record: this.#records.nextSequence(message.epoch), length }
  }

  /** Sends what is packed. */
  flush(): void {
    this.#closeRecord()
    if (this.#used > 0) this.#transmit(this.#datagram.subarray(0, this.#used))
    this.#datagram = new Uint8Array(this.#mtu)
    this.#used = 0
  }

  /** Bytes of a message that fit in the open record, or in a new one where it has not room for `least`. */
  #makeRoom(epoch: number, least: number): number {
    if (this.#epoch !== epoch) this.#closeRecord()
    if (this.#roomIn(epoch) < least) this.flush()
    this.#epoch = epoch
    return this.#roomIn(epoch)
  }

  #roomIn(epoch: number): number {
    const inDatagram = this.#mtu - this.#used - this.#records.overhead(epoch)
    return (
      Math.min(inDatagram, this.#records.maxContent(epoch)) - this.#content.length - handshakeHeaderLength
    )
  }

  #closeRecord(): void {
    if (this.#epoch === null) return
    const content = this.#content.view()
    this.#used += this.#records.writeIn(
      this.#epoch,
      ContentType.handshake,
      content,
      this.#datagram,
      this.#used,
    )
    this.#content.reset()
    this.#epoch = null
  }
}
