import { Millis } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'

import { type AcknowledgedNews, CubicCongestionControl, StandardCongestionControl } from '../../src/index.ts'

const now = Millis(0)
const packet = 1_000
const news = (bytes: number, flight: number): AcknowledgedNews => ({
  now,
  bytes,
  flight,
  advanced: true,
  recovering: false,
  endsRound: false,
  roundTrip: Number.NaN,
  smoothedRoundTrip: Number.NaN,
})
const make = (window = 10 * packet): StandardCongestionControl =>
  new StandardCongestionControl(packet, window)

/** A SACK for two packets of a full window. */
const fullAck = (control: StandardCongestionControl, bytes = 2 * packet): void =>
  control.acknowledged(news(bytes, control.window))

describe('slow start, RFC 9260 §7.2.1', () => {
  test('doubles the window each round trip', () => {
    const control = make()
    for (let i = 0; i < 5; i++) fullAck(control)
    expect(control.window).toBe(20 * packet)
  })

  test('grows by two packets a SACK at most, however much it takes', () => {
    const control = make()
    fullAck(control, 8 * packet)
    expect(control.window).toBe(12 * packet)
  })

  test.each<[string, number, boolean, boolean]>([
    ['the window was not full', 5 * packet, true, false],
    ['the cumulative TSN stays', 10 * packet, false, false],
    ['in fast recovery', 10 * packet, true, true],
  ])('does not grow when %s', (_name, flight, advanced, recovering) => {
    const control = make()
    control.acknowledged({ ...news(2 * packet, flight), advanced, recovering })
    expect(control.window).toBe(10 * packet)
  })
})

describe('congestion avoidance, RFC 9260 §7.2.2', () => {
  test('grows by one packet each round trip', () => {
    const control = make(20 * packet)
    control.lossDetected()
    expect(control.window).toBe(10 * packet)
    fullAck(control) // still at the threshold: slow start
    const before = control.window
    for (let acked = 0; acked < before; acked += 2 * packet) fullAck(control)
    expect(control.window).toBe(before + packet)
  })

  test('does not save up growth while the window is not full', () => {
    const control = make(20 * packet)
    control.lossDetected()
    fullAck(control)
    const before = control.window
    for (let i = 0; i < 100; i++) control.acknowledged(news(2 * packet, packet))
    expect(control.window).toBe(before)
    fullAck(control)
    fullAck(control)
    expect(control.window).toBe(before + packet)
  })
})

describe('loss, RFC 9260 §7.2.3', () => {
  test('halves the window, but not below four packets', () => {
    const control = make()
    control.lossDetected()
    expect(control.window).toBe(5 * packet)
    control.lossDetected()
    expect(control.window).toBe(4 * packet)
  })

  test('found by a timeout leaves one packet, and slow start up to half of the old window', () => {
    const control = make(16 * packet)
    control.timedOut()
    expect(control.window).toBe(packet)
    for (let i = 0; i < 4; i++) fullAck(control)
    expect(control.window).toBe(9 * packet)
    fullAck(control)
    expect(control.window).toBe(9 * packet)
  })
})

test('a pause halves the window for every timeout, down to four packets', () => {
  const control = make(64 * packet)
  control.idled(2)
  expect(control.window).toBe(16 * packet)
  control.idled(1e9)
  expect(control.window).toBe(4 * packet)
})

test('a new packet size counts from then on', () => {
  const control = make()
  control.packetSizeChanged(500)
  control.timedOut()
  expect(control.window).toBe(500)
})

describe('CUBIC, RFC 9438', () => {
  const cubic = (window = 10 * packet): CubicCongestionControl => new CubicCongestionControl(packet, window)
  /** A round trip of full windows; returns the window after it. */
  const roundTrip = (control: CubicCongestionControl, at: number, duration: number): number => {
    for (let acked = 0; acked < control.window; acked += 2 * packet)
      control.acknowledged({
        ...news(2 * packet, control.window),
        now: Millis(at),
        endsRound: acked === 0,
        roundTrip: duration,
        smoothedRoundTrip: duration,
      })
    return control.window
  }

  test('doubles the window each round trip of slow start, however much a SACK takes', () => {
    const control = cubic()
    control.acknowledged(news(10 * packet, 10 * packet))
    expect(control.window).toBe(20 * packet)
  })

  test('takes 0.7 of the window where a queue had built up, 0.8 where none had', () => {
    const queued = cubic(100 * packet)
    queued.acknowledged({ ...news(packet, 100 * packet), roundTrip: 100 })
    for (let i = 0; i < 16; i++) queued.acknowledged({ ...news(packet, 0), roundTrip: 150 })
    const before = queued.window
    queued.lossDetected()
    expect(queued.window).toBeCloseTo(0.7 * before)
    const noisy = cubic(100 * packet)
    noisy.acknowledged({ ...news(packet, 100 * packet), roundTrip: 100 })
    const full = noisy.window
    noisy.lossDetected()
    expect(noisy.window).toBeCloseTo(0.8 * full)
  })

  test('grows as fast as Reno after noise, a late sample or two among the others make no queue', () => {
    const control = cubic(20 * packet)
    for (let i = 0; i < 40; i++)
      control.acknowledged({ ...news(packet, 0), roundTrip: i % 8 === 7 ? 30 : 10, endsRound: false })
    const full = control.window
    control.lossDetected()
    expect(control.window).toBeCloseTo(0.8 * full)
    const reduced = control.window
    for (let at = 0; at < 40; at += 10) roundTrip(control, at, 10)
    expect(control.window).toBeGreaterThan(reduced + 2.9 * packet)
  })

  test('comes back to the old window in the time K, slows down there, and then probes beyond', () => {
    const control = cubic(1_000 * packet)
    control.acknowledged({ ...news(packet, 1_000 * packet), roundTrip: 50 })
    for (let i = 0; i < 16; i++) control.acknowledged({ ...news(packet, 0), roundTrip: 100 })
    const before = control.window
    control.lossDetected()
    // K = cbrt(W_max * 0.3 / 0.4): 9.1 s for a thousand packets.
    const windows: number[] = []
    for (let at = 0; at < 20_000; at += 100) windows.push(roundTrip(control, at, 100) / before)
    expect(windows[45]).toBeGreaterThan(0.93)
    expect(windows[90]).toBeCloseTo(1, 1)
    expect(windows[100]! - windows[80]!).toBeLessThan(0.02)
    expect(windows[199]).toBeGreaterThan(1.3)
  })

  test('never grows slower than Reno would', () => {
    const control = cubic(20 * packet)
    control.lossDetected()
    const before = control.window
    for (let at = 0; at < 100; at += 10) roundTrip(control, at, 10)
    // Ten round trips of 10 ms: the cubic of a tenth of a second is nothing.
    expect(control.window).toBeGreaterThan(before + 4 * packet)
  })

  test('does not grow while the window is not full, nor in recovery', () => {
    const control = cubic()
    control.acknowledged(news(2 * packet, 2 * packet))
    control.acknowledged({ ...news(2 * packet, 10 * packet), recovering: true })
    expect(control.window).toBe(10 * packet)
  })

  test('leaves one packet after a timeout, and keeps two as the threshold', () => {
    const control = cubic()
    control.timedOut()
    expect(control.window).toBe(packet)
    for (let i = 0; i < 10; i++) control.timedOut()
    for (let i = 0; i < 3; i++) control.acknowledged(news(2 * packet, control.window))
    expect(control.window).toBeGreaterThan(2 * packet)
  })
})

describe('HyStart++, RFC 9406', () => {
  const acknowledge = (control: CubicCongestionControl, roundTrip: number, endsRound: boolean): void =>
    control.acknowledged({
      ...news(2 * packet, control.window),
      roundTrip,
      smoothedRoundTrip: roundTrip,
      endsRound,
    })

  test('grows by a quarter of that once round trips grow, and leaves slow start after five such', () => {
    const control = new CubicCongestionControl(packet, 50 * packet)
    for (let i = 0; i < 24; i++) acknowledge(control, 100, i === 0)
    expect([control.window, control.pacingGain]).toEqual([98 * packet, 2])
    for (let i = 0; i < 9; i++) acknowledge(control, 120, i === 0)
    const before = control.window
    acknowledge(control, 120, false)
    expect(control.window - before).toBe(packet / 2)
    expect(control.pacingGain).toBe(1.25)
    for (let round = 0; round < 6; round++) for (let i = 0; i < 9; i++) acknowledge(control, 120, i === 0)
    expect(control.pacingGain).toBe(1.2)
  })

  test('goes on with slow start where the delay goes away', () => {
    const control = new CubicCongestionControl(packet, 50 * packet)
    for (let i = 0; i < 24; i++) acknowledge(control, 100, i === 0)
    for (let i = 0; i < 9; i++) acknowledge(control, 120, i === 0)
    for (let i = 0; i < 9; i++) acknowledge(control, 101, i === 0)
    const before = control.window
    acknowledge(control, 101, false)
    expect(control.window - before).toBe(2 * packet)
  })

  test('is not misled by a few late packets', () => {
    const control = new CubicCongestionControl(packet, 50 * packet)
    for (let round = 0; round < 10; round++)
      for (let i = 0; i < 20; i++) acknowledge(control, i % 4 === 0 ? 100 : 140, i === 0)
    expect(control.pacingGain).toBe(2)
  })
})
