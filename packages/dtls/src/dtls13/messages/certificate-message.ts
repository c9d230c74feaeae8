import { DecodeError, Reader, Writer } from '@purertc/bytes'

import { Extensions } from '../../extensions/extensions.ts'

/**
 * Certificate, RFC 8446 §4.4.2:
 *
 *  | certificate_request_context <0..255> | certificate_list <0..2^24-1> of | cert_data <1..2^24-1> | extensions | |
 */
export interface CertificateMessage {
  readonly context: Uint8Array
  /** The sender's own first. A client that has none sends no entry. */
  readonly entries: readonly CertificateEntry[]
}

export interface CertificateEntry {
  /** A DER certificate, or the SubjectPublicKeyInfo of a raw public key (RFC 7250). */
  readonly data: Uint8Array
  readonly extensions: Extensions
}

export function decodeCertificateMessage(body: Uint8Array): CertificateMessage {
  const reader = new Reader(body)
  const context = reader.bytes(reader.u8())
  const list = reader.sub(reader.u24())
  reader.done()
  const entries: CertificateEntry[] = []
  while (!list.isEmpty) {
    const data = list.bytes(list.u24())
    if (data.length === 0) throw new DecodeError('invalid', 'empty certificate')
    entries.push({ data, extensions: Extensions.decodeList(list) })
  }
  return { context, entries }
}

export function encodeCertificateMessage(message: CertificateMessage): Uint8Array {
  const writer = new Writer(1_024)
  writer.u8(message.context.length)
  writer.bytes(message.context)
  const list = writer.open24()
  for (const { data, extensions } of message.entries) {
    writer.u24(data.length)
    writer.bytes(data)
    extensions.encodeList(writer)
  }
  writer.close24(list)
  return writer.finish()
}
