import { Writer } from '@purertc/bytes'

import { handshakeHeaderLength, writeHandshakeHeader } from '../../handshake/handshake-message.ts'
import { ContentType } from '../../protocol/content-type.ts'
import type { HandshakeType } from '../../protocol/handshake-type.ts'
import type { RecordWriter } from '../../record/record-writer.ts'
import type { Transcript } from '../transcript.ts'
import { OutgoingMessage } from './outgoing-message.ts'

/**
 * Our messages that are under way: composed by the states, entered in the transcript, sent in fragments that fit the
 * MTU, and sent again until the peer acknowledges them (RFC 9147 §5.8 and §7). What it has acknowledged is left out.
 *
 * @example
 * flight.begin()
 * flight.message(HandshakeType.encryptedExtensions, encodeEncryptedExtensions(extensions))
 * flight.end()
 */
export class Flight {
  readonly #records: RecordWriter
  readonly #transcript: Transcript
  readonly #transmit: (datagram: Uint8Array) => void
  #messages: OutgoingMessage[] = []
  /** What each record that we sent held, oldest first. */
  #sent: SentFragment[] = []
  #nextSequence: number
  #isReady = false

  /** `nextSequence` is the `message_seq` of our next message. `transmit` is given datagrams that are its own to keep. */
  constructor(
    records: RecordWriter,
    transcript: Transcript,
    nextSequence: number,
    transmit: (datagram: Uint8Array) => void,
  ) {
    this.#records = records
    this.#transcript = transcript
    this.#nextSequence = nextSequence
    this.#transmit = transmit
  }

  /** Whether the peer has all of it. */
  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  /** Starts a flight; the former one has been answered and is forgotten. */
  begin(): void {
    this.clear()
  }

  /** A message of the handshake, in the current epoch of records. */
  message(type: HandshakeType, body: Uint8Array): void {
    this.#transcript.add(type, body)
    this.afterwards(type, body)
  }

  /** A message after the handshake: it enters no transcript. Returns its `message_seq`. */
  afterwards(type: HandshakeType, body: Uint8Array): number {
    const sequence = this.#nextSequence++
    this.#messages.push(new OutgoingMessage(this.#records.epoch, type, sequence, body))
    return sequence
  }

  /** What was composed is complete and waits for {@link Flight.takeReady}. */
  end(): void {
    this.#isReady = true
  }

  /** Whether something was completed since the last call. */
  takeReady(): boolean {
    const isReady = this.#isReady
    this.#isReady = false
    return isReady
  }

  /** Whether the message is still under way. */
  isOutstanding(sequence: number): boolean {
    return this.#messages.some((message) => message.sequence === sequence)
  }

  /** The peer has the record. Whether that is news. */
  acknowledge(epoch: number, sequence: number): boolean {
    const index = this.#sent.findIndex((sent) => sent.record === sequence && sent.message.epoch === epoch)
    const sent = this.#sent[index]
    if (sent === undefined) return false
    this.#sent.splice(index, 1)
    const isNews = sent.message.acknowledge(sent.offset, sent.length)
    if (sent.message.isAcknowledged)
      this.#messages = this.#messages.filter((message) => message !== sent.message)
    return isNews
  }

  /** Sends what the peer lacks in datagrams of at most `mtu` bytes. */
  send(mtu: number): void {
    const datagram = new DatagramPacker(mtu, this.#transmit)
    const scratch = new Writer(mtu)
    for (const message of this.#messages) {
      const overhead = this.#records.overhead(message.epoch) + handshakeHeaderLength
      for (let at = message.nextMissing(0); at >= 0;) {
        const rest = message.missingRun(at)
        const length = Math.min(rest, datagram.roomFor(overhead, rest))
        scratch.reset()
        writeHandshakeHeader(scratch, message.type, message.body.length, message.sequence, at, length)
        scratch.bytes(message.body.subarray(at, at + length))
        this.#remember({
          message,
          record: this.#records.nextSequence(message.epoch),
          offset: at,
          length,
        })
        const { epoch } = message
        datagram.used += this.#records.writeIn(
          epoch,
          ContentType.handshake,
          scratch.view(),
          datagram.bytes,
          datagram.used,
        )
        at = message.nextMissing(at + Math.max(length, 1))
      }
    }
    datagram.flush()
  }

  /** Messages of epochs before this one have arrived, whether or not the peer said so. */
  forgetBefore(epoch: number): void {
    this.#messages = this.#messages.filter((message) => message.epoch >= epoch)
    this.#sent = this.#sent.filter(({ message }) => message.epoch >= epoch)
  }

  clear(): void {
    this.#messages = []
    this.#sent = []
    this.#isReady = false
  }

  #remember(sent: SentFragment): void {
    if (this.#sent.length === maxRemembered) this.#sent.shift()
    this.#sent.push(sent)
  }
}

interface SentFragment {
  readonly message: OutgoingMessage
  /** Sequence number of the record. */
  readonly record: number
  readonly offset: number
  readonly length: number
}

/** Fills datagrams with records, one after the other. */
class DatagramPacker {
  bytes: Uint8Array
  used = 0
  readonly #mtu: number
  readonly #transmit: (datagram: Uint8Array) => void

  constructor(mtu: number, transmit: (datagram: Uint8Array) => void) {
    this.#mtu = mtu
    this.#transmit = transmit
    this.bytes = new Uint8Array(mtu)
  }

  /** Bytes of a message that still fit, in a new datagram where it is not worth beginning in this one. */
  roomFor(overhead: number, rest: number): number {
    if (this.used > 0 && this.#mtu - this.used - overhead < Math.min(rest, worthwhileFragment)) this.flush()
    return this.#mtu - this.used - overhead
  }

  flush(): void {
    if (this.used === 0) return
    this.#transmit(this.bytes.subarray(0, this.used))
    this.bytes = new Uint8Array(this.#mtu)
    this.used = 0
  }
}

/** A message is rather begun in the next datagram than split off in a smaller piece than this. */
const worthwhileFragment = 48
/** Records of a flight that was sent often over a path with a small MTU; older ones are acknowledged in vain. */
const maxRemembered = 512
