import { describe, expect, test } from '@jest/globals'

import { RoundTripTime } from '../../src/send/round-trip-time.ts'

const limits = { initial: 1_000, min: 100, max: 60_000 }

describe('the retransmission timeout', () => {
  test('follows RFC 9260 §6.3.1', () => {
    const time = new RoundTripTime(limits)
    expect([time.rto, time.smoothed]).toEqual([1_000, undefined])
    time.measured(200)
    expect([time.rto, time.smoothed]).toEqual([600, 200])
    // RTTVAR = 3/4 * 100 + 1/4 * |200 - 400| = 125; SRTT = 7/8 * 200 + 1/8 * 400 = 225
    time.measured(400)
    expect([time.rto, time.smoothed]).toEqual([725, 225])
  })

  test('stays within its limits', () => {
    const time = new RoundTripTime(limits)
    time.measured(0)
    expect(time.rto).toBe(100)
    time.measured(1e9)
    expect(time.rto).toBe(60_000)
  })

  test('doubles with each timeout, and is itself again when the peer answers', () => {
    const time = new RoundTripTime(limits)
    time.backOff()
    time.backOff()
    expect(time.rto).toBe(4_000)
    for (let i = 0; i < 2_000; i++) time.backOff()
    expect(time.rto).toBe(60_000)
    time.answered()
    expect(time.rto).toBe(1_000)
  })
})

test('what the path takes leaves out the time for which SACKs were held back, and the timeout does not', () => {
  const time = new RoundTripTime(limits)
  time.measured(200, true)
  expect([time.travel, time.smoothed]).toEqual([Number.NaN, 200])
  time.measured(40)
  time.measured(240, true)
  expect([time.travel, time.smoothed]).toEqual([40, 187.5])
  time.measured(32, true)
  expect(time.travel).toBe(39)
  time.restart()
  expect(time.travel).toBe(Number.NaN)
})
