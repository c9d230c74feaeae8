import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'

import { Millis } from '../src/index.ts'
import { Alarm, monotonicNow } from '../src/node/index.ts'

beforeEach(() => {
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

const inMs = (ms: number): Millis => Millis(monotonicNow() + ms)

/** An alarm with the times at which it rang, from now on. */
const setUp = (): { alarm: Alarm; rings: number[] } => {
  const start = monotonicNow()
  const rings: number[] = []
  return { alarm: new Alarm((now) => rings.push(now - start)), rings }
}

test('rings once, at its time', () => {
  const { alarm, rings } = setUp()
  alarm.set(inMs(100))
  jest.advanceTimersByTime(99)
  expect(rings).toEqual([])
  jest.advanceTimersByTime(1_000)
  expect(rings).toEqual([100])
  expect(jest.getTimerCount()).toBe(0)
})

test('an earlier time wins at once', () => {
  const { alarm, rings } = setUp()
  alarm.set(inMs(100))
  alarm.set(inMs(20))
  jest.advanceTimersByTime(1_000)
  expect(rings).toEqual([20])
})

test('a later time leaves the timer alone until it rings too soon', () => {
  const { alarm, rings } = setUp()
  alarm.set(inMs(100))
  const armed = jest.spyOn(globalThis, 'setTimeout')
  for (let ms = 101; ms <= 200; ms++) alarm.set(inMs(ms))
  expect(armed).not.toHaveBeenCalled()
  jest.advanceTimersByTime(1_000)
  expect(rings).toEqual([200])
  expect(armed).toHaveBeenCalledTimes(1)
  armed.mockRestore()
})

test('Infinity means never', () => {
  const { alarm, rings } = setUp()
  alarm.set(Millis(Infinity))
  expect(jest.getTimerCount()).toBe(0)
  alarm.set(inMs(10))
  alarm.set(Millis(Infinity))
  jest.advanceTimersByTime(1_000)
  expect(rings).toEqual([])
  alarm.set(inMs(10))
  jest.advanceTimersByTime(1_000)
  expect(rings).toEqual([1_010])
})

test('a time that has passed rings as soon as it can, not inside set()', () => {
  const { alarm, rings } = setUp()
  alarm.set(inMs(-500))
  expect(rings).toEqual([])
  jest.advanceTimersByTime(1)
  expect(rings).toHaveLength(1)
})

test('a fraction is waited out: never rings before its time', () => {
  const { alarm, rings } = setUp()
  alarm.set(inMs(10.25))
  jest.advanceTimersByTime(10)
  expect(rings).toEqual([])
  jest.advanceTimersByTime(1)
  expect(rings).toEqual([11])
})

test('waits longer than setTimeout can', () => {
  const { alarm, rings } = setUp()
  const fortyDays = 40 * 24 * 3_600_000
  alarm.set(inMs(fortyDays))
  jest.advanceTimersByTime(fortyDays - 1)
  expect(rings).toEqual([])
  jest.advanceTimersByTime(1)
  expect(rings).toEqual([fortyDays])
})

test('may be set again while it rings', () => {
  const rings: number[] = []
  const alarm = new Alarm((now) => {
    rings.push(now)
    if (rings.length < 3) alarm.set(Millis(now + 10))
  })
  const start = monotonicNow()
  alarm.set(inMs(10))
  jest.advanceTimersByTime(1_000)
  expect(rings.map((ring) => ring - start)).toEqual([10, 20, 30])
})

test('clear() releases the timer, and the alarm can be set again', () => {
  const { alarm, rings } = setUp()
  alarm.set(inMs(10))
  alarm.clear()
  alarm.clear()
  expect(jest.getTimerCount()).toBe(0)
  jest.advanceTimersByTime(50)
  expect(rings).toEqual([])
  alarm.set(inMs(10))
  jest.advanceTimersByTime(50)
  expect(rings).toEqual([60])
})

test('clear() while it rings keeps it silent', () => {
  const alarm = new Alarm(() => alarm.clear())
  alarm.set(inMs(1))
  jest.advanceTimersByTime(10)
  expect(jest.getTimerCount()).toBe(0)
})
