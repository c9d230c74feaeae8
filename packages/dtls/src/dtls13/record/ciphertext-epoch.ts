import { Unopened } from '../../record/inbound-epoch.ts'
import { maxSequence } from '../../record/record-header.ts'
import { ReplayWindow } from '../../record/replay-window.ts'
import type { RecordKeys } from '../keys/traffic-secret.ts'
import { nonceOf } from './nonce.ts'
import { reconstructSequence, type UnifiedHeader } from './unified-header.ts'

/** The peer's records of one epoch, RFC 9147 §4: opened, and each only once. */
export class CiphertextEpoch {
  readonly number: number
  /** Of the record that was opened last. 0 where it had none, which is the peer's fault. */
  contentType = 0
  sequence = 0
  readonly #keys: RecordKeys
  readonly #window = new ReplayWindow()
  readonly #nonce = new Uint8Array(12)
  readonly #aad = new Uint8Array(5)
  /** One more than the highest sequence number so far. */
  #expected = 0
  #forged = 0
  #isNewest = false

  constructor(number: number, keys: RecordKeys) {
    this.number = number
    this.#keys = keys
  }

  /** Records that did not authenticate. */
  get forged(): number {
    return this.#forged
  }

  /** Whether the record that was opened last has the highest number so far. */
  get isNewest(): boolean {
    return this.#isNewest
  }

  /** Forgeries that the key may withstand. */
  get forgeryLimit(): number {
    return this.#keys.suite.forgeryLimit
  }

  /** Writes the record's content to `into`; returns its length or why there is none, see {@link Unopened}. */
  open(datagram: Uint8Array, header: UnifiedHeader, into: Uint8Array): number {
    const { aead, iv, mask } = this.#keys
    // RFC 9147 §4.2.3: what is too short for a sample is rejected as a forgery. What holds nothing, not even a type, is not
    // one: RFC 8446 §5.4 has it end the association.
    if (header.length < Math.max(sampleLength, aead.tagLength)) return this.#reject()
    const aad = this.#unmask(datagram, header, mask.of(datagram, header.start))
    const at = header.sequenceAt - header.at
    const low = header.sequenceLength === 1 ? aad[at]! : (aad[at]! << 8) | aad[at + 1]!
    const sequence = reconstructSequence(this.#expected, low, header.sequenceLength === 1 ? 8 : 16)
    if (sequence > maxSequence) return this.#reject()
    if (!this.#window.isFresh(sequence)) return Unopened.replayed
    nonceOf(iv, sequence, this.#nonce)
    const length = aead.open(this.#nonce, aad, datagram.subarray(header.start, header.end), into, 0)
    if (length < 0) return this.#reject()
    this.#window.accept(sequence)
    this.#isNewest = sequence >= this.#expected
    if (this.#isNewest) {
      this.#expected = sequence + 1
      nonceOf(iv, this.#expected, this.#nonce)
      aead.expect?.(this.#nonce, length)
    }
    this.sequence = sequence
    return this.#unpad(into, length)
  }

  /** The header as the peer had it before it encrypted the sequence number: the additional data. */
  #unmask(datagram: Uint8Array, header: UnifiedHeader, stream: Uint8Array): Uint8Array {
    const aad = header.headerLength === this.#aad.length ? this.#aad : new Uint8Array(header.headerLength)
    for (let i = 0; i < aad.length; i++) aad[i] = datagram[header.at + i]!
    const at = header.sequenceAt - header.at
    for (let i = 0; i < header.sequenceLength; i++) aad[at + i]! ^= stream[i]!
    return aad
  }

  /** The content's type is the last byte that is not zero, RFC 8446 §5.4; behind it is padding. */
  #unpad(inner: Uint8Array, length: number): number {
    let end = length
    while (end > 0 && inner[end - 1] === 0) end--
    this.contentType = end === 0 ? 0 : inner[end - 1]!
    return Math.max(end - 1, 0)
  }

  #reject(): number {
    this.#forged++
    return Unopened.forged
  }
}

const sampleLength = 16
