import { DecodeError, Reader, Writer } from '@purertc/bytes'

import {
  decodeDigitallySigned,
  type DigitallySigned,
  encodeDigitallySigned,
} from '../../messages/digitally-signed.ts'

/**
 * ServerKeyExchange with an ephemeral key, RFC 8422 §5.4:
 *
 *  | curve_type = named_curve (8) | namedcurve (16) | public <1..255> | scheme (16) | signature <0..2^16-1> |
 */
export interface ServerKeyExchange extends EcdhParameters, DigitallySigned {
  /** The bytes of the parameters, as they were signed. */
  readonly parameters: Uint8Array
}

/** `ServerECDHParams`. */
export interface EcdhParameters {
  /** Number in the registry "TLS Supported Groups". */
  readonly group: number
  readonly publicKey: Uint8Array
}

export function decodeServerKeyExchange(body: Uint8Array): ServerKeyExchange {
  const reader = new Reader(body)
  if (reader.u8() !== namedCurve) throw new DecodeError('invalid', 'not a named curve')
  const group = reader.u16()
  const publicKey = decodePublicKey(reader)
  const parameters = body.subarray(0, reader.position)
  const signed = decodeDigitallySigned(reader)
  reader.done()
  return { group, publicKey, parameters, ...signed }
}

export function encodeEcdhParameters({ group, publicKey }: EcdhParameters): Uint8Array {
  const writer = new Writer(128)
  writer.u8(namedCurve)
  writer.u16(group)
  writer.u8(publicKey.length)
  writer.bytes(publicKey)
  return writer.finish()
}

export function encodeServerKeyExchange(parameters: Uint8Array, signed: DigitallySigned): Uint8Array {
  const writer = new Writer()
  writer.bytes(parameters)
  encodeDigitallySigned(writer, signed)
  return writer.finish()
}

function decodePublicKey(reader: Reader): Uint8Array {
  const publicKey = reader.bytes(reader.u8())
  if (publicKey.length === 0) throw new DecodeError('invalid', 'empty public key')
  return publicKey
}

/** ECCurveType, RFC 8422 §5.4: explicit curves are gone. */
const namedCurve = 3
