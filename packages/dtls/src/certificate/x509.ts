import { DecodeError, Reader } from '@purertc/bytes'

import { decodeTime } from './asn1-time.ts'
import { expectElement, readElement, Tag } from './der.ts'

/** The fields of a certificate, RFC 5280 §4.1. Bytes are borrowed. */
export interface X509Fields {
  /** 1 or 3. */
  readonly version: number
  /** Distinguished names, DER. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** The SubjectPublicKeyInfo, DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** The list of extensions, DER; null where there is none. */
  readonly extensions: Uint8Array | null
  /** What the issuer has signed, and how: the AlgorithmIdentifiers in and beside it, which must be the same. */
  readonly tbs: Uint8Array
  readonly signatureAlgorithms: readonly [inner: Uint8Array, outer: Uint8Array]
  readonly signature: Uint8Array
}

/**
 * Walks a certificate:
 *
 *  Certificate    ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
 *  TBSCertificate ::= SEQUENCE { version [0] OPTIONAL, serialNumber, signature, issuer, validity, subject,
 *                                subjectPublicKeyInfo, issuerUniqueID [1], subjectUniqueID [2], extensions [3] }
 *
 * Throws `DecodeError`. What the extensions say is another matter: where a fingerprint is known, nobody asks.
 */
export function decodeCertificate(der: Uint8Array): X509Fields {
  const outer = new Reader(der)
  const certificate = expectElement(outer, Tag.sequence).body
  outer.done()
  const { body: tbs, bytes: tbsBytes } = expectElement(certificate, Tag.sequence)
  const outerAlgorithm = expectElement(certificate, Tag.sequence).bytes
  const signature = decodeBitString(expectElement(certificate, Tag.bitString).body)
  certificate.done()

  const versionOrSerial = readElement(tbs)
  let version = 1
  if (versionOrSerial.tag === Tag.explicit0) {
    version = decodeVersion(versionOrSerial.body)
    expectElement(tbs, Tag.integer)
  } else if (versionOrSerial.tag !== Tag.integer) throw new DecodeError('invalid', 'no serial number')
  const innerAlgorithm = expectElement(tbs, Tag.sequence).bytes
  const issuer = expectElement(tbs, Tag.sequence).bytes
  const validity = expectElement(tbs, Tag.sequence).body
  const notBefore = decodeTime(readElement(validity))
  const notAfter = decodeTime(readElement(validity))
  validity.done()
  const subject = expectElement(tbs, Tag.sequence).bytes
  const subjectPublicKeyInfo = expectElement(tbs, Tag.sequence).bytes
  let extensions: Uint8Array | null = null
  while (!tbs.isEmpty) {
    const element = readElement(tbs)
    if (element.tag === Tag.explicit3) extensions = decodeExplicit(element.body)
  }
  return {
    version,
    issuer,
    subject,
    subjectPublicKeyInfo,
    notBefore,
    notAfter,
    extensions,
    tbs: tbsBytes,
    signatureAlgorithms: [innerAlgorithm, outerAlgorithm],
    signature,
  }
}

/** INTEGER 0, 1 or 2: one less than the version. */
function decodeVersion(body: Reader): number {
  const integer = expectElement(body, Tag.integer).body
  body.done()
  const version = integer.u8() + 1
  integer.done()
  return version
}

function decodeExplicit(body: Reader): Uint8Array {
  const { bytes } = expectElement(body, Tag.sequence)
  body.done()
  return bytes
}

/** A BIT STRING of whole bytes. */
function decodeBitString(body: Reader): Uint8Array {
  if (body.u8() !== 0) throw new DecodeError('invalid', 'unused bits')
  return body.rest()
}
