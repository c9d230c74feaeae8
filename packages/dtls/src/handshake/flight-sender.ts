import { Writer } from '@purertc/bytes'

import { ContentType } from '../protocol/content-type.ts'
import type { HandshakeType } from '../protocol/handshake-type.ts'
import type { RecordProtection } from '../record/record-protection.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import { handshakeHeaderLength, writeHandshakeHeader } from './handshake-message.ts'
import type { Transcript } from './transcript.ts'

/**
 * Composes our flights, enters their messages in the transcript, and sends them in fragments that fit the MTU; the
 * latest flight is kept to be sent again (RFC 6347 §4.2.3 and §4.2.4).
 *
 * @example
 * flight.begin()
 * flight.message(HandshakeType.certificate, encodeCertificate(chain))
 * flight.changeCipherSpec(protection)
 * flight.message(HandshakeType.finished, verifyData) // in the new epoch
 * flight.end()
 */
export class FlightSender {
  readonly #records: RecordWriter
  readonly #transcript: Transcript
  readonly #transmit: (datagram: Uint8Array) => void
  #parts: Part[] = []
  #nextSequence = 0
  #isReady = false

  /** `transmit` is given datagrams that are its own to keep. */
  constructor(records: RecordWriter, transcript: Transcript, transmit: (datagram: Uint8Array) => void) {
    this.#records = records
    this.#transcript = transcript
    this.#transmit = transmit
  }

  /** Whether there is nothing to send again. */
  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  /** The `message_seq` of our next message. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Sets {@link FlightSender.nextSequence}. */
  startAt(sequence: number): void {
    this.#nextSequence = sequence
  }

  /** Starts a flight; the former one has been answered and is forgotten. */
  begin(): void {
    this.#parts = []
  }

  message(type: HandshakeType, body: Uint8Array): void {
    const sequence = this.#nextSequence++
    this.#transcript.add(type, sequence, body)
    this.#parts.push({ contentType: ContentType.handshake, epoch: this.#records.epoch, type, sequence, body })
  }

  /** ChangeCipherSpec, RFC 5246 §7.1: what follows is protected by `protection`, in the next epoch. */
  changeCipherSpec(protection: RecordProtection): void {
    const epoch = this.#records.epoch
    this.#parts.push({ contentType: ContentType.changeCipherSpec, epoch, body: Uint8Array.of(1) })
    this.#records.addEpoch(protection)
  }

  /** The flight is complete and waits for {@link FlightSender.takeReady}. */
  end(): void {
    this.#isReady = true
  }

  /** Whether a flight was completed since the last call. */
  takeReady(): boolean {
    const isReady = this.#isReady
    this.#isReady = false
    return isReady
  }

  /** Sends the flight, or sends it again, in datagrams of at most `mtu` bytes. */
  send(mtu: number): void {
    const scratch = new Writer(mtu)
    let datagram = new Uint8Array(mtu)
    let used = 0
    const flush = (): void => {
      if (used > 0) this.#transmit(datagram.subarray(0, used))
      datagram = new Uint8Array(mtu)
      used = 0
    }
    for (const part of this.#parts) {
      const overhead =
        this.#records.overhead(part.epoch) +
        (part.contentType === ContentType.handshake ? handshakeHeaderLength : 0)
      let offset = 0
      do {
        const rest = part.body.length - offset
        if (used > 0 && mtu - used - overhead < Math.min(rest, worthwhileFragment)) flush()
        const length = Math.min(rest, mtu - used - overhead)
        const content = contentOf(part, offset, length, scratch)
        used += this.#records.writeIn(part.epoch, part.contentType, content, datagram, used)
        offset += length
      } while (offset < part.body.length)
    }
    flush()
  }

  clear(): void {
    this.#parts = []
    this.#isReady = false
  }
}

/** One fragment of a message with its header, or the ChangeCipherSpec. */
function contentOf(part: Part, offset: number, length: number, scratch: Writer): Uint8Array {
  if (part.contentType === ContentType.changeCipherSpec) return part.body
  scratch.reset()
  writeHandshakeHeader(scratch, part.type, part.body.length, part.sequence, offset, length)
  scratch.bytes(part.body.subarray(offset, offset + length))
  return scratch.view()
}

/** A message or a ChangeCipherSpec, with the epoch it belongs to however often it is sent. */
type Part =
  | {
      readonly contentType: typeof ContentType.handshake
      readonly epoch: number
      readonly type: HandshakeType
      readonly sequence: number
      readonly body: Uint8Array
    }
  | {
      readonly contentType: typeof ContentType.changeCipherSpec
      readonly epoch: number
      readonly body: Uint8Array
    }

/** A message is rather begun in the next datagram than split off in a smaller piece than this. */
const worthwhileFragment = 48
