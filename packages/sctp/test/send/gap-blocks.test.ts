import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { GapBlocks } from '../../src/send/gap-blocks.ts'
import { Tsn } from '../../src/tsn.ts'

function wire(pairs: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(4 * pairs.length)
  const view = new DataView(bytes.buffer)
  pairs.forEach(([start, end], i) => {
    view.setUint16(4 * i, start)
    view.setUint16(4 * i + 2, end)
  })
  return bytes
}

function list(blocks: GapBlocks): [number, number][] {
  return Array.from({ length: blocks.count }, (_, i) => [blocks.start(i), blocks.end(i)])
}

const cumulative = Tsn.of(0xffff_fffe)
const last = Tsn.of(1_000)

describe('gap blocks', () => {
  test('are TSNs, across the wrap', () => {
    const blocks = new GapBlocks()
    expect(blocks.read(wire([[2, 2], [4, 9]]), 0, 2, cumulative, last)).toBe(true) // prettier-ignore
    expect(list(blocks)).toEqual([
      [0, 0],
      [2, 7],
    ])
  })

  test.each<[string, [number, number][]]>([
    ['start at the cumulative TSN', [[0, 5]]],
    ['end before they start', [[5, 4]]],
    ['reach beyond what was sent', [[5, 2_000]]],
    ['are right but for the last', [[2, 3], [7, 6]]], // prettier-ignore
  ])('that %s are refused', (_name, pairs) => {
    const blocks = new GapBlocks()
    expect(blocks.read(wire(pairs), 0, pairs.length, cumulative, last)).toBe(false)
    expect(blocks.count).toBe(0)
  })

  test('in any order mean the set that they cover', () => {
    const pair = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(20))
      .map(([start, length]) => [start, start + length] as const)
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), (pairs) => {
        const blocks = new GapBlocks()
        expect(blocks.read(wire(pairs), 0, pairs.length, cumulative, last)).toBe(true)
        const covered = new Set<number>()
        for (const [start, end] of list(blocks))
          for (let tsn = Tsn.of(start); tsn !== Tsn.add(Tsn.of(end), 1); tsn = Tsn.add(tsn, 1))
            covered.add(tsn)
        const expected = new Set<number>()
        for (const [start, end] of pairs)
          for (let offset = start; offset <= end; offset++) expected.add(Tsn.add(cumulative, offset))
        expect(covered).toEqual(expected)
        const starts = list(blocks).map(([start]) => Tsn.distance(cumulative, Tsn.of(start)))
        expect(starts).toEqual([...starts].sort((a, b) => a - b))
      }),
    )
  })
})
