import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import {
  concatBytes,
  copyBytes,
  DecodeError,
  equalBytes,
  fromHex,
  fromUtf8,
  toHex,
  toUtf8,
} from '../src/index.ts'

const fault = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error instanceof DecodeError ? error.code : error
  }
  return 'no error'
}

describe('hex', () => {
  test('survives the round trip', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
        expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes)
        expect(fromHex(toHex(bytes, '\n '))).toEqual(bytes)
      }),
    )
  })

  test('writes lower case, two digits a byte, and the separator between bytes', () => {
    expect(toHex(Uint8Array.of(0, 15, 255))).toBe('000fff')
    expect(toHex(Uint8Array.of(0, 15, 255), ':')).toBe('00:0f:ff')
    expect(toHex(new Uint8Array(0), ':')).toBe('')
  })

  test.each(['0', '0g', '00:11', '0x00', '٠٠', '+1', '-1', '1.'])('refuses %j', (text) => {
    expect(fault(() => fromHex(text))).toBe('invalid')
  })
})

describe('UTF-8', () => {
  test('survives the round trip, a byte order mark too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(toUtf8(text))).toBe(text)
      }),
    )
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA')
  })

  test.each([
    ['a lone continuation', '80'],
    ['an overlong form', 'c080'],
    ['a cut sequence', 'e282'],
    ['a surrogate', 'eda080'],
    ['beyond U+10FFFF', 'f4908080'],
  ])('refuses %s', (_, bytes) => {
    expect(fault(() => fromUtf8(fromHex(bytes)))).toBe('invalid')
  })
})

describe('concatBytes and equalBytes', () => {
  test('agree with arrays', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 })), (parts) => {
        expect([...concatBytes(...parts)]).toEqual(parts.flatMap((part) => [...part]))
      }),
    )
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3, max: 2 }),
        fc.uint8Array({ maxLength: 3, max: 2 }),
        (a, b) => {
          expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b))
          expect(equalBytes(a, a.slice())).toBe(true)
        },
      ),
    )
  })

  test('a concatenation is a copy', () => {
    const part = Uint8Array.of(1)
    const whole = concatBytes(part)
    part[0] = 2
    expect(whole).toEqual(Uint8Array.of(1))
  })
})

describe('a copy', () => {
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['a Uint8Array', (bytes) => bytes],
    ['a Buffer, whose slice() is a view', (bytes) => Buffer.from(bytes)],
  ])('of %s has memory of its own', (_, make) => {
    const original = make(Uint8Array.of(1, 2, 3, 4))
    const [whole, part] = [copyBytes(original), copyBytes(original, 1, 3)]
    original.fill(9)
    expect([...whole]).toEqual([1, 2, 3, 4])
    expect([...part]).toEqual([2, 3])
  })
})
