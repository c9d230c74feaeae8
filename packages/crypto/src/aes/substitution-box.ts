/** The S-box, FIPS 197 §5.1.1: the inverse in GF(2⁸), then an affine map of its bits. It is the same for all keys. */
export function substitutionBox(): Uint8Array {
  const box = new Uint8Array(256)
  // 3 generates the field, and 0xf6 is its inverse: they meet every element but 0 together with its inverse.
  let element = 1
  let inverse = 1
  do {
    box[element] = affine(inverse)
    element = timesX(element) ^ element
    inverse = times(inverse, 0xf6)
  } while (element !== 1)
  box[0] = affine(0)
  return box
}

/** Multiplication by x modulo x⁸ + x⁴ + x³ + x + 1, FIPS 197 §4.2.1. */
export function timesX(element: number): number {
  return ((element << 1) ^ (0x11b & -(element >> 7))) & 0xff
}

function times(a: number, b: number): number {
  let product = 0
  for (let term = a, rest = b; rest > 0; rest >>= 1, term = timesX(term)) if (rest & 1) product ^= term
  return product
}

function affine(byte: number): number {
  let sum = 0x63
  for (const bits of [0, 1, 2, 3, 4]) sum ^= (byte << bits) | (byte >> (8 - bits))
  return sum & 0xff
}
