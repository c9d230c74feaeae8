import { concatBytes, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider, PrivateKey } from '@purertc/crypto'

import { encodeTime } from './asn1-time.ts'
import { encodeElement, encodeUnsigned, Tag } from './der.ts'

export interface SelfSignedOptions {
  readonly crypto: CryptoProvider
  /** An ECDSA P-256 key. */
  readonly privateKey: PrivateKey
  /** Its SubjectPublicKeyInfo, DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** Common name of subject and issuer. */
  readonly commonName: string
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/** A certificate of version 3 with a random serial number, signed by its own key with ECDSA and SHA-256. DER. */
export function encodeSelfSigned(options: SelfSignedOptions): Uint8Array {
  const serial = new Uint8Array(16)
  options.crypto.randomFill(serial)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const name = encodeName(options.commonName)
  const tbs = encodeElement(
    Tag.sequence,
    encodeElement(Tag.explicit0, encodeUnsigned(Uint8Array.of(2))),
    encodeUnsigned(serial),
    ecdsaWithSha256,
    name,
    encodeElement(Tag.sequence, encodeTime(options.notBefore), encodeTime(options.notAfter)),
    name,
    options.subjectPublicKeyInfo,
  )
  const signature = options.privateKey.sign('ecdsa_secp256r1_sha256', tbs)
  const signatureBits = encodeElement(Tag.bitString, concatBytes(Uint8Array.of(0), signature))
  return encodeElement(Tag.sequence, tbs, ecdsaWithSha256, signatureBits)
}

/** One relative distinguished name with one attribute, RFC 5280 §4.1.2.4. */
function encodeName(commonName: string): Uint8Array {
  const attribute = encodeElement(
    Tag.sequence,
    encodeElement(Tag.objectIdentifier, commonNameOid),
    encodeElement(Tag.utf8String, toUtf8(commonName)),
  )
  return encodeElement(Tag.sequence, encodeElement(Tag.set, attribute))
}

/** 2.5.4.3 */
const commonNameOid = Uint8Array.of(0x55, 0x04, 0x03)

/** AlgorithmIdentifier of 1.2.840.10045.4.3.2, which has no parameters: RFC 5758 §3.2. */
const ecdsaWithSha256: Uint8Array = encodeElement(
  Tag.sequence,
  encodeElement(Tag.objectIdentifier, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)),
)
