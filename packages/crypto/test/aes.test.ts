import { createCipheriv } from 'node:crypto'

import { fromHex, toHex } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { AesEngine } from '../src/aes/aes-engine.ts'
import { assembleAesProgram, keySlots } from '../src/aes/aes-program.ts'
import { substitutionBox } from '../src/aes/substitution-box.ts'

const engine = AesEngine.create() ?? fail()

describe('AES of one block', () => {
  // FIPS 197 C.1 and C.3.
  test.each([
    ['000102030405060708090a0b0c0d0e0f', '69c4e0d86a7b0430d8cdb78070b4c55a'],
    ['000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', '8ea2b7ca516745bfeafc49904b496089'],
  ])('by the key %s', (key, encrypted) => {
    const keys = engine.createRoundKeys(fromHex(key))
    const block = fromHex('ff 00112233445566778899aabbccddeeff')
    for (let i = 0; i < 2; i++) expect(toHex(engine.encrypt(keys, block, 1))).toBe(encrypted)
  })

  // FIPS 197 A.1 and A.3, the last words.
  test.each([
    ['2b7e151628aed2a6abf7158809cf4f3c', 'd014f9a8c9ee2589e13f0cc8b6630ca6'],
    ['603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'fe4890d1e6188d0b046df344706c631e'],
  ])('has the round keys of %s', (key, last) => {
    expect(toHex(engine.createRoundKeys(fromHex(key)).bytes.subarray(-16))).toBe(last)
  })

  test('equals OpenSSL, with more keys than there are places for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 32),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { minLength: 1, maxLength: 4 }),
        (size, seed, blocks) => {
          const ends = Array.from({ length: keySlots + 3 }, (_, i) => {
            const key = seed.map((byte) => byte + i).subarray(0, size)
            return {
              keys: engine.createRoundKeys(key),
              cipher: createCipheriv(`aes-${8 * size}-ecb`, key, null),
            }
          })
          for (const block of blocks)
            for (const { keys, cipher } of ends)
              expect(toHex(engine.encrypt(keys, block, 0))).toBe(cipher.update(block).toString('hex'))
        },
      ),
      { numRuns: 20 },
    )
  })

  test('substitutes as FIPS 197 figure 7 has it', () => {
    const box = substitutionBox()
    expect([0x00, 0x01, 0x53, 0x9a, 0xff].map((byte) => box[byte])).toEqual([0x63, 0x7c, 0xed, 0xb8, 0x16])
    expect(new Set(box).size).toBe(256)
  })

  test('is a small program', () => {
    expect(assembleAesProgram().length).toBeLessThan(4_096)
  })
})

function fail(): never {
  throw new Error('there is no WebAssembly here')
}
