/** Attributes of the credential mechanisms, RFC 8489 §9 and §14.3 to §14.13. */
import { DecodeError } from '@purertc/bytes'

import { type AttributeCodec, fitting, opaqueAttribute, textAttribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'
import { StunError } from '../stun-error.ts'

/** RFC 8489 §14.3: at most 508 bytes; RFC 5389 §15.3 allowed 512. */
export const Username: AttributeCodec<string> = textAttribute(AttributeType.username, 'USERNAME', 512)

/** RFC 8489 §14.4: SHA-256 of username, colon and realm, in place of the readable name. */
export const Userhash: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.userhash,
  'USERHASH',
  32,
  32,
)

/** RFC 8489 §14.9: fewer than 128 characters, which UTF-8 may spread over 763 bytes (RFC 5389 §15.7). */
export const Realm: AttributeCodec<string> = textAttribute(AttributeType.realm, 'REALM', 763)

/** RFC 8489 §14.10: fewer than 128 characters. */
export const Nonce: AttributeCodec<string> = textAttribute(AttributeType.nonce, 'NONCE', 763)

/** RFC 8489 §14.5: an HMAC-SHA1. `MessageBuilder.sign` writes it, `authenticate` checks it. */
export const MessageIntegrity: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.messageIntegrity,
  'MESSAGE-INTEGRITY',
  20,
  20,
)

/** RFC 8489 §14.6: an HMAC-SHA256, whole; no usage of ours allows a truncated one. */
export const MessageIntegritySha256: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.messageIntegritySha256,
  'MESSAGE-INTEGRITY-SHA256',
  32,
  32,
)

/** IANA "STUN Password Algorithms", RFC 8489 §18.5: how the long-term key is derived from the password. */
export const PasswordAlgorithmNumber = { md5: 0x0001, sha256: 0x0002 } as const

/** RFC 8489 §14.12: the algorithm that the client chose; by number, for a peer may know more than we do. */
export const PasswordAlgorithm: AttributeCodec<number> = {
  type: AttributeType.passwordAlgorithm,
  name: 'PASSWORD-ALGORITHM',
  decode(value) {
    const algorithm = value.u16()
    skipParameters(value.u16(), value)
    return algorithm
  },
  encode(writer, algorithm) {
    writer.u16(fitting(algorithm, 0xffff, 'PASSWORD-ALGORITHM'))
    writer.u16(0)
  },
}

/** RFC 8489 §14.11: the algorithms that the server offers, the one it likes best first. */
export const PasswordAlgorithms: AttributeCodec<readonly number[]> = {
  type: AttributeType.passwordAlgorithms,
  name: 'PASSWORD-ALGORITHMS',
  decode(value) {
    const algorithms: number[] = []
    while (!value.isEmpty) {
      algorithms.push(value.u16())
      skipParameters(value.u16(), value)
    }
    if (algorithms.length === 0) throw new DecodeError('invalid', 'PASSWORD-ALGORITHMS: none')
    return algorithms
  },
  encode(writer, algorithms) {
    if (algorithms.length === 0) throw new StunError('invalid-value', 'PASSWORD-ALGORITHMS: none')
    for (const algorithm of algorithms) {
      writer.u16(fitting(algorithm, 0xffff, 'PASSWORD-ALGORITHMS'))
      writer.u16(0)
    }
  },
}

/** Parameters are padded to four bytes; the padding of the last may be the attribute's own. MD5 and SHA-256 have none. */
function skipParameters(
  length: number,
  value: { readonly remaining: number; skip(length: number): void },
): void {
  value.skip(length)
  value.skip(Math.min(value.remaining, -length & 3))
}
