import { Millis } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'

import { StandardCongestionControl } from '../../src/index.ts'

const now = Millis(0)
const packet = 1_000
const make = (window = 10 * packet): StandardCongestionControl =>
  new StandardCongestionControl(packet, window)

/** A SACK for two packets of a full window. */
const fullAck = (control: StandardCongestionControl, bytes = 2 * packet): void =>
  control.acknowledged(now, bytes, control.window, true, false)

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
    control.acknowledged(now, 2 * packet, flight, advanced, recovering)
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
    for (let i = 0; i < 100; i++) control.acknowledged(now, 2 * packet, packet, true, false)
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
