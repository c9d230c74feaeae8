import { DecodeError, Reader, Writer } from '@purertc/bytes'

import type { Certificate } from '../../certificate/certificate.ts'
import type { CertificateType } from '../../protocol/certificate-type.ts'

/** What the peer shows: certificates, its own first, or one bare key; nothing where it has none. */
export const decodeShown = (body: Uint8Array, type: CertificateType): readonly Uint8Array[] =>
  type === 'x509' ? decodeCertificateMessage(body) : decodeRawPublicKey(body)

/** What we show; null for nothing. */
export function encodeShown(certificate: Certificate | null, type: CertificateType): Uint8Array {
  if (type === 'raw-public-key')
    return encodeRawPublicKey(certificate?.subjectPublicKeyInfo ?? new Uint8Array(0))
  return encodeCertificateMessage(certificate === null ? [] : [certificate.der, ...certificate.chain])
}

/**
 * Certificate, RFC 5246 §7.4.2: a list of DER certificates, the sender's own first, each behind a 24-bit length. A
 * client that has none sends an empty list.
 */
export function decodeCertificateMessage(body: Uint8Array): Uint8Array[] {
  const reader = new Reader(body)
  const list = reader.sub(reader.u24())
  reader.done()
  const chain: Uint8Array[] = []
  while (!list.isEmpty) {
    const der = list.bytes(list.u24())
    if (der.length === 0) throw new DecodeError('invalid', 'empty certificate')
    chain.push(der)
  }
  return chain
}

export function encodeCertificateMessage(chain: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(1_024)
  const list = writer.open24()
  for (const der of chain) {
    writer.u24(der.length)
    writer.bytes(der)
  }
  writer.close24(list)
  return writer.finish()
}

/** RFC 7250 §3: | ASN.1_subjectPublicKeyInfo <1..2^24-1> |, or an empty one of a client that has none. */
function decodeRawPublicKey(body: Uint8Array): readonly Uint8Array[] {
  const reader = new Reader(body)
  const key = reader.bytes(reader.u24())
  reader.done()
  return key.length === 0 ? [] : [key]
}

function encodeRawPublicKey(subjectPublicKeyInfo: Uint8Array): Uint8Array {
  const writer = new Writer(3 + subjectPublicKeyInfo.length)
  writer.u24(subjectPublicKeyInfo.length)
  writer.bytes(subjectPublicKeyInfo)
  return writer.finish()
}
