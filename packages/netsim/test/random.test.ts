import { expect, test } from '@jest/globals'
import fc from 'fast-check'

import { Random } from '../src/index.ts'

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.u32())

test('the same seed draws the same numbers, another seed draws others', () => {
  expect(draws(new Random(7), 100)).toEqual(draws(new Random(7), 100))
  expect(draws(new Random(7), 100)).not.toEqual(draws(new Random(8), 100))
  expect(draws(new Random(2 ** 40), 10)).not.toEqual(draws(new Random(2 ** 41), 10))
})

test('numbers stay in range for every seed', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 1_000_000 }), (seed, below) => {
      const random = new Random(seed)
      for (let i = 0; i < 20; i++) {
        const next = random.next()
        const int = random.int(below)
        if (!(next >= 0 && next < 1 && Number.isInteger(int) && int >= 0 && int < below)) return false
      }
      return true
    }),
  )
})

test('numbers are about uniform', () => {
  const random = new Random(1)
  const buckets = new Array<number>(16).fill(0)
  for (let i = 0; i < 160_000; i++) buckets[random.int(16)]!++
  for (const bucket of buckets) expect(Math.abs(bucket - 10_000)).toBeLessThan(500)
})

test('a chance of 0 never comes and draws nothing, a chance of 1 always comes', () => {
  const random = new Random(3)
  const untouched = new Random(3)
  for (let i = 0; i < 100; i++) expect(random.chance(0)).toBe(false)
  expect(random.u32()).toBe(untouched.u32())
  for (let i = 0; i < 100; i++) expect(random.chance(1)).toBe(true)
})

test('fill covers every byte, and a prefix does not depend on the length', () => {
  const long = new Uint8Array(1_003)
  new Random(9).fill(long)
  const short = new Uint8Array(5)
  new Random(9).fill(short)
  expect(long.subarray(0, 5)).toEqual(short)
  expect(new Set(long).size).toBeGreaterThan(200)
})

test('what a fork draws does not move its parent', () => {
  const [parent, twin] = [new Random(5), new Random(5)]
  draws(parent.fork(), 10)
  twin.fork()
  expect(draws(parent, 10)).toEqual(draws(twin, 10))
})
