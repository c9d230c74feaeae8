import { createCipheriv, createSecretKey } from 'node:crypto'

import { fromHex, toHex } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { GcmEngine } from '../src/gcm/gcm-engine.ts'
import { assembleGcmProgram, tableSlots } from '../src/gcm/gcm-program.ts'
import { type Aead, type AeadAlgorithm, aeadSizes } from '../src/index.ts'
import { nodeCrypto } from '../src/node/index.ts'
import { CounterBlocks, Keystream } from '../src/node/keystream.ts'
import { aeadVectors } from './vectors/aead.ts'

const gcmAlgorithms = ['aes-128-gcm', 'aes-256-gcm'] as const
type Gcm = (typeof gcmAlgorithms)[number]

/** A key that has been used so often that it is a fast one. */
function usedOften(algorithm: AeadAlgorithm, key: Uint8Array): Aead {
  const aead = nodeCrypto.createAead(algorithm, key)
  const nonce = new Uint8Array(12).fill(0xaa)
  for (let i = 0; i < 70; i++) aead.seal(nonce, nonce, nonce, new Uint8Array(28), 0)
  return aead
}

/** NIST SP 800-38D as OpenSSL has it. */
function reference(
  algorithm: Gcm,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): string {
  const cipher = createCipheriv(algorithm, key, nonce)
  cipher.setAAD(aad)
  return toHex(cipher.update(text)) + toHex(cipher.final()) + toHex(cipher.getAuthTag())
}

function sealed(aead: Aead, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const into = new Uint8Array(text.length + 16)
  expect(aead.seal(nonce, aad, text, into, 0)).toBe(into.length)
  return into
}

/** Big-endian, in the last bytes. */
function numbered(base: Uint8Array, sequence: number, isCombined: boolean): Uint8Array {
  const nonce = base.slice()
  const view = new DataView(nonce.buffer)
  const low = view.getUint32(8)
  view.setUint32(8, isCombined ? low ^ sequence : low + sequence)
  return nonce
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

describe('AES-GCM with a key that is used often', () => {
  test.each(aeadVectors.filter(({ algorithm }) => algorithm.endsWith('gcm')))(
    '$name',
    ({ algorithm, key, nonce, aad, plaintext, ciphertext, tag }) => {
      const aead = usedOften(algorithm, key)
      expect(toHex(sealed(aead, nonce, aad, plaintext))).toBe(ciphertext + tag)
      const into = new Uint8Array(plaintext.length)
      const text = fromHex(ciphertext + tag)
      // Not yet expected, and then expected.
      for (let i = 0; i < 2; i++) {
        expect(aead.open(nonce, aad, text, into, 0)).toBe(plaintext.length)
        expect(into).toEqual(plaintext)
        aead.expect?.(nonce, plaintext.length)
      }
    },
  )

  test('equals OpenSSL for nonces in and out of turn, and texts of every length', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...gcmAlgorithms),
        bytes(32),
        bytes(12),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 1_700 }), fc.nat({ max: 20 })), {
          maxLength: 20,
        }),
        (algorithm, longKey, base, isCombined, records) => {
          const key = longKey.subarray(0, aeadSizes[algorithm].key)
          const sender = usedOften(algorithm, key)
          const receiver = usedOften(algorithm, key)
          for (const [sequence, length, aadLength] of records) {
            const nonce = numbered(base, sequence, isCombined)
            const text = new Uint8Array(length).map((_, i) => i * 31 + sequence)
            const aad = new Uint8Array(aadLength).fill(sequence)
            const record = sealed(sender, nonce, aad, text)
            expect(toHex(record)).toBe(reference(algorithm, key, nonce, aad, text))
            const into = new Uint8Array(length)
            if (aadLength % 3 > 0) receiver.expect?.(numbered(nonce, aadLength % 3, isCombined), length)
            expect(receiver.open(nonce, aad, record, into, 0)).toBe(length)
            expect(into).toEqual(text)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('finds every forgery, and opens what is genuine among them', () => {
    const key = new Uint8Array(16).fill(7)
    const [sender, receiver] = [usedOften('aes-128-gcm', key), usedOften('aes-128-gcm', key)]
    const aad = new Uint8Array(13).fill(3)
    const into = new Uint8Array(200)
    for (let sequence = 0; sequence < 40; sequence++) {
      const nonce = numbered(new Uint8Array(12), sequence, false)
      const record = sealed(sender, nonce, aad, new Uint8Array(200).fill(sequence))
      for (const at of [0, 100, 199, 200, 215]) {
        const forged = record.slice()
        forged[at]! ^= 1 << (sequence % 8)
        expect(receiver.open(nonce, aad, forged, into, 0)).toBe(-1)
        const elsewhere = numbered(nonce, 1_000 * at + 1, false)
        expect(receiver.open(elsewhere, aad, record, into, 0)).toBe(-1)
      }
      expect(receiver.open(nonce, new Uint8Array(13), record, into, 0)).toBe(-1)
      expect(receiver.open(nonce, aad, record, into, 0)).toBe(200)
      expect(into).toEqual(new Uint8Array(200).fill(sequence))
      if (sequence !== 20) receiver.expect?.(numbered(nonce, 1, false), 200)
    }
  })

  test('a text that is shorter than a tag is not authentic, though it is expected', () => {
    const receiver = usedOften('aes-128-gcm', new Uint8Array(16))
    const nonce = new Uint8Array(12)
    receiver.expect?.(nonce, 100)
    for (let length = 0; length < 16; length++)
      expect(receiver.open(nonce, nonce, new Uint8Array(length), new Uint8Array(16), 0)).toBe(-1)
    const into = new Uint8Array(3)
    expect(receiver.open(nonce, nonce, sealed(receiver, nonce, nonce, into), into, 0)).toBe(3)
  })

  test('texts about the longest that the program takes leave the tables of other keys alone', () => {
    // As many as there are tables for: all of them stay where they are.
    const keys = Array.from({ length: tableSlots }, (_, i) => new Uint8Array(16).fill(100 + i))
    const aeads = keys.map((key) => usedOften('aes-128-gcm', key))
    const nonce = new Uint8Array(12)
    for (const [i, length] of [1_535, 1_536, 1_537, 1_552, 1_553].entries()) {
      const text = new Uint8Array(length).fill(i)
      expect(toHex(sealed(aeads[i]!, nonce, nonce, text))).toBe(
        reference('aes-128-gcm', keys[i]!, nonce, nonce, text),
      )
      for (const [j, aead] of aeads.entries())
        expect(toHex(sealed(aead, nonce, nonce, text.subarray(0, 40)))).toBe(
          reference('aes-128-gcm', keys[j]!, nonce, nonce, text.subarray(0, 40)),
        )
    }
  })

  test('keeps more keys apart than it keeps tables for', () => {
    const keys = Array.from({ length: 70 }, (_, i) => new Uint8Array(16).fill(i))
    const aeads = keys.map((key) => usedOften('aes-128-gcm', key))
    for (let sequence = 0; sequence < 3; sequence++)
      for (const [i, aead] of aeads.entries()) {
        const nonce = numbered(new Uint8Array(12), sequence, true)
        const text = new Uint8Array(100).fill(sequence)
        expect(toHex(sealed(aead, nonce, nonce, text))).toBe(
          reference('aes-128-gcm', keys[i]!, nonce, nonce, text),
        )
      }
  })
})

describe('the program', () => {
  test('is the same at every assembly, and small', () => {
    const program = assembleGcmProgram()
    expect(program).toEqual(assembleGcmProgram())
    expect(program.length).toBeLessThan(16_384)
  })

  test('computes GHASH as its definition does', () => {
    const engine = GcmEngine.create()
    if (engine === null) throw new Error('there is no WebAssembly here')
    fc.assert(
      fc.property(bytes(16), fc.uint8Array({ maxLength: 200 }), (key, text) => {
        // With a key stream of zeros, the ciphertext is the text and the tag the hash.
        const into = new Uint8Array(text.length + 16)
        engine.seal(engine.createHashKey(key), new Uint8Array(256), new Uint8Array(0), text, into, 0)
        expect(into.subarray(0, text.length)).toEqual(text)
        const lengths = new Uint8Array(16)
        new DataView(lengths.buffer).setUint32(12, 8 * text.length)
        const padded = new Uint8Array(16 * Math.ceil(text.length / 16) + 16)
        padded.set(text)
        padded.set(lengths, padded.length - 16)
        expect(toHex(into.subarray(text.length))).toBe(ghash(key, padded))
      }),
    )
  })
})

test('a key stream begins with the block of the tag, and serves sixteen nonces', () => {
  const key = createSecretKey(new Uint8Array(16).fill(5))
  const keystream = new Keystream(key, new CounterBlocks())
  const nonce = new Uint8Array(12).fill(9)
  expect(keystream.find(nonce, 0)).toBeNull()
  keystream.make(nonce, 100)
  for (let last = 0; last < 16; last++) {
    nonce[11] = last
    const found = keystream.find(nonce, 100)!
    const cipher = createCipheriv('aes-128-gcm', key, nonce)
    expect(toHex(found.subarray(16, 116))).toBe(toHex(cipher.update(new Uint8Array(100))))
    const counter = new Uint8Array(16)
    counter.set(nonce)
    counter[15] = 1
    const ecb = createCipheriv('aes-128-ecb', key, null)
    expect(toHex(found.subarray(0, 16))).toBe(toHex(ecb.update(counter)))
  }
  expect(keystream.find(nonce, 200)).toBeNull()
  nonce[11] = 16
  expect(keystream.find(nonce, 100)).toBeNull()
  nonce[11] = 15
  for (let at = 0; at < 11; at++) {
    nonce[at]! ^= 1
    expect(keystream.find(nonce, 100)).toBeNull()
    nonce[at]! ^= 1
  }
  expect(keystream.find(nonce, 100)).not.toBeNull()
})

/** NIST SP 800-38D §6.4 bit by bit, on numbers whose highest bit is the coefficient of x⁰. */
function ghash(key: Uint8Array, text: Uint8Array): string {
  const number = (block: Uint8Array): bigint => BigInt(`0x${toHex(block)}`)
  const h = number(key)
  let y = 0n
  for (let at = 0; at < text.length; at += 16) {
    const x = y ^ number(text.subarray(at, at + 16))
    let v = h
    y = 0n
    for (let bit = 127n; bit >= 0n; bit--) {
      if ((x >> bit) & 1n) y ^= v
      v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n
    }
  }
  return y.toString(16).padStart(32, '0')
}
