import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import { Random } from '@purertc/netsim'

import { InterleavedReassembly } from '../../src/receive/interleaved-reassembly.ts'
import { DataFlag } from '../../src/wire/data.ts'
import { pattern } from '../support/association-pair.ts'

interface Whole {
  readonly stream: number
  readonly mid: number
  readonly protocol: number
  readonly unordered: boolean
  readonly message: Uint8Array
}

function make(maxMessageSize = 100_000): { reassembly: InterleavedReassembly; whole: Whole[] } {
  const whole: Whole[] = []
  const reassembly = new InterleavedReassembly(maxMessageSize, (stream, mid, protocol, unordered, message) =>
    whole.push({ stream, mid, protocol, unordered, message: message.slice() }),
  )
  return { reassembly, whole }
}

const first = DataFlag.beginning
const last = DataFlag.ending
const bytes = pattern(10)

describe('interleaved fragments, RFC 8260 §2.2.3', () => {
  test('of many messages, in any order, make the messages', () => {
    const random = new Random(5)
    for (let round = 0; round < 50; round++) {
      const { reassembly, whole } = make()
      const fragments: (() => unknown)[] = []
      for (let mid = 0; mid < 8; mid++) {
        const stream = random.int(3)
        const unordered = random.chance(0.5) ? DataFlag.unordered : 0
        const message = pattern(1 + random.int(2_000), mid)
        let at = 0
        for (let fsn = 0; at < message.length; fsn++) {
          const start = at
          const end = Math.min(at + 1 + random.int(700), message.length)
          const flags = unordered | (start === 0 ? first : 0) | (end === message.length ? last : 0)
          const field = start === 0 ? 1_000 + mid : fsn
          fragments.push(() => reassembly.add(flags, stream, mid, field, message, start, end))
          at = end
        }
      }
      for (let i = fragments.length - 1; i > 0; i--) {
        const j = random.int(i + 1)
        ;[fragments[i], fragments[j]] = [fragments[j]!, fragments[i]!]
      }
      for (const add of fragments) expect(add()).toBe('accepted')
      expect(whole).toHaveLength(8)
      for (const { mid, protocol, message } of whole) {
        expect(protocol).toBe(1_000 + mid)
        expect(equalBytes(message, pattern(message.length, mid))).toBe(true)
      }
      expect(reassembly.held).toBe(0)
    }
  })

  test.each<[string, [number, number][]]>([
    ['the same fragment twice', [[0, 2], [0, 2]]], // prettier-ignore
    ['two beginnings', [[first, 51], [first, 51]]], // prettier-ignore
    ['two endings', [[last, 3], [last, 5]]], // prettier-ignore
    ['a fragment beyond the end', [[last, 3], [0, 4]]], // prettier-ignore
    ['an end before what has come', [[0, 7], [last, 3]]], // prettier-ignore
    ['a whole message that has begun', [[first, 51], [first | last, 51]]], // prettier-ignore
    ['a number of 0 without a beginning', [[0, 0]]],
    ['a fragment that was put together already', [[first, 51], [0, 1], [0, 1]]], // prettier-ignore
  ])('are a violation where there is %s', (_name, fragments) => {
    const { reassembly } = make()
    const verdicts = fragments.map(([flags, field]) => reassembly.add(flags, 1, 0, field, bytes, 0, 10))
    expect(verdicts.at(-1)).toBe('violation')
    expect(verdicts.slice(0, -1).every((verdict) => verdict === 'accepted')).toBe(true)
  })

  test('larger than announced are told so, before the end has come', () => {
    const { reassembly } = make(25)
    expect(reassembly.add(first, 1, 0, 51, bytes, 0, 10)).toBe('accepted')
    expect(reassembly.add(0, 1, 0, 5, bytes, 0, 10)).toBe('accepted')
    expect(reassembly.add(0, 1, 0, 9, bytes, 0, 10)).toBe('too-large')
    expect(make(5).reassembly.add(first | last, 1, 0, 51, bytes, 0, 10)).toBe('too-large')
  })

  test('of messages that the peer gave up are forgotten, and no others', () => {
    const { reassembly, whole } = make()
    for (const mid of [3, 4, 5]) reassembly.add(first, 1, mid, 51, bytes, 0, 10)
    reassembly.add(first | DataFlag.unordered, 1, 3, 51, bytes, 0, 10)
    reassembly.skip({ stream: 1, unordered: false, mid: 4 })
    reassembly.add(last, 1, 5, 1, bytes, 0, 10)
    reassembly.add(last | DataFlag.unordered, 1, 3, 1, bytes, 0, 10)
    expect(whole.map(({ mid, unordered }) => [mid, unordered])).toEqual([[5, false], [3, true]]) // prettier-ignore
    expect(reassembly.held).toBe(0)
  })

  test('are forgotten when their stream begins anew', () => {
    const { reassembly } = make()
    for (const stream of [1, 2]) reassembly.add(first, stream, 0, 51, bytes, 0, 10)
    reassembly.reset([1])
    expect(reassembly.held).toBeGreaterThan(0)
    reassembly.reset([])
    expect(reassembly.held).toBe(0)
  })
})
