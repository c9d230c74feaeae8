import { expect, test } from '@jest/globals'
import fc from 'fast-check'

import { Deadlines, Millis } from '../src/index.ts'

const Timer = { t1: 0, t2: 1, t3: 2 } as const

test('starts with nothing armed', () => {
  const deadlines = new Deadlines(3)
  expect(deadlines.earliest).toBe(Infinity)
  expect(deadlines.isArmed(Timer.t1)).toBe(false)
  expect(deadlines.isDue(Timer.t1, Millis(1e12))).toBe(false)
  expect(new Deadlines(0).earliest).toBe(Infinity)
})

test('is due at its time, not before', () => {
  const deadlines = new Deadlines(3)
  deadlines.arm(Timer.t2, Millis(100.5))
  expect(deadlines.isArmed(Timer.t2)).toBe(true)
  expect(deadlines.isDue(Timer.t2, Millis(100.4))).toBe(false)
  expect(deadlines.isDue(Timer.t2, Millis(100.5))).toBe(true)
})

test('take() fires once', () => {
  const deadlines = new Deadlines(3)
  deadlines.arm(Timer.t1, Millis(10))
  expect(deadlines.take(Timer.t1, Millis(9))).toBe(false)
  expect(deadlines.isArmed(Timer.t1)).toBe(true)
  expect(deadlines.take(Timer.t1, Millis(10))).toBe(true)
  expect(deadlines.take(Timer.t1, Millis(10))).toBe(false)
  expect(deadlines.earliest).toBe(Infinity)
})

test('arm() replaces, armIfIdle() does not', () => {
  const deadlines = new Deadlines(3)
  deadlines.armIfIdle(Timer.t1, Millis(10))
  deadlines.armIfIdle(Timer.t1, Millis(5))
  expect(deadlines.earliest).toBe(10)
  deadlines.arm(Timer.t1, Millis(20))
  expect(deadlines.earliest).toBe(20)
})

test('earliest is the minimum after any sequence of calls', () => {
  const step = fc.record({ timer: fc.nat({ max: 4 }), at: fc.option(fc.double({ min: 0, noNaN: true })) })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const deadlines = new Deadlines(5)
      const model = new Array<number>(5).fill(Infinity)
      for (const { timer, at } of steps) {
        if (at === null) deadlines.disarm(timer)
        else deadlines.arm(timer, Millis(at))
        model[timer] = at ?? Infinity
        expect(deadlines.earliest).toBe(Math.min(...model))
      }
      deadlines.disarmAll()
      expect(deadlines.earliest).toBe(Infinity)
    }),
  )
})
