import { DecodeError, Reader } from '@purertc/bytes'

import { decodeTime } from './asn1-time.ts'
import { expectElement, readElement, Tag } from './der.ts'

/** What we read of a certificate: who signed it, and for whom, is of no use where its fingerprint is known. */
export interface X509Fields {
  /** The SubjectPublicKeyInfo, DER; borrowed. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * Walks a certificate down to its public key, RFC 5280 §4.1:
 *
 *  Certificate    ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
 *  TBSCertificate ::= SEQUENCE { version [0] OPTIONAL, serialNumber, signature, issuer, validity, subject,
 *                                subjectPublicKeyInfo, ... }
 *
 * Throws `DecodeError`.
 */
export function decodeCertificate(der: Uint8Array): X509Fields {
  const outer = new Reader(der)
  const certificate = expectElement(outer, Tag.sequence).body
  outer.done()
  const tbs = expectElement(certificate, Tag.sequence).body
  expectElement(certificate, Tag.sequence)
  expectElement(certificate, Tag.bitString)
  certificate.done()

  const versionOrSerial = readElement(tbs)
  if (versionOrSerial.tag === Tag.explicit0) expectElement(tbs, Tag.integer)
  else if (versionOrSerial.tag !== Tag.integer) throw new DecodeError('invalid', 'no serial number')
  expectElement(tbs, Tag.sequence) // signature
  expectElement(tbs, Tag.sequence) // issuer
  const validity = expectElement(tbs, Tag.sequence).body
  const notBefore = decodeTime(readElement(validity))
  const notAfter = decodeTime(readElement(validity))
  validity.done()
  expectElement(tbs, Tag.sequence) // subject
  const subjectPublicKeyInfo = expectElement(tbs, Tag.sequence).bytes
  while (!tbs.isEmpty) readElement(tbs)
  return { subjectPublicKeyInfo, notBefore, notAfter }
}
