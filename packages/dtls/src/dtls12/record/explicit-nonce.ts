/**
 * The nonces of DTLS 1.2, RFC 5288 §3 (GCM) and RFC 6655 §3 (CCM): fixed IV (4) and the 8 bytes of epoch and sequence
 * number, which stand before the ciphertext as well. With a fixed IV of 12 bytes (ChaCha20-Poly1305, RFC 7905 §2) they do
 * not: they are mixed into the IV's last 8 bytes.
 */
export class ExplicitNonce {
  /** The nonce that was made last. */
  readonly bytes: Uint8Array = new Uint8Array(12)
  /** Bytes before the ciphertext. */
  readonly length: number
  /** Mixed with epoch and sequence number: of the IV what it is long enough for, or zeros. */
  readonly #mask = new Uint8Array(sequenceLength)

  /** `fixedIv` has the `fixed_iv_length` of the suite, 4 or 12 bytes. */
  constructor(fixedIv: Uint8Array) {
    this.bytes.set(fixedIv)
    this.#mask.set(fixedIv.subarray(sequenceOffset))
    this.length = this.bytes.length - fixedIv.length
  }

  /**
   * For a record of ours whose epoch and sequence number stand at `sequenceAt`: they never repeat under a key, so there is
   * no counter of our own. Writes what stands before the ciphertext to `bodyAt`.
   */
  seal(record: Uint8Array, sequenceAt: number, bodyAt: number): Uint8Array {
    this.#mix(record, sequenceAt)
    for (let i = 0; i < this.length; i++) record[bodyAt + i] = record[sequenceAt + i]!
    return this.bytes
  }

  /** For a record of the peer's: an explicit nonce is what the sender says it is. */
  open(record: Uint8Array, sequenceAt: number, bodyAt: number): Uint8Array {
    this.#mix(record, this.length > 0 ? bodyAt : sequenceAt)
    return this.bytes
  }

  /** The one that follows upon the nonce that was made last, where the sender counts: most do. */
  next(): Uint8Array {
    for (let i = this.bytes.length - 1; i >= sequenceOffset; i--) {
      this.bytes[i]!++
      if (this.bytes[i] !== 0) break
    }
    return this.bytes
  }

  #mix(record: Uint8Array, at: number): void {
    for (let i = 0; i < sequenceLength; i++) this.bytes[sequenceOffset + i] = record[at + i]! ^ this.#mask[i]!
  }
}

/** Epoch and sequence number, and where they stand in a nonce. */
const sequenceLength = 8
const sequenceOffset = 4
