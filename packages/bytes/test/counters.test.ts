import { expect, test } from '@jest/globals'

import { Counters } from '../src/index.ts'

test('counts by name', () => {
  const counters = new Counters<'malformed' | 'replayed' | 'late'>()
  expect(counters.total).toBe(0)
  expect(counters.snapshot()).toEqual({})
  counters.count('malformed')
  counters.count('malformed')
  counters.count('replayed', 5)
  expect(counters.get('malformed')).toBe(2)
  expect(counters.get('late')).toBe(0)
  expect(counters.total).toBe(7)
  expect(counters.snapshot()).toEqual({ malformed: 2, replayed: 5 })
})

test('a snapshot is a copy', () => {
  const counters = new Counters<'malformed'>()
  const before = counters.snapshot()
  counters.count('malformed')
  expect(before).toEqual({})
})

test('names are no properties of Object', () => {
  const counters = new Counters<string>()
  expect(counters.get('constructor')).toBe(0)
  counters.count('__proto__')
  expect(counters.get('__proto__')).toBe(1)
})
