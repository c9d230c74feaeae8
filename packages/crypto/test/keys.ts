import { concatBytes, fromHex, Writer } from '@purertc/bytes'

import type { KeyKind } from '../src/index.ts'

/** A DER element, with the length in its shortest form. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...contents)
  const writer = new Writer()
  writer.u8(tag)
  if (body.length < 0x80) writer.u8(body.length)
  else if (body.length < 0x100) writer.u16(0x8100 | body.length)
  else writer.u24(0x82_0000 | body.length)
  writer.bytes(body)
  return writer.finish()
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => der(0x30, ...contents)
export const integer = (...bytes: readonly number[]): Uint8Array => der(0x02, Uint8Array.from(bytes))
export const octets = (...contents: readonly Uint8Array[]): Uint8Array => der(0x04, ...contents)
export const bits = (...contents: readonly Uint8Array[]): Uint8Array =>
  der(0x03, Uint8Array.of(0), ...contents)

export const algorithms: Readonly<Record<KeyKind, Uint8Array>> = {
  'ec-p256': fromHex('3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107'),
  'ec-p384': fromHex('3010 0607 2a8648ce3d0201 0605 2b81040022'),
  ed25519: fromHex('3005 0603 2b6570'),
  rsa: fromHex('300d 0609 2a864886f70d010101 0500'),
}

/** `publicKey`: coordinates without the 04, or the 32 bytes of Ed25519. */
export function spki(kind: 'ec-p256' | 'ec-p384' | 'ed25519', publicKey: Uint8Array): Uint8Array {
  const form = kind === 'ed25519' ? [] : [Uint8Array.of(4)]
  return sequence(algorithms[kind], bits(...form, publicKey))
}

export function pkcs8(kind: 'ec-p256' | 'ec-p384' | 'ed25519', privateKey: Uint8Array): Uint8Array {
  const inner = kind === 'ed25519' ? octets(privateKey) : sequence(integer(1), octets(privateKey))
  return sequence(integer(0), algorithms[kind], octets(inner))
}

/** Ecdsa-Sig-Value, RFC 3279 §2.2.3, with the shortest non-negative integers. */
export function ecdsaSignature(r: Uint8Array, s: Uint8Array): Uint8Array {
  return sequence(unsigned(r), unsigned(s))
}

export function unsigned(value: Uint8Array): Uint8Array {
  let start = 0
  while (start < value.length - 1 && value[start] === 0) start++
  const digits = value.subarray(start)
  return digits[0]! >= 0x80 ? integer(0, ...digits) : integer(...digits)
}
