import type { HandshakeType } from '../../protocol/handshake-type.ts'
import type { RecordWriter } from '../../record/record-writer.ts'
import type { Transcript } from '../transcript.ts'
import { FragmentPacker } from './fragment-packer.ts'
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
    return this.#messages.every((message) => message.isAcknowledged)
  }

  /** Whether there is no `message_seq` left, RFC 9147 §5.2. */
  get isNumberedOut(): boolean {
    return this.#nextSequence > 0xffff
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
    return this.#messages.some((message) => message.sequence === sequence && !message.isAcknowledged)
  }

  /** The peer has the record. Whether that is news. */
  acknowledge(epoch: number, sequence: number): boolean {
    let isNews = false
    this.#sent = this.#sent.filter(({ record, message, offset, length }) => {
      if (record !== sequence || message.epoch !== epoch) return true
      if (message.acknowledge(offset, length)) isNews = true
      return false
    })
    return isNews
  }

  /** The peer asks for the flight again, so what was acknowledged in the clear was so by somebody else. */
  distrust(): void {
    for (const message of this.#messages) if (message.epoch === 0) message.forgetArrivals()
  }

  /** Sends what the peer lacks in datagrams of at most `mtu` bytes. */
  send(mtu: number): void {
    const packer = new FragmentPacker(this.#records, mtu, this.#transmit)
    for (const message of this.#messages)
      for (let at = message.nextMissing(0); at >= 0;) {
        const { record, length } = packer.pack(message, at, message.missingRun(at))
        this.#remember({ message, record, offset: at, length })
        at = message.nextMissing(at + Math.max(length, 1))
      }
    packer.flush()
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

/** Fragments of a flight that was sent often over a path with a small MTU; older ones are acknowledged in vain. */
const maxRemembered = 512
