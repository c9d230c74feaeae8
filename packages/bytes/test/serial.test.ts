import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { serial16, serial32 } from '../src/index.ts'

describe.each([
  { name: 'serial16', serial: serial16, modulus: 2 ** 16 },
  { name: 'serial32', serial: serial32, modulus: 2 ** 32 },
])('$name', ({ serial, modulus }) => {
  const number = fc.nat({ max: modulus - 1 })
  const ahead = fc.integer({ min: 1, max: modulus / 2 - 1 })

  test('wraps', () => {
    expect(serial.add(modulus - 1, 1)).toBe(0)
    expect(serial.add(0, -1)).toBe(modulus - 1)
    expect(serial.isAfter(0, modulus - 1)).toBe(true)
    expect(serial.distance(modulus - 1, 0)).toBe(1)
    expect(serial.distance(0, modulus - 1)).toBe(-1)
  })

  test('a number ahead by less than half the ring is after, and never before (RFC 1982 §3.2)', () => {
    fc.assert(
      fc.property(number, ahead, (a, by) => {
        const b = serial.add(a, by)
        expect(b).toBe((a + by) % modulus)
        expect(serial.isAfter(b, a)).toBe(true)
        expect(serial.isAtOrAfter(b, a)).toBe(true)
        expect(serial.isAfter(a, b)).toBe(false)
        expect(serial.isAtOrAfter(a, b)).toBe(false)
        expect(serial.distance(a, b)).toBe(by)
        expect(serial.distance(b, a)).toBe(-by)
        expect(serial.add(b, -by)).toBe(a)
      }),
    )
  })

  test('a number equals itself and is not after itself', () => {
    fc.assert(
      fc.property(number, (a) => {
        expect(serial.isAfter(a, a)).toBe(false)
        expect(serial.isAtOrAfter(a, a)).toBe(true)
        expect(serial.distance(a, a)).toBe(0)
      }),
    )
  })

  test('adds any step', () => {
    fc.assert(
      fc.property(number, fc.maxSafeInteger(), (a, by) => {
        const step = by % 2 ** 40
        expect(serial.add(a, step)).toBe((((a + step) % modulus) + modulus) % modulus)
      }),
    )
  })

  test('the opposite number is as far ahead as behind: the RFC leaves its order open, here it is after', () => {
    expect(serial.isAfter(0, modulus / 2)).toBe(true)
    expect(serial.isAfter(modulus / 2, 0)).toBe(true)
    expect(serial.distance(0, modulus / 2)).toBe(-modulus / 2)
  })
})
