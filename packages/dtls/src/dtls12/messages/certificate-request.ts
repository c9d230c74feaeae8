import { Reader, Writer } from '@purertc/bytes'

import { decodeU16List, encodeU16List } from '../../extensions/extension-codec.ts'

/**
 * CertificateRequest, RFC 5246 §7.4.4:
 *
 *  | certificate_types <1..255> | supported_signature_algorithms <2..2^16-2> | certificate_authorities <0..2^16-1> |
 *
 * The authorities are names of no use to peers that know each other by fingerprint; they are checked and not kept.
 */
export interface CertificateRequest {
  readonly certificateTypes: readonly number[]
  readonly signatureSchemes: readonly number[]
}

export function decodeCertificateRequest(body: Uint8Array): CertificateRequest {
  const reader = new Reader(body)
  const certificateTypes = [...reader.bytes(reader.u8())]
  const signatureSchemes = decodeU16List(reader)
  const authorities = reader.sub(reader.u16())
  while (!authorities.isEmpty) authorities.skip(authorities.u16())
  reader.done()
  return { certificateTypes, signatureSchemes }
}

export function encodeCertificateRequest(request: CertificateRequest): Uint8Array {
  const writer = new Writer(32)
  writer.u8(request.certificateTypes.length)
  for (const type of request.certificateTypes) writer.u8(type)
  encodeU16List(writer, request.signatureSchemes)
  writer.u16(0)
  return writer.finish()
}

/** ClientCertificateType of ECDSA and EdDSA keys, RFC 8422 §5.5. */
export const ecdsaSign = 64
