import { expect, test } from '@jest/globals'
import { Random } from '@purertc/netsim'

import { PacketSizeSearch } from '../../src/path/packet-size-search.ts'

/** What a search ends with over a path that carries datagrams of `pathSize` bytes, and how many probes it took. */
function search(
  base: number,
  ceiling: number,
  pathSize: number,
  mostPackets = 1,
): { found: number; packets: number; probes: number } {
  const sizes = new PacketSizeSearch(base, ceiling, 68, mostPackets)
  let found = base
  let packets = 1
  let probes = 0
  for (let probe = sizes.next; probe !== null; probe = sizes.next) {
    probes++
    if (probe.size * probe.packets <= pathSize) {
      sizes.passed(probe)
      found = probe.size
      packets = probe.packets
    } else {
      sizes.failed(probe)
    }
  }
  return { found, packets, probes }
}

test('a path that carries the largest packet takes two probes, the first of what Ethernet carries', () => {
  expect(search(1_160, 16_384, 20_000)).toEqual({ found: 16_384, packets: 1, probes: 2 })
  expect(new PacketSizeSearch(1_160, 16_384, 68).next).toEqual({ size: 1_432, packets: 1 })
})

test('Ethernet and jumbo frames are found at once', () => {
  expect(search(1_160, 1_432, 1_432)).toEqual({ found: 1_432, packets: 1, probes: 1 })
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
  expect(search(1_160, 1_160, 1_160)).toEqual({ found: 1_160, packets: 1, probes: 0 })
})

test('several packets in a datagram are tried last, half as many where they do not pass', () => {
  expect(search(1_160, 16_336, 65_507, 4)).toEqual({ found: 16_336, packets: 4, probes: 3 })
  expect(search(1_160, 16_336, 40_000, 4)).toEqual({ found: 16_336, packets: 2, probes: 4 })
  expect(search(1_160, 16_336, 20_000, 4)).toEqual({ found: 16_336, packets: 1, probes: 4 })
})

test('a path that does not carry the largest packet is not asked to carry several', () => {
  expect(search(1_160, 16_336, 8_940, 4)).toMatchObject({ found: 8_932, packets: 1 })
})
