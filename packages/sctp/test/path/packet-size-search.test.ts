import { expect, test } from '@jest/globals'
import { Random } from '@purertc/netsim'

import { PacketSizeSearch } from '../../src/path/packet-size-search.ts'

/** What a search ends with over a path that carries packets of `pathSize` bytes, and how many sizes it tried. */
function search(base: number, ceiling: number, pathSize: number): { found: number; probes: number } {
  const sizes = new PacketSizeSearch(base, ceiling, 68)
  let found = base
  let probes = 0
  for (let size = sizes.next; size !== null; size = sizes.next) {
    probes++
    if (size <= pathSize) {
      sizes.passed(size)
      found = size
    } else {
      sizes.failed(size)
    }
  }
  return { found, probes }
}

test('a path that carries the largest packet takes two probes, the first of what Ethernet carries', () => {
  expect(search(1_160, 16_384, 20_000)).toEqual({ found: 16_384, probes: 2 })
  expect(new PacketSizeSearch(1_160, 16_384, 68).next).toBe(1_432)
})

test('Ethernet and jumbo frames are found at once', () => {
  expect(search(1_160, 1_432, 1_432)).toEqual({ found: 1_432, probes: 1 })
  expect(search(1_160, 16_384, 1_432).found).toBe(1_432)
  expect(search(1_160, 16_384, 8_932).found).toBe(8_932)
})

test('any path is used to within 16 bytes, with few probes', () => {
  const random = new Random(1)
  for (let i = 0; i < 2_000; i++) {
    const pathSize = 1_160 + random.int(15_224)
    const { found, probes } = search(1_160, 16_384, pathSize)
    expect(found).toBeLessThanOrEqual(pathSize)
    expect(found).toBeGreaterThan(pathSize - 20)
    expect(probes).toBeLessThan(22)
  }
})

test('nothing is probed where there is nothing to find', () => {
  expect(search(1_160, 1_160, 1_160)).toEqual({ found: 1_160, probes: 0 })
})
