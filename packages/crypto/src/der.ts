import { DecodeError, type Reader } from '@purertc/bytes'

/** The tags that keys are made of, X.690 §8. */
export const DerTag = { integer: 0x02, bitString: 0x03, octetString: 0x04, sequence: 0x30 } as const

/**
 * The contents of the next element, which must have this one-byte tag. DER alone is read (X.690 §10.1): a definite
 * length in the fewest bytes.
 */
export function readDer(reader: Reader, tag: number): Reader {
  if (reader.u8() !== tag) throw new DecodeError('invalid', `no element with tag ${tag}`)
  return reader.sub(readLength(reader))
}

function readLength(reader: Reader): number {
  const first = reader.u8()
  if (first < 0x80) return first
  const [length, shortest] = longLength(reader, first)
  if (length < shortest) throw new DecodeError('invalid', 'a length that is not minimal')
  return length
}

/** A length in its long form, and the least that needs it. */
function longLength(reader: Reader, first: number): readonly [number, number] {
  if (first === 0x81) return [reader.u8(), 0x80]
  if (first === 0x82) return [reader.u16(), 0x100]
  if (first === 0x83) return [reader.u24(), 0x1_0000]
  throw new DecodeError('invalid', 'an indefinite or giant length')
}
