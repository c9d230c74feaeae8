import { DecodeError, fromUtf8, type Reader, toUtf8, type Writer } from '@purertc/bytes'

import { StunError } from './stun-error.ts'

/**
 * How the value of one attribute type is read and written, RFC 8489 §14. Type, length and padding are the message's
 * business: `value` holds the value alone, and a codec that leaves bytes of it unread rejects them.
 *
 * The transaction ID is what XOR addresses are obfuscated with; other codecs ignore it.
 */
export interface AttributeCodec<T> {
  readonly type: number
  /** The name in the IANA registry. */
  readonly name: string
  /** Throws `DecodeError` for a value that the format forbids. Byte arrays in the result are borrowed. */
  decode(value: Reader, transactionId: Uint8Array): T
  /** Throws {@link StunError} `invalid-value` or `invalid-address` for what the format cannot carry. */
  encode(writer: Writer, value: T, transactionId: Uint8Array): void
}

/** Bytes without inner structure, of `min` to `max` length. */
export function opaqueAttribute(
  type: number,
  name: string,
  min = 0,
  max = 0xffff,
): AttributeCodec<Uint8Array> {
  return {
    type,
    name,
    decode(value) {
      if (value.remaining < min || value.remaining > max) throw new DecodeError('invalid', `${name}: length`)
      return value.rest()
    },
    encode(writer, value) {
      if (value.length < min || value.length > max)
        throw new StunError('invalid-value', `${name} takes ${min} to ${max} bytes, not ${value.length}`)
      writer.bytes(value)
    },
  }
}

/** UTF-8 text of at most `max` bytes. */
export function textAttribute(type: number, name: string, max: number): AttributeCodec<string> {
  return {
    type,
    name,
    decode(value) {
      if (value.remaining > max) throw new DecodeError('invalid', `${name}: length`)
      return fromUtf8(value.rest())
    },
    encode(writer, text) {
      if (text.length <= max && isAscii(text)) {
        for (let i = 0; i < text.length; i++) writer.u8(text.charCodeAt(i))
        return
      }
      const bytes = toUtf8(text)
      if (bytes.length > max)
        throw new StunError('invalid-value', `${name} takes at most ${max} bytes, not ${bytes.length}`)
      writer.bytes(bytes)
    },
  }
}

export function uint32Attribute(type: number, name: string): AttributeCodec<number> {
  return {
    type,
    name,
    decode: (value) => value.u32(),
    encode: (writer, number) => writer.u32(fitting(number, 0xffff_ffff, name)),
  }
}

export function uint64Attribute(type: number, name: string): AttributeCodec<bigint> {
  return {
    type,
    name,
    decode: (value) => value.u64(),
    encode(writer, number) {
      if (number < 0n || number > 0xffff_ffff_ffff_ffffn)
        throw new StunError('invalid-value', `${name} takes 64 bits, not ${number.toString()}`)
      writer.u64(number)
    },
  }
}

/** An attribute that says everything by being there. */
export function flagAttribute(type: number, name: string): AttributeCodec<true> {
  return { type, name, decode: () => true, encode: () => undefined }
}

/** `value`, if it is an integer from 0 to `max`; else throws {@link StunError} `invalid-value`. */
export function fitting(value: number, max: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value
  throw new StunError('invalid-value', `${name} takes 0 to ${max}, not ${value}`)
}

/** Names, realms and phrases mostly are, and then the encoder costs more than they do. */
function isAscii(text: string): boolean {
  if (text.length > 64) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
