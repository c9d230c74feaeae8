import { DecodeError, Reader, Writer } from '@purertc/bytes'

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
