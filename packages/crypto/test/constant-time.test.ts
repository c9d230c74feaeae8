import { expect, test } from '@jest/globals'
import fc from 'fast-check'

import { equalConstantTime } from '../src/index.ts'

test('equal means equal, to the last byte and bit', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.nat(),
      fc.nat({ max: 7 }),
      (a, at, bit) => {
        const b = a.slice()
        expect(equalConstantTime(a, b)).toBe(true)
        b[at % b.length]! ^= 1 << bit
        expect(equalConstantTime(a, b)).toBe(false)
        expect(equalConstantTime(a, a.subarray(1))).toBe(false)
      },
    ),
  )
  expect(equalConstantTime(new Uint8Array(0), new Uint8Array(0))).toBe(true)
})
