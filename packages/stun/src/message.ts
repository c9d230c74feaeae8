import { DecodeError, Reader } from '@purertc/bytes'

import type { AttributeCodec } from './attribute-codec.ts'
import { AttributeType, isComprehensionRequired } from './attribute-type.ts'
import { fingerprint, FINGERPRINT_LENGTH } from './fingerprint.ts'
import { HEADER_LENGTH, isStunDatagram, messageLength } from './header.ts'
import { classOf, type MessageClass, methodOf } from './message-type.ts'

/** An attribute before any codec looked at it; `value` is borrowed. */
export interface RawAttribute {
  readonly type: number
  readonly value: Uint8Array
}

/**
 * A view of one message: nothing is copied and no attribute is read before it is asked for. The wire bytes are
 * borrowed, like everything that a machine is handed: {@link StunMessage.copy} keeps them.
 *
 * Attributes behind MESSAGE-INTEGRITY are invisible, but for MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489 §14.5):
 * nothing covers them, so nothing may act on them. For the same reason a message that nobody authenticated is to be
 * told from one that somebody did by its type: see `authenticate`.
 *
 * @example
 * const message = StunMessage.decode(datagram)
 * if (message?.method === Method.binding) mapped = message.get(XorMappedAddress)
 */
export class StunMessage {
  /** The whole message, header included; borrowed. */
  readonly wire: Uint8Array
  /** 12 bits; those we know are in `Method`. */
  readonly method: number
  readonly class: MessageClass
  /** The 12 bytes that a response repeats; borrowed. */
  readonly transactionId: Uint8Array
  readonly #layout: Layout

  private constructor(wire: Uint8Array, layout: Layout) {
    const type = (wire[0]! << 8) | wire[1]!
    this.wire = wire
    this.method = methodOf(type)
    this.class = classOf(type)
    this.transactionId = wire.subarray(8, HEADER_LENGTH)
    this.#layout = layout
  }

  /**
   * The message that `bytes` are, all of them; `null` for anything that is not well-formed STUN: a wrong length or
   * cookie, an attribute that does not fit, a FINGERPRINT that is wrong or not the last.
   */
  static decode(bytes: Uint8Array): StunMessage | null {
    if (!isStunDatagram(bytes) || HEADER_LENGTH + messageLength(bytes) !== bytes.length) return null
    const layout = findLayout(bytes)
    return layout === null ? null : new StunMessage(bytes, layout)
  }

  /** The same message over bytes of its own, for whoever keeps it beyond the call. */
  copy(): StunMessage {
    // Not slice(): that of a Node Buffer is a view.
    return new StunMessage(new Uint8Array(this.wire), this.#layout)
  }

  /**
   * The value of the first attribute of that type, which is the one that counts (RFC 8489 §14). `undefined` where there
   * is none, or none that can be read: {@link StunMessage.isMalformed} tells.
   */
  get<T>(codec: AttributeCodec<T>): T | undefined {
    const at = this.#find(codec.type, HEADER_LENGTH)
    return at < 0 ? undefined : this.#decode(codec, at)
  }

  /** All readable values of that type in order. */
  getAll<T>(codec: AttributeCodec<T>): T[] {
    const values: T[] = []
    for (
      let at = this.#find(codec.type, HEADER_LENGTH);
      at >= 0;
      at = this.#find(codec.type, after(this.wire, at))
    ) {
      const value = this.#decode(codec, at)
      if (value !== undefined) values.push(value)
    }
    return values
  }

  has(codec: Pick<AttributeCodec<unknown>, 'type'>): boolean {
    return this.#find(codec.type, HEADER_LENGTH) >= 0
  }

  /** Whether the attribute is there with a value that its format forbids. */
  isMalformed(codec: AttributeCodec<unknown>): boolean {
    return this.has(codec) && this.get(codec) === undefined
  }

  /**
   * The types below 0x8000 that are not `known`, each once and 32 at the most: what a server answers 420 for (RFC 8489
   * §6.3.1). Integrity is always known.
   */
  unknownComprehensionRequired(known: ReadonlySet<number>): number[] {
    const unknown: number[] = []
    for (let at = HEADER_LENGTH; at < this.#layout.visibleEnd; at = after(this.wire, at)) {
      if (unknown.length === MAX_UNKNOWN) break
      const type = u16(this.wire, at)
      if (isComprehensionRequired(type) && !known.has(type) && !isIntegrity(type) && !unknown.includes(type))
        unknown.push(type)
    }
    return unknown
  }

  /** The visible attributes in wire order, without MESSAGE-INTEGRITY, its SHA-256 kind and FINGERPRINT. */
  *attributes(): Generator<RawAttribute> {
    for (let at = HEADER_LENGTH; at < this.#layout.visibleEnd; at = after(this.wire, at)) {
      const type = u16(this.wire, at)
      if (!isIntegrity(type) && type !== AttributeType.fingerprint)
        yield { type, value: this.wire.subarray(at + 4, at + 4 + u16(this.wire, at + 2)) }
    }
  }

  /** Offset of MESSAGE-INTEGRITY in `wire`, -1 without one. */
  get integrityAt(): number {
    return this.#layout.integrity
  }

  /** Offset of MESSAGE-INTEGRITY-SHA256 in `wire`, -1 without one. */
  get integritySha256At(): number {
    return this.#layout.integritySha256
  }

  /** Whether the message has a FINGERPRINT, which is then right: decoding has checked it. */
  get hasFingerprint(): boolean {
    return this.#layout.fingerprint >= 0
  }

  #find(type: number, from: number): number {
    if (type === AttributeType.messageIntegrity) return from <= this.integrityAt ? this.integrityAt : -1
    if (type === AttributeType.messageIntegritySha256)
      return from <= this.integritySha256At ? this.integritySha256At : -1
    if (type === AttributeType.fingerprint)
      return from <= this.#layout.fingerprint ? this.#layout.fingerprint : -1
    for (let at = from; at < this.#layout.visibleEnd; at = after(this.wire, at))
      if (u16(this.wire, at) === type) return at
    return -1
  }

  #decode<T>(codec: AttributeCodec<T>, at: number): T | undefined {
    const value = new Reader(this.wire, at + 4, at + 4 + u16(this.wire, at + 2))
    try {
      const decoded = codec.decode(value, this.transactionId)
      value.done()
      return decoded
    } catch (error) {
      if (error instanceof DecodeError) return undefined
      throw error
    }
  }
}

/** Offsets found by the one walk that decoding takes; -1 for what is not there. */
interface Layout {
  readonly integrity: number
  readonly integritySha256: number
  readonly fingerprint: number
  /** Where the attributes end that count: behind it there is integrity, FINGERPRINT or what must be ignored. */
  readonly visibleEnd: number
}

function findLayout(wire: Uint8Array): Layout | null {
  let integrity = -1
  let integritySha256 = -1
  let visibleEnd = -1
  let at = HEADER_LENGTH
  while (at < wire.length) {
    const type = u16(wire, at)
    const next = after(wire, at)
    if (next > wire.length) return null
    if (type === AttributeType.fingerprint) {
      if (!isFingerprintRight(wire, at)) return null
      return { integrity, integritySha256, fingerprint: at, visibleEnd: visibleEnd < 0 ? at : visibleEnd }
    }
    // The SHA-256 kind may follow MESSAGE-INTEGRITY, never the other way round (RFC 8489 §14.6).
    if (type === AttributeType.messageIntegritySha256 && integritySha256 < 0) {
      integritySha256 = at
      if (visibleEnd < 0) visibleEnd = at
    } else if (type === AttributeType.messageIntegrity && visibleEnd < 0) {
      integrity = at
      visibleEnd = at
    }
    at = next
  }
  return { integrity, integritySha256, fingerprint: -1, visibleEnd: visibleEnd < 0 ? at : visibleEnd }
}

/** FINGERPRINT is the last attribute, and has four bytes. */
function isFingerprintRight(wire: Uint8Array, at: number): boolean {
  if (at + FINGERPRINT_LENGTH !== wire.length || u16(wire, at + 2) !== 4) return false
  const value = ((u16(wire, at + 4) << 16) | u16(wire, at + 6)) >>> 0
  return value === fingerprint(wire, at)
}

function isIntegrity(type: number): boolean {
  return type === AttributeType.messageIntegrity || type === AttributeType.messageIntegritySha256
}

/** Offset of the attribute behind the one at `at`: values are padded to four bytes, whatever the padding holds. */
function after(wire: Uint8Array, at: number): number {
  return at + 4 + ((u16(wire, at + 2) + 3) & ~3)
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** A datagram of 64 KiB has room for 16,000, of which a client that leaves these out learns in turn. */
const MAX_UNKNOWN = 32
