import { Writer } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import type { AttributeCodec } from './attribute-codec.ts'
import { AttributeType } from './attribute-type.ts'
import { ErrorCode } from './attributes/outcome.ts'
import { reasonOf } from './error-codes.ts'
import { fingerprint, FINGERPRINT_LENGTH } from './fingerprint.ts'
import { HEADER_LENGTH, MAGIC_COOKIE, TRANSACTION_ID_LENGTH } from './header.ts'
import { computeIntegrity, type IntegrityAlgorithm, integrityLengths } from './integrity.ts'
import { encodeMessageType, MessageClass } from './message-type.ts'
import { StunError } from './stun-error.ts'

/** What an answer repeats of the request: a `StunMessage` fits. */
export interface RequestIdentity {
  readonly method: number
  readonly transactionId: Uint8Array
}

/**
 * Builds one message: attributes in order, then integrity, then fingerprint.
 *
 * @example
 * const request = new MessageBuilder(Method.binding, MessageClass.request, transactionId)
 *   .add(Username, `${remoteUfrag}:${localUfrag}`)
 *   .add(Priority, priority)
 *   .sign(crypto, shortTermKey(remotePassword))
 *   .finish()
 */
export class MessageBuilder {
  readonly #writer: Writer
  readonly #transactionId: Uint8Array
  #end: IntegrityAlgorithm | 'whole' | null = null

  /**
   * `method` is one of `Method`, or any other 12-bit number. The transaction ID has 12 bytes and is borrowed until the
   * message is finished.
   */
  constructor(method: number, messageClass: MessageClass, transactionId: Uint8Array) {
    if (transactionId.length !== TRANSACTION_ID_LENGTH)
      throw new StunError('invalid-value', `a transaction ID has 12 bytes, not ${transactionId.length}`)
    if (!Number.isInteger(method) || method < 0 || method > 0xfff)
      throw new StunError('invalid-value', `a method has 12 bits: ${method}`)
    this.#writer = new Writer(128)
    this.#writer.u16(encodeMessageType(method, messageClass))
    this.#writer.u16(0)
    this.#writer.u32(MAGIC_COOKIE)
    this.#writer.bytes(transactionId)
    this.#transactionId = transactionId
  }

  /** The success response to a request. */
  static success(request: RequestIdentity): MessageBuilder {
    return new MessageBuilder(request.method, MessageClass.successResponse, request.transactionId)
  }

  /** The error response to a request; the reason is the registered phrase unless given. */
  static error(request: RequestIdentity, code: number, reason: string = reasonOf(code)): MessageBuilder {
    const response = new MessageBuilder(request.method, MessageClass.errorResponse, request.transactionId)
    return response.add(ErrorCode, { code, reason })
  }

  /** Bytes so far, header included. */
  get length(): number {
    return this.#writer.length
  }

  /**
   * Throws {@link StunError} `sealed` behind {@link MessageBuilder.sign}: the receiver would ignore the attribute. Where it
   * throws, for whatever reason, the message is as it was.
   */
  add<T>(codec: AttributeCodec<T>, value: T): this {
    if (this.#end !== null)
      throw new StunError('sealed', `${codec.name} cannot follow the integrity that shall cover it`)
    const at = this.#writer.length
    try {
      this.#append(codec, value)
    } catch (error) {
      this.#writer.truncate(at)
      throw error
    }
    return this
  }

  /** {@link MessageBuilder.add}, unless the value is `undefined`. */
  addIf<T>(codec: AttributeCodec<T>, value: T | undefined): this {
    return value === undefined ? this : this.add(codec, value)
  }

  /**
   * Appends MESSAGE-INTEGRITY, or MESSAGE-INTEGRITY-SHA256 for `sha256`. To send both, sign with `sha1` first
   * (RFC 8489 §14.6): throws {@link StunError} `sealed` in the other order, twice for one, or behind
   * {@link MessageBuilder.finish}.
   */
  sign(crypto: CryptoProvider, key: Uint8Array, algorithm: IntegrityAlgorithm = 'sha1'): this {
    if (this.#end !== null && !(this.#end === 'sha1' && algorithm === 'sha256'))
      throw new StunError('sealed', `a ${algorithm} integrity cannot come behind what is there`)
    const at = this.#writer.length
    const hmac = computeIntegrity(crypto, algorithm, key, this.#writer.view(), at)
    this.#writer.u16(
      algorithm === 'sha1' ? AttributeType.messageIntegrity : AttributeType.messageIntegritySha256,
    )
    this.#writer.u16(integrityLengths[algorithm])
    this.#writer.bytes(hmac)
    this.#end = algorithm
    return this
  }

  /**
   * Appends FINGERPRINT and returns the message: bytes that are the caller's own. Throws {@link StunError} `sealed`
   * the second time, and behind {@link MessageBuilder.build}.
   */
  finish(): Uint8Array {
    const at = this.#writer.length
    this.#complete(at + FINGERPRINT_LENGTH)
    const value = fingerprint(this.#writer.view(), at)
    this.#writer.u16(AttributeType.fingerprint)
    this.#writer.u16(4)
    this.#writer.u32(value)
    return this.#writer.view()
  }

  /** The message without FINGERPRINT: bytes that are the caller's own. Again, they are the same. */
  build(): Uint8Array {
    if (this.#end !== 'whole') this.#complete(this.#writer.length)
    return this.#writer.view()
  }

  #append<T>(codec: AttributeCodec<T>, value: T): void {
    this.#writer.u16(codec.type)
    this.#writer.u16(0)
    const start = this.#writer.length
    codec.encode(this.#writer, value, this.#transactionId)
    const length = this.#writer.length - start
    if (length > 0xffff) throw new StunError('too-large', `${codec.name} has ${length} bytes`)
    this.#writer.patch16(start - 2, length)
    if ((length & 3) !== 0) this.#writer.zeros(-length & 3)
  }

  /** Nothing may follow: the memory is then the caller's. */
  #complete(end: number): void {
    const length = end - HEADER_LENGTH
    if (this.#end === 'whole') throw new StunError('sealed', 'the message was finished before')
    if (length > 0xffff) throw new StunError('too-large', `${length} bytes behind the header`)
    this.#writer.patch16(2, length)
    this.#end = 'whole'
  }
}
