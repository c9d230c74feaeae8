/** Attributes that say how a request ended and who answered, RFC 8489 §14.8, §14.13, §14.14 and §14.16. */
import { DecodeError } from '@purertc/bytes'

import { type AttributeCodec, fitting, opaqueAttribute, textAttribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'
import { StunError } from '../stun-error.ts'

export interface ErrorCodeValue {
  /** 300 to 699. */
  readonly code: number
  /** For people, in whatever words the server likes. */
  readonly reason: string
}

/**
 * ERROR-CODE, RFC 8489 §14.8.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |           Reserved, should be 0         |Class|     Number    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      Reason Phrase (variable)                                ..
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export const ErrorCode: AttributeCodec<ErrorCodeValue> = {
  type: AttributeType.errorCode,
  name: 'ERROR-CODE',
  decode(value) {
    value.skip(2)
    const hundreds = value.u8() & 0b111
    const number = value.u8()
    if (hundreds < 3 || hundreds > 6 || number > 99) throw new DecodeError('invalid', 'ERROR-CODE: range')
    return { code: 100 * hundreds + number, reason: reasonPhrase.decode(value, NO_ID) }
  },
  encode(writer, { code, reason }) {
    if (!Number.isInteger(code) || code < 300 || code > 699)
      throw new StunError('invalid-value', `ERROR-CODE takes 300 to 699, not ${code}`)
    writer.u16(0)
    writer.u8(Math.floor(code / 100))
    writer.u8(code % 100)
    reasonPhrase.encode(writer, reason, NO_ID)
  },
}

/** RFC 8489 §14.13: the comprehension-required types that made a server answer 420. */
export const UnknownAttributes: AttributeCodec<readonly number[]> = {
  type: AttributeType.unknownAttributes,
  name: 'UNKNOWN-ATTRIBUTES',
  decode(value) {
    const types: number[] = []
    while (!value.isEmpty) types.push(value.u16())
    return types
  },
  encode(writer, types) {
    for (const type of types) writer.u16(fitting(type, 0xffff, 'UNKNOWN-ATTRIBUTES'))
  },
}

/** RFC 8489 §14.14: fewer than 128 characters that name the sender's software. */
export const Software: AttributeCodec<string> = textAttribute(AttributeType.software, 'SOFTWARE', 763)

/** RFC 8489 §14.16: the name that the certificate of an ALTERNATE-SERVER is checked against. */
export const AlternateDomain: AttributeCodec<string> = textAttribute(
  AttributeType.alternateDomain,
  'ALTERNATE-DOMAIN',
  255,
)

/** RFC 8489 §14.7. `MessageBuilder.finish` writes it, `StunMessage.decode` checks it. */
export const Fingerprint: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.fingerprint,
  'FINGERPRINT',
  4,
  4,
)

const reasonPhrase = textAttribute(AttributeType.errorCode, 'ERROR-CODE reason', 763)
const NO_ID = new Uint8Array(12)
