import { copyBytes, Reader, Writer } from '@purertc/bytes'
import type { KeyKind } from '@purertc/crypto'

import { decodeU16List, encodeU16List } from '../../extensions/extension-codec.ts'

/**
 * CertificateRequest, RFC 5246 §7.4.4:
 *
 *  | certificate_types <1..255> | supported_signature_algorithms <2..2^16-2> | certificate_authorities <0..2^16-1> |
 */
export interface CertificateRequest {
  readonly certificateTypes: readonly number[]
  readonly signatureSchemes: readonly number[]
  /** Distinguished names of those who may have issued it, DER; any will do where there is none. */
  readonly authorities: readonly Uint8Array[]
}

export function decodeCertificateRequest(body: Uint8Array): CertificateRequest {
  const reader = new Reader(body)
  const certificateTypes = [...reader.bytes(reader.u8())]
  const signatureSchemes = decodeU16List(reader)
  const list = reader.sub(reader.u16())
  const authorities: Uint8Array[] = []
  while (!list.isEmpty) authorities.push(copyBytes(list.bytes(list.u16())))
  reader.done()
  return { certificateTypes, signatureSchemes, authorities }
}

export function encodeCertificateRequest(request: CertificateRequest): Uint8Array {
  const writer = new Writer(32)
  writer.u8(request.certificateTypes.length)
  for (const type of request.certificateTypes) writer.u8(type)
  encodeU16List(writer, request.signatureSchemes)
  const list = writer.open16()
  for (const name of request.authorities) {
    writer.u16(name.length)
    writer.bytes(name)
  }
  writer.close16(list)
  return writer.finish()
}

/** ClientCertificateType: rsa_sign, RFC 5246 §7.4.4; ecdsa_sign for ECDSA and EdDSA keys, RFC 8422 §5.5. */
export const certificateTypeOf = (kind: KeyKind): number => (kind === 'rsa' ? 1 : 64)
