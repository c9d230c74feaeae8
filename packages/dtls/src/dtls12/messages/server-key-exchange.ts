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

/**
 * ServerKeyExchange of shared keys: | psk_identity_hint <0..2^16-1> |, RFC 4279 §2, and behind it the parameters of an
 * ephemeral key where there is one, unsigned, RFC 5489 §2.
 */
export interface PskServerKeyExchange {
  readonly hint: Uint8Array
  readonly ecdh: EcdhParameters | null
}

export function decodeServerKeyExchange(body: Uint8Array): ServerKeyExchange {
  const reader = new Reader(body)
  const ecdh = decodeEcdhParameters(reader)
  const parameters = body.subarray(0, reader.position)
  const signed = decodeDigitallySigned(reader)
  reader.done()
  return { ...ecdh, parameters, ...signed }
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

export function decodePskServerKeyExchange(body: Uint8Array, isEphemeral: boolean): PskServerKeyExchange {
  const reader = new Reader(body)
  const hint = reader.bytes(reader.u16())
  const ecdh = isEphemeral ? decodeEcdhParameters(reader) : null
  reader.done()
  return { hint, ecdh }
}

export function encodePskServerKeyExchange({ hint, ecdh }: PskServerKeyExchange): Uint8Array {
  const writer = new Writer(128)
  writer.u16(hint.length)
  writer.bytes(hint)
  if (ecdh !== null) writer.bytes(encodeEcdhParameters(ecdh))
  return writer.finish()
}

function decodeEcdhParameters(reader: Reader): EcdhParameters {
  if (reader.u8() !== namedCurve) throw new DecodeError('invalid', 'not a named curve')
  const group = reader.u16()
  const publicKey = reader.bytes(reader.u8())
  if (publicKey.length === 0) throw new DecodeError('invalid', 'empty public key')
  return { group, publicKey }
}

/** ECCurveType, RFC 8422 §5.4: explicit curves are gone. */
const namedCurve = 3
