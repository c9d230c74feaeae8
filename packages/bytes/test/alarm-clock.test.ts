import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'

import { Millis } from '../src/index.ts'
import { Alarm, AlarmClock, monotonicNow } from '../src/node/index.ts'

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

const inMs = (ms: number): Millis => Millis(monotonicNow() + ms)

test('any number of alarms ring in order, each at its time, with one timer', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 200 }), (delays) => {
      const clock = new AlarmClock()
      const start = monotonicNow()
      const rings: number[] = []
      for (const delay of delays) new Alarm((now) => rings.push(now - start), clock).set(inMs(delay))
      expect(jest.getTimerCount()).toBe(1)
      jest.advanceTimersByTime(5_001)
      const inOrder = [...delays].sort((a, b) => a - b)
      expect(rings).toEqual(inOrder)
      expect(jest.getTimerCount()).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('an alarm that is set earlier and later rings once, at the last of its times', () => {
  const clock = new AlarmClock()
  const start = monotonicNow()
  const rings: number[] = []
  const alarm = new Alarm((now) => rings.push(now - start), clock)
  for (const delay of [300, 100, 200, 50, 400]) alarm.set(inMs(delay))
  jest.advanceTimersByTime(1_000)
  expect(rings).toEqual([400])
})

test('who comes back to a far deadline again and again rings once there', () => {
  const clock = new AlarmClock()
  const far = inMs(1_000)
  let rings = 0
  const alarm = new Alarm(() => rings++, clock)
  for (let i = 0; i < 1_000; i++) {
    alarm.set(far)
    alarm.set(inMs(i))
  }
  alarm.set(far)
  jest.advanceTimersByTime(999)
  expect(rings).toBe(0)
  jest.advanceTimersByTime(1)
  expect(rings).toBe(1)
})

test('one that is silenced does not ring, and the others do', () => {
  const clock = new AlarmClock()
  const rings: string[] = []
  const first = new Alarm(() => rings.push('first'), clock)
  const second = new Alarm(() => rings.push('second'), clock)
  first.set(inMs(10))
  second.set(inMs(20))
  first.clear()
  jest.advanceTimersByTime(100)
  expect(rings).toEqual(['second'])
})

test('a machine that is always late does not keep the event loop', () => {
  const clock = new AlarmClock()
  let rings = 0
  const alarm: Alarm = new Alarm(() => {
    rings++
    alarm.set(inMs(-1))
  }, clock)
  alarm.set(inMs(-1))
  jest.advanceTimersByTime(10)
  expect(rings).toBeGreaterThan(1)
  expect(rings).toBeLessThan(20)
})

test('one that throws takes nobody along', () => {
  const clock = new AlarmClock()
  const rings: string[] = []
  new Alarm(() => {
    throw new Error('mine')
  }, clock).set(inMs(10))
  new Alarm(() => rings.push('second'), clock).set(inMs(10))
  expect(() => jest.advanceTimersByTime(100)).toThrow('mine')
  jest.advanceTimersByTime(100)
  expect(rings).toEqual(['second'])
})

test('one that throws keeps none from ringing, whatever their times', () => {
  const clock = new AlarmClock()
  const rings: number[] = []
  const start = monotonicNow()
  for (const at of [10, 10, 20, 30, 30])
    new Alarm(() => {
      rings.push(at)
      if (rings.length === 1) throw new Error('mine')
    }, clock).set(Millis(start + at))
  expect(() => jest.advanceTimersByTime(100)).toThrow('mine')
  jest.advanceTimersByTime(100)
  expect(rings.toSorted((a, b) => a - b)).toEqual([10, 10, 20, 30, 30])
  expect(jest.getTimerCount()).toBe(0)
})

test('who clears the clock amid a turn is the last one that rings', () => {
  const clock = new AlarmClock()
  let rings = 0
  const at = inMs(10)
  for (let i = 0; i < 3; i++)
    new Alarm(() => {
      rings++
      clock.clear()
    }, clock).set(at)
  jest.advanceTimersByTime(100)
  expect(rings).toBe(1)
  expect(jest.getTimerCount()).toBe(0)
})

test('clear() releases the timer', () => {
  const clock = new AlarmClock()
  new Alarm(() => undefined, clock).set(inMs(10))
  clock.clear()
  expect(jest.getTimerCount()).toBe(0)
})

test('the last alarm that is cleared releases the timer, and its place is given away', () => {
  const clock = new AlarmClock()
  const rings: string[] = []
  const alarms = ['a', 'b', 'c'].map((name) => new Alarm(() => rings.push(name), clock))
  for (const alarm of alarms) alarm.set(inMs(10))
  alarms[1]!.clear()
  new Alarm(() => rings.push('d'), clock).set(inMs(20))
  jest.advanceTimersByTime(10)
  expect(rings.toSorted()).toEqual(['a', 'c'])
  jest.advanceTimersByTime(10)
  expect(rings.at(-1)).toBe('d')
  alarms[1]!.set(inMs(10))
  expect(jest.getTimerCount()).toBe(1)
  for (const alarm of alarms) alarm.clear()
  expect(jest.getTimerCount()).toBe(1)
})
