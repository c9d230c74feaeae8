import type { Reader, Writer } from '@purertc/bytes'

/** A signature with its scheme, RFC 5246 §4.7: | scheme (16) | signature <0..2^16-1> | */
export interface DigitallySigned {
  /** Number in the registry "TLS SignatureScheme". */
  readonly scheme: number
  readonly signature: Uint8Array
}

export function decodeDigitallySigned(reader: Reader): DigitallySigned {
  return { scheme: reader.u16(), signature: reader.bytes(reader.u16()) }
}

export function encodeDigitallySigned(writer: Writer, signed: DigitallySigned): void {
  writer.u16(signed.scheme)
  writer.u16(signed.signature.length)
  writer.bytes(signed.signature)
}
