import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import type { DataChannel } from '@purertc/sctp'

import { SimPair, type SimPairOptions } from './support/sim-pair.ts'

/** Bytes of UDP payload that the loopback interface carries. */
const LOOPBACK = 65_507

/** A connection within one machine, as far as it knows, and Alice's datagrams on it. */
class BulkPair {
  readonly pair: SimPair
  readonly channel: DataChannel
  /** Records of each datagram of Alice's, by their lengths. */
  datagrams: number[][] = []
  /** Bytes of the largest datagram that really arrives. */
  carried = Infinity

  constructor(options: Partial<SimPairOptions> = {}, change?: (datagram: Uint8Array) => Uint8Array) {
    this.pair = new SimPair({ seed: 1, latency: 5, pathLimit: LOOPBACK, ...options })
    const { pair } = this
    pair.connect()
    this.channel = pair.alice.transport.openChannel(pair.sim.now, { label: 'bulk' })
    pair.network.intercept(({ from }, bytes) => {
      if (from.address !== pair.alice.socket.local.address) return 'pass'
      this.datagrams.push(recordsOf(bytes))
      if (bytes.length > this.carried) return 'drop'
      return change?.(bytes) ?? 'pass'
    })
  }

  get largest(): number {
    return Math.max(...this.datagrams.map(sum))
  }

  get mostRecords(): number {
    return Math.max(...this.datagrams.map(({ length }) => length))
  }

  /** Queues so many messages of 64 KiB. */
  queue(count: number): void {
    const { alice, sim } = this.pair
    for (let i = 0; i < count; i++)
      alice.transport.send(sim.now, this.channel, new Uint8Array(65_536).fill(i), false)
  }

  /** Runs until so many have come, and looks at them. */
  expectAll(count: number): void {
    const { bob, sim } = this.pair
    expect(sim.run({ until: () => bob.received.length === count, deadline: 600_000 })).toBe(true)
    bob.received.forEach(({ data }, i) => expect(equalBytes(data, new Uint8Array(65_536).fill(i))).toBe(true))
    bob.received.length = 0
  }

  /** Sends again when all has settled, and tells only of that. */
  settleAndSend(count: number): void {
    this.pair.sim.advance(20_000)
    this.datagrams = []
    this.queue(count)
    this.expectAll(count)
  }
}

/** Lengths of the records of DTLS 1.3; empty for a check of ICE. */
function recordsOf(datagram: Uint8Array): number[] {
  const lengths: number[] = []
  for (let at = 0; at < datagram.length && datagram[at]! >>> 5 === 1;) {
    const length = 5 + ((datagram[at + 3]! << 8) | datagram[at + 4]!)
    lengths.push(length)
    at += length
  }
  return lengths
}

const sum = (lengths: readonly number[]): number => lengths.reduce((total, length) => total + length, 0)

describe('a datagram of several records', () => {
  test('carries bulk data within one machine, four records of which fill it', () => {
    const bulk = new BulkPair()
    bulk.queue(32)
    bulk.expectAll(32)
    expect(bulk.mostRecords).toBe(4)
    expect(bulk.largest).toBeLessThanOrEqual(LOOPBACK)
    expect(bulk.largest).toBeGreaterThan(LOOPBACK - 4 * 24)
    const { alice, bob } = bulk.pair
    expect(alice.transport.statistics.sctp?.packetSize).toBe(16_336)
    expect(bob.transport.statistics.discarded).toMatchObject({ dtls: {}, sctp: {} })
  })

  test('is not sent where the size of datagrams is held', () => {
    const bulk = new BulkPair({ config: { mtu: 1_200 } })
    bulk.queue(4)
    bulk.expectAll(4)
    expect(bulk.largest).toBeLessThanOrEqual(1_200)
    expect(bulk.mostRecords).toBe(1)
  })

  test('is not sent over Ethernet, nor where one record fills it', () => {
    for (const pathLimit of [1_472, 8_972, 20_000]) {
      const bulk = new BulkPair({ pathLimit })
      bulk.queue(4)
      bulk.expectAll(4)
      expect(bulk.mostRecords).toBe(1)
    }
  })

  test('is not sent where the path does not carry it, but for the probes', () => {
    const bulk = new BulkPair()
    bulk.carried = 20_000
    bulk.queue(8)
    bulk.expectAll(8)
    bulk.settleAndSend(8)
    expect(bulk.mostRecords).toBe(1)
    expect(bulk.pair.alice.transport.statistics.sctp?.packetSize).toBe(16_336)
  })

  test('is not sent to a peer that takes the first record alone, but for the probes', () => {
    const bulk = new BulkPair({}, (datagram) => datagram.subarray(0, recordsOf(datagram)[0]))
    bulk.queue(8)
    bulk.expectAll(8)
    bulk.settleAndSend(8)
    expect(bulk.mostRecords).toBe(1)
  })

  // Only within one machine are chunks too large for a path of less than 16 KiB, which there cannot be.
  test.each([
    [LOOPBACK, 33_000, 2],
    [LOOPBACK, 20_000, 1],
    [60_000, 9_000, 1],
    [60_000, 1_400, 1],
  ])('is given up where a path of %d bytes shrinks to %d amid a transfer', (pathLimit, mtu, records) => {
    const bulk = new BulkPair({ pathLimit })
    bulk.queue(40)
    bulk.pair.sim.advance(60)
    expect(bulk.mostRecords).toBe(4)
    bulk.carried = mtu
    bulk.expectAll(40)
    bulk.settleAndSend(8)
    expect(bulk.datagrams.filter((lengths) => sum(lengths) > mtu)).toEqual([])
    expect(bulk.mostRecords).toBe(records)
  })

  test('is sent again when the path carries it again', () => {
    const bulk = new BulkPair()
    bulk.queue(40)
    bulk.pair.sim.advance(60)
    bulk.carried = 20_000
    bulk.expectAll(40)
    bulk.carried = LOOPBACK
    bulk.pair.sim.advance(600_000)
    bulk.settleAndSend(16)
    bulk.settleAndSend(16)
    expect(bulk.mostRecords).toBe(4)
  })
})
