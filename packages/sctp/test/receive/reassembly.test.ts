import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import fc from 'fast-check'

import { Reassembly, type ReassemblyVerdict } from '../../src/receive/reassembly.ts'
import { ReceivedTsns } from '../../src/receive/received-tsns.ts'
import { Tsn } from '../../src/tsn.ts'
import { DataFlag } from '../../src/wire/data.ts'
import { pattern } from '../support/association-pair.ts'

const { beginning, ending, unordered } = DataFlag
const initial = Tsn.of(0xffff_fff0)

class Fixture {
  readonly tsns = new ReceivedTsns(initial)
  readonly complete: { stream: number; ssn: number; message: Uint8Array }[] = []
  readonly reassembly = new Reassembly(this.tsns, 100_000, (stream, ssn, _protocol, _unordered, message) =>
    this.complete.push({ stream, ssn, message: message.slice() }),
  )

  add(offset: number, flags: number, data: Uint8Array, stream = 0, ssn = 0): ReassemblyVerdict {
    const tsn = Tsn.add(initial, offset)
    this.tsns.add(tsn)
    // In the middle of other bytes, which are overwritten afterwards: nothing may be borrowed.
    const packet = new Uint8Array(data.length + 20)
    packet.set(data, 13)
    const verdict = this.reassembly.add(tsn, flags, stream, ssn, 51, packet, 13, 13 + data.length)
    packet.fill(0xdb)
    return verdict
  }

  skip(to: number): void {
    const from = this.tsns.cumulative
    this.reassembly.skip(from, Tsn.add(initial, to))
    this.tsns.skipTo(Tsn.add(initial, to))
  }
}

describe('reassembly', () => {
  test('puts fragments together in whatever order they come', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat()), (fragmentCounts, random) => {
        const fixture = new Fixture()
        let offset = 0
        const fragments = fragmentCounts.flatMap((count, ssn) =>
          Array.from({ length: count }, (_, i) => ({
            offset: offset++,
            flags: (i === 0 ? beginning : 0) | (i === count - 1 ? ending : 0),
            ssn,
            data: pattern(1 + (i % 7), 100 * ssn + i),
          })),
        )
        const shuffled = fragments
          .map((fragment) => ({ fragment, key: random.next().value }))
          .sort((a, b) => a.key - b.key)
        for (const { fragment } of shuffled)
          expect(fixture.add(fragment.offset, fragment.flags, fragment.data, 0, fragment.ssn)).toBe(
            'accepted',
          )
        expect(fixture.complete).toHaveLength(fragmentCounts.length)
        for (const { ssn, message } of fixture.complete) {
          const parts = fragments.filter((fragment) => fragment.ssn === ssn).map(({ data }) => data)
          expect(Array.from(message)).toEqual(parts.flatMap((part) => Array.from(part)))
        }
        expect(fixture.reassembly.held).toBe(0)
      }),
    )
  })

  test('does not wait for other messages', () => {
    const fixture = new Fixture()
    fixture.add(5, beginning, pattern(10, 1), 1)
    fixture.add(6, ending, pattern(10, 2), 1)
    expect(fixture.complete.map(({ stream }) => stream)).toEqual([1])
  })

  test('grows its ring while fragments wait', () => {
    const fixture = new Fixture()
    const parts = Array.from({ length: 1_000 }, (_, i) => pattern(9, i))
    for (let i = 999; i > 0; i--) fixture.add(i, i === 999 ? ending : 0, parts[i]!)
    expect(fixture.reassembly.held).toBeGreaterThan(9 * 999)
    fixture.add(0, beginning, parts[0]!)
    const expected = Uint8Array.from(parts.flatMap((part) => Array.from(part)))
    expect(equalBytes(fixture.complete[0]!.message, expected)).toBe(true)
    expect(fixture.reassembly.held).toBe(0)
  })

  test('uses the memory of one message for the next', () => {
    const fixture = new Fixture()
    for (let i = 0; i < 6; i += 2) {
      fixture.add(i, beginning, pattern(10, i))
      fixture.add(i + 1, ending, pattern(20, i + 1))
    }
    fixture.complete.forEach(({ message }, i) => {
      expect(equalBytes(message.subarray(0, 10), pattern(10, 2 * i))).toBe(true)
      expect(equalBytes(message.subarray(10), pattern(20, 2 * i + 1))).toBe(true)
    })
  })
})

type Step = [offset: number, flags: number, stream?: number, ssn?: number]

describe('fragments that do not fit together', () => {
  test.each<[string, ...Step[]]>([
    ['a middle after an end', [0, beginning | ending], [1, 0]],
    ['a middle before its end, found when the end comes', [1, 0], [0, beginning | ending]],
    ['a beginning inside a message', [0, beginning], [1, beginning]],
    ['a beginning inside a message that came early', [1, beginning | ending], [0, beginning]],
    ['a middle of another stream', [0, beginning, 1], [1, ending, 2]],
    ['a middle of another message', [0, beginning, 1, 5], [1, ending, 1, 6]],
    ['an unordered middle of an ordered message', [0, beginning], [1, ending | unordered]],
    ['an early middle of another stream', [1, ending, 2], [0, beginning, 1]],
    ['an early middle after the end', [2, ending], [0, beginning], [1, ending]],
  ])('%s', (_name, ...steps) => {
    const fixture = new Fixture()
    const verdicts = steps.map(([offset, flags, stream, ssn]) =>
      fixture.add(offset, flags, pattern(3), stream, ssn),
    )
    expect(verdicts.slice(0, -1)).toEqual(verdicts.slice(0, -1).map(() => 'accepted'))
    expect(verdicts.at(-1)).toBe('violation')
  })

  test('a message without end is too large, not endless', () => {
    const fixture = new Fixture()
    const fragment = pattern(1_000)
    fixture.add(0, beginning, fragment)
    let verdict: ReassemblyVerdict = 'accepted'
    let offset = 1
    while (verdict === 'accepted') verdict = fixture.add(offset++, 0, fragment)
    expect(verdict).toBe('too-large')
    expect(offset).toBe(101)
  })
})

describe('skipping, RFC 3758 §3.6', () => {
  test('drops what is incomplete', () => {
    const fixture = new Fixture()
    fixture.add(0, beginning, pattern(10))
    fixture.add(2, ending, pattern(10))
    fixture.skip(2)
    expect(fixture.reassembly.held).toBe(0)
    expect(fixture.add(3, beginning | ending, pattern(4))).toBe('accepted')
    expect(fixture.complete).toHaveLength(1)
  })

  test('drops a message that reaches beyond, and what comes of it later', () => {
    const fixture = new Fixture()
    fixture.add(1, 0, pattern(10))
    fixture.add(2, 0, pattern(10))
    fixture.skip(0)
    expect(fixture.reassembly.held).toBe(0)
    expect(fixture.add(3, 0, pattern(10))).toBe('accepted')
    expect(fixture.add(4, ending, pattern(10))).toBe('accepted')
    expect(fixture.reassembly.held).toBe(0)
    expect(fixture.add(5, beginning | ending, pattern(4))).toBe('accepted')
    expect(fixture.complete).toHaveLength(1)
  })

  test('leaves later messages alone', () => {
    const fixture = new Fixture()
    fixture.add(3, beginning, pattern(10))
    fixture.skip(1)
    fixture.add(2, beginning | ending, pattern(5))
    fixture.add(4, ending, pattern(10))
    expect(fixture.complete.map(({ message }) => message.length)).toEqual([5, 20])
  })
})
