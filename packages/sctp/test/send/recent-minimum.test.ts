import { expect, test } from '@jest/globals'
import fc from 'fast-check'

import { RecentMinimum } from '../../src/send/recent-minimum.ts'

test('is the least of as many samples as asked for at least, of twice as many at most', () => {
  const samples = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(samples, (values) => {
      const recent = new RecentMinimum(8)
      for (const value of values) recent.add(value)
      expect(recent.value).toBeLessThanOrEqual(Math.min(...values.slice(-8)))
      expect(recent.value).toBeGreaterThanOrEqual(Math.min(...values.slice(-16)))
    }),
  )
  expect(new RecentMinimum(8).value).toBe(Infinity)
})
