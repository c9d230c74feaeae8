import { Reader, Writer } from '@purertc/bytes'

import { decodeDigitallySigned, type DigitallySigned, encodeDigitallySigned } from './digitally-signed.ts'

/** CertificateVerify, RFC 5246 §7.4.8: the client's signature over all handshake messages before it. */
export function decodeCertificateVerify(body: Uint8Array): DigitallySigned {
  const reader = new Reader(body)
  const signed = decodeDigitallySigned(reader)
  reader.done()
  return signed
}

export function encodeCertificateVerify(signed: DigitallySigned): Uint8Array {
  const writer = new Writer(128)
  encodeDigitallySigned(writer, signed)
  return writer.finish()
}
