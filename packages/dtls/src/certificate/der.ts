import { concatBytes, DecodeError, type Reader } from '@purertc/bytes'

/** The tags that certificates are made of, X.690 §8. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[0] EXPLICIT`, the version of a certificate. */
  explicit0: 0xa0,
  /** `[3] EXPLICIT`, its extensions. */
  explicit3: 0xa3,
} as const

/** One element: `body` is bound to its contents, `bytes` holds it whole. Both borrow. */
export interface DerElement {
  readonly tag: number
  readonly body: Reader
  readonly bytes: Uint8Array
}

/** Reads an element by the strict rules of DER: definite lengths in the shortest form, X.690 §10.1. */
export function readElement(reader: Reader): DerElement {
  const start = reader.position
  const tag = reader.u8()
  if ((tag & 0x1f) === 0x1f) throw new DecodeError('invalid', 'tag of more than one byte')
  const body = reader.sub(readLength(reader))
  return { tag, body, bytes: reader.buffer.subarray(start, reader.position) }
}

/** Reads an element that must have this tag. */
export function expectElement(reader: Reader, tag: number): DerElement {
  const element = readElement(reader)
  if (element.tag !== tag) throw new DecodeError('invalid', `tag ${element.tag} instead of ${tag}`)
  return element
}

/** An element of these contents. */
export function encodeElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...contents)
  return concatBytes(Uint8Array.of(tag, ...encodeLength(body.length)), body)
}

/** A non-negative INTEGER of big-endian bytes: no leading zero but where the first bit would be a sign. */
export function encodeUnsigned(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  return encodeElement(Tag.integer, digits[0]! >= 0x80 ? concatBytes(Uint8Array.of(0), digits) : digits)
}

function readLength(reader: Reader): number {
  const first = reader.u8()
  if (first < 0x80) return first
  let length: number
  if (first === 0x81) length = reader.u8()
  else if (first === 0x82) length = reader.u16()
  else if (first === 0x83) length = reader.u24()
  else throw new DecodeError('invalid', 'indefinite or huge length')
  if (encodeLength(length).length !== (first & 0x7f) + 1)
    throw new DecodeError('invalid', 'length not in the shortest form')
  return length
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length]
  if (length < 0x100) return [0x81, length]
  if (length < 0x1_0000) return [0x82, length >>> 8, length & 0xff]
  return [0x83, length >>> 16, (length >>> 8) & 0xff, length & 0xff]
}
