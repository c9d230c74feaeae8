import { Reader, Writer } from '@purertc/bytes'

import { Extensions } from '../../extensions/extensions.ts'

/** CertificateRequest, RFC 8446 §4.3.2: | certificate_request_context <0..255> | extensions <2..2^16-1> | */
export interface CertificateRequest {
  /** Empty during the handshake. */
  readonly context: Uint8Array
  readonly extensions: Extensions
}

export function decodeCertificateRequest(body: Uint8Array): CertificateRequest {
  const reader = new Reader(body)
  const context = reader.bytes(reader.u8())
  const extensions = Extensions.decodeList(reader)
  reader.done()
  return { context, extensions }
}

export function encodeCertificateRequest({ context, extensions }: CertificateRequest): Uint8Array {
  const writer = new Writer(64)
  writer.u8(context.length)
  writer.bytes(context)
  extensions.encodeList(writer)
  return writer.finish()
}
