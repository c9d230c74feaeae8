import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { PacketWriter } from '../../src/packet-writer.ts'
import { ReceivedTsns } from '../../src/receive/received-tsns.ts'
import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket } from '../../src/wire/packet.ts'
import type { SackChunk } from '../../src/wire/sack.ts'

const initial = Tsn.of(0xffff_ffe0)

function sack(tsns: ReceivedTsns, size = 1_160): SackChunk {
  let sent: SackChunk | undefined
  const writer = new PacketWriter(5_000, 5_000, size, (packet) => {
    const chunk = decodePacket(packet)?.chunks[0]
    if (chunk?.type === ChunkType.sack) sent = structuredClone(chunk)
  })
  tsns.writeSack(writer, 1_234)
  writer.flush()
  if (!sent) throw new Error('no SACK was written')
  return sent
}

describe('received TSNs', () => {
  test('are a set, and the SACK tells it', () => {
    const arrivals = fc.array(fc.nat(80), { maxLength: 150 })
    fc.assert(
      fc.property(arrivals, fc.array(fc.nat(80), { maxLength: 3 }), (offsets, skips) => {
        const tsns = new ReceivedTsns(initial)
        const model = new Set<number>()
        offsets.forEach((offset, i) => {
          const tsn = Tsn.add(initial, offset)
          const arrival = tsns.classify(tsn)
          expect(arrival).toBe(model.has(offset) ? 'duplicate' : 'new')
          if (arrival === 'new') tsns.add(tsn)
          model.add(offset)
          const skip = i % 50 === 49 ? skips[Math.floor(i / 50)] : undefined
          if (skip !== undefined) {
            tsns.skipTo(Tsn.add(initial, skip))
            for (let skipped = 0; skipped <= skip; skipped++) model.add(skipped)
          }
        })
        let cumulative = -1
        while (model.has(cumulative + 1)) cumulative++
        expect(tsns.cumulative).toBe(Tsn.add(initial, cumulative))
        expect(tsns.highest).toBe(Tsn.add(initial, Math.max(-1, ...model)))
        const { cumulativeTsn, gaps } = sack(tsns)
        expect(cumulativeTsn).toBe(tsns.cumulative)
        const told = gaps.flatMap(({ start, end }) =>
          Array.from({ length: end - start + 1 }, (_, i) => cumulative + start + i),
        )
        const above = [...model].filter((offset) => offset > cumulative)
        expect(told).toEqual(above.sort((a, b) => a - b))
        for (let offset = 0; offset < 90; offset++)
          expect(tsns.has(Tsn.add(initial, offset))).toBe(model.has(offset))
      }),
    )
  })

  test('report duplicates once, and not too many', () => {
    const tsns = new ReceivedTsns(initial)
    tsns.add(initial)
    for (let i = 0; i < 100; i++) tsns.classify(initial)
    expect(sack(tsns).duplicates).toEqual(new Array(16).fill(initial))
    expect(sack(tsns).duplicates).toEqual([])
  })

  test('report as many blocks as a packet takes, the lowest first', () => {
    const tsns = new ReceivedTsns(initial)
    for (let offset = 1; offset < 2_001; offset += 2) tsns.add(Tsn.add(initial, offset))
    const { gaps } = sack(tsns, 512)
    expect(gaps).toHaveLength((512 - 12 - 16) / 4)
    expect(gaps[0]).toEqual({ start: 2, end: 2 })
  })

  test('lie within the reach of a gap block', () => {
    const tsns = new ReceivedTsns(initial)
    expect(tsns.classify(Tsn.add(initial, 0xffff - 1))).toBe('new')
    expect(tsns.classify(Tsn.add(initial, 0xffff))).toBe('beyond')
    expect(tsns.classify(Tsn.add(initial, 0x7fff_0000))).toBe('beyond')
  })
})
