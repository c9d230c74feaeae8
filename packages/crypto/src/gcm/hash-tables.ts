import { productBytes, tableOffset } from './gcm-program.ts'

/**
 * Fills in the values that the program looks up for one power of the hash key, of 16 bytes. Every value is made of
 * the key's bytes by shifts and exclusive ors at places that do not depend on the key.
 */
export function fillTable(table: Uint8Array, power: number, key: Uint8Array): void {
  // The key times x⁰ to x⁷, the terms of which a nibble times the key is made.
  const multiples = Array.from({ length: 8 }, (_, bits) => shiftedRight(key, bits))
  const product = new Uint8Array(productBytes)
  for (const [isLow, terms] of [multiples.slice(0, 4), multiples.slice(4)].entries())
    for (let nibble = 0; nibble < 16; nibble++) {
      product.fill(0)
      // The first bit of a nibble has the lowest degree.
      for (let bit = 0; bit < 4; bit++) if (nibble & (8 >> bit)) addTo(product, terms[bit]!)
      for (let byte = 0; byte < productBytes; byte++)
        table[tableOffset(byte, power) + 16 * isLow + nibble] = product[byte]!
    }
}

function shiftedRight(key: Uint8Array, bits: number): Uint8Array {
  const shifted = new Uint8Array(productBytes)
  for (let i = 0; i < productBytes; i++)
    shifted[i] = ((key[i] ?? 0) >> bits) | ((i > 0 ? key[i - 1]! : 0) << (8 - bits))
  return shifted
}

function addTo(sum: Uint8Array, term: Uint8Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! ^= term[i]!
}
