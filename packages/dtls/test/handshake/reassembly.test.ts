import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import type { HandshakeFragment } from '../../src/handshake/handshake-fragment.ts'
import { Reassembly } from '../../src/handshake/reassembly.ts'

const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff)

const fragment = (
  whole: Uint8Array,
  start: number,
  end: number,
  changes: Partial<HandshakeFragment> = {},
): HandshakeFragment => ({
  type: 11,
  length: whole.length,
  sequence: 0,
  offset: start,
  bytes: whole.subarray(start, end),
  ...changes,
})

describe('reassembly', () => {
  test('puts a message together from pieces in any order, overlapping and doubled', () => {
    const pieces = fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { maxLength: 60 })
    fc.assert(
      fc.property(pieces, (cuts) => {
        const whole = body(100)
        const reassembly = new Reassembly(32_768)
        const covered = new Set<number>()
        for (const [a, b] of cuts) {
          const [start, end] = [Math.min(a, b), Math.max(a, b) + 1]
          reassembly.insert(fragment(whole, start, end))
          for (let i = start; i < end; i++) covered.add(i)
          const message = reassembly.next()
          expect(message !== null).toBe(covered.size === 100)
          if (message === null) continue
          expect(message).toEqual({ type: 11, sequence: 0, body: whole })
          return
        }
      }),
    )
  })

  test('takes a message in 255 tiny fragments, the last one first', () => {
    const whole = body(255)
    const reassembly = new Reassembly(32_768)
    for (let i = 254; i > 0; i--) expect(reassembly.insert(fragment(whole, i, i + 1))).toBe('taken')
    expect(reassembly.next()).toBeNull()
    reassembly.insert(fragment(whole, 0, 1))
    expect(reassembly.next()?.body).toEqual(whole)
    expect(reassembly.buffered).toBe(0)
  })

  test('hands messages out in order, whatever the order they come in', () => {
    const reassembly = new Reassembly(32_768)
    for (const sequence of [2, 0, 3, 1])
      reassembly.insert({ type: 11, length: 1, sequence, offset: 0, bytes: Uint8Array.of(sequence) })
    for (const sequence of [0, 1, 2, 3]) expect(reassembly.next()?.sequence).toBe(sequence)
    expect(reassembly.next()).toBeNull()
  })

  test('takes an empty message, whose one fragment is empty', () => {
    const reassembly = new Reassembly(32_768)
    expect(reassembly.insert(fragment(body(0), 0, 0, { type: 14 }))).toBe('taken')
    expect(reassembly.next()).toEqual({ type: 14, sequence: 0, body: new Uint8Array(0) })
  })

  test('keeps what it has where an overlap says otherwise', () => {
    const reassembly = new Reassembly(32_768)
    const whole = body(10)
    reassembly.insert(fragment(whole, 0, 6))
    reassembly.insert(fragment(new Uint8Array(10), 3, 10))
    const expected = new Uint8Array(10)
    expected.set(whole.subarray(0, 6))
    expect(reassembly.next()?.body).toEqual(expected)
  })

  test('tells repetitions and old messages apart from news', () => {
    const reassembly = new Reassembly(32_768)
    const whole = body(4)
    reassembly.insert(fragment(whole, 0, 2))
    expect(reassembly.insert(fragment(whole, 0, 2))).toBe('repeated')
    reassembly.insert(fragment(whole, 2, 4))
    expect(reassembly.insert(fragment(whole, 2, 4))).toBe('repeated')
    reassembly.next()
    expect(reassembly.insert(fragment(whole, 0, 4))).toBe('stale')
  })

  test.each([{ length: 11 }, { type: 12 }])('begins again where fragments disagree: %j', (change) => {
    const reassembly = new Reassembly(32_768)
    const whole = body(10)
    reassembly.insert(fragment(whole, 0, 5))
    expect(reassembly.insert(fragment(whole, 5, 10, change))).toBe('contradictory')
    // The peer's retransmission then prevails.
    expect(reassembly.insert(fragment(whole, 0, 5))).toBe('contradictory')
    expect(reassembly.insert(fragment(whole, 5, 10))).toBe('taken')
    expect(reassembly.next()?.body).toEqual(whole)
  })

  test('holds no more than its bounds, whatever is claimed', () => {
    const reassembly = new Reassembly(32_768)
    const claim = (sequence: number, length: number): HandshakeFragment => ({
      type: 11,
      length,
      sequence,
      offset: 0,
      bytes: Uint8Array.of(1),
    })
    expect(reassembly.insert(claim(0, 0xff_ffff))).toBe('oversized')
    expect(reassembly.insert(claim(0, 32_768 + 1))).toBe('oversized')
    expect(reassembly.insert(claim(Reassembly.maxAhead, 1))).toBe('future')
    expect(reassembly.insert(claim(0xffff, 1))).toBe('future')
    for (let sequence = 0; sequence < Reassembly.maxAhead; sequence++)
      reassembly.insert(claim(sequence, 32_768))
    expect(reassembly.buffered).toBeLessThanOrEqual(65_536)
    expect(reassembly.insert(claim(6, 32_768))).toBe('oversized')
    reassembly.clear()
    expect(reassembly.buffered).toBe(0)
  })
})
