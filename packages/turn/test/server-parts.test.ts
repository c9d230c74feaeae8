import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { transportAddress } from '@purertc/stun'
import fc from 'fast-check'

import { ChannelDataWriter, channelPayload, hasWholeChannelData } from '../src/channel-data.ts'
import { addressScope, parseTurnUri } from '../src/index.ts'
import { ExpiryQueue } from '../src/server/expiry-queue.ts'
import { FiveTupleMap } from '../src/server/five-tuple-map.ts'
import { PortPool } from '../src/server/port-pool.ts'

test('an expiry queue gives out what has expired, in order, whatever was put off or taken out meanwhile', () => {
  const operations = fc.array(
    fc.record({
      kind: fc.constantFrom('add', 'extend', 'remove', 'pass'),
      by: fc.nat(50),
      which: fc.nat(30),
    }),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(operations, (list) => {
      const queue = new ExpiryQueue<{ expiresAt: Millis }>()
      let model: { expiresAt: Millis }[] = []
      let now = 0
      for (const { kind, by, which } of list) {
        const item = model[which % Math.max(1, model.length)]
        if (kind === 'add') {
          const added = { expiresAt: Millis(now + by + 1) }
          queue.add(added)
          model.push(added)
        } else if (kind === 'extend' && item !== undefined) {
          item.expiresAt = Millis(item.expiresAt + by)
        } else if (kind === 'remove' && item !== undefined) {
          queue.remove(item)
          model = model.filter((other) => other !== item)
        } else if (kind === 'pass') {
          now += by
          const taken: unknown[] = []
          for (let next = queue.take(Millis(now)); next !== undefined; next = queue.take(Millis(now)))
            taken.push(next)
          expect(new Set(taken)).toEqual(new Set(model.filter(({ expiresAt }) => expiresAt <= now)))
          model = model.filter(({ expiresAt }) => expiresAt > now)
        }
        expect(queue.size).toBe(model.length)
        const earliest = Math.min(Infinity, ...model.map(({ expiresAt }) => expiresAt))
        expect(queue.nextTimeout).toBeLessThanOrEqual(earliest)
      }
    }),
  )
})

describe('a port pool', () => {
  test('gives every port once, then none', () => {
    const pool = new PortPool(nodeCrypto, { min: 1_000, max: 1_099 })
    const ports = Array.from({ length: 100 }, () => pool.take())
    expect(new Set(ports).size).toBe(100)
    expect(pool.take()).toBeNull()
    pool.release(1_050)
    expect(pool.take()).toBe(1_050)
  })

  test('pairs are even, whole, and never overlap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 40 }),
        fc.boolean(),
        (min, span, pair) => {
          const pool = new PortPool(nodeCrypto, { min, max: min + span })
          const taken = new Set<number>()
          for (let port = pool.takeEven(pair); port !== null; port = pool.takeEven(pair)) {
            expect(port % 2).toBe(0)
            for (const one of pair ? [port, port + 1] : [port]) {
              expect(one >= min && one <= min + span && !taken.has(one)).toBe(true)
              taken.add(one)
            }
          }
          const evens = Array.from({ length: span + 1 }, (_, i) => min + i).filter((port) => port % 2 === 0)
          const fitting = evens.filter((port) => !pair || port + 1 <= min + span)
          expect(taken.size).toBe(fitting.length * (pair ? 2 : 1))
        },
      ),
    )
  })

  test('picks at random', () => {
    const pool = new PortPool(nodeCrypto, { min: 49_152, max: 65_535 })
    const ports = Array.from({ length: 20 }, () => pool.take() ?? 0)
    expect(new Set(ports.map((port) => port >> 8)).size).toBeGreaterThan(5)
  })
})

test('a 5-tuple map forgets what it was told to forget', () => {
  const map = new FiveTupleMap<number>()
  const a = transportAddress('198.51.100.1', 1)
  map.set(0, a, 1)
  map.set(1, a, 2)
  map.set(0, { ...a, port: 2 }, 3)
  map.set(0, transportAddress('198.51.100.2', 1), 4)
  expect([map.get(0, a), map.get(1, a), map.get(0, { ...a, port: 2 }), map.get(2, a)]).toEqual([
    1,
    2,
    3,
    undefined,
  ])
  map.delete(0, a)
  map.delete(5, a)
  expect([map.get(0, a), map.get(1, a), map.get(0, { ...a, port: 2 })]).toEqual([undefined, 2, 3])
})

test('ChannelData survives framing, in one buffer', () => {
  const writer = new ChannelDataWriter()
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.integer({ min: 0x4000, max: 0x4fff }),
      (data, channel) => {
        const framed = writer.frame(channel, data)
        expect((framed[0]! << 8) | framed[1]!).toBe(channel)
        expect(hasWholeChannelData(framed)).toBe(true)
        expect(channelPayload(framed)).toEqual(data)
        expect(hasWholeChannelData(framed.subarray(0, framed.length - 1))).toBe(false)
      },
    ),
  )
  expect(writer.frame(0x4000, new Uint8Array(65_535))).toHaveLength(65_539)
})

test.each([
  ['8.8.8.8', 'public'],
  ['198.51.100.1', 'public'],
  ['172.15.255.255', 'public'],
  ['172.32.0.0', 'public'],
  ['100.63.255.255', 'public'],
  ['100.128.0.0', 'public'],
  ['192.0.1.1', 'public'],
  ['223.255.255.255', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['100.127.255.255', 'private'],
  ['169.254.169.254', 'link-local'],
  ['224.0.0.251', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['255.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['192.0.0.1', 'reserved'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['2001:db8::1', 'public'],
  ['2606:4700::1111', 'public'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'reserved'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'private'],
  ['fc00::1', 'private'],
  ['fdff::1', 'private'],
  ['ff02::fb', 'multicast'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:8.8.8.8', 'public'],
  ['::ffff:0:10.0.0.1', 'private'],
  ['::127.0.0.1', 'loopback'],
  ['::10.0.0.1', 'private'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['64:ff9b:1::8.8.8.8', 'private'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:0808:0808::1', 'public'],
  ['example.org', 'reserved'],
  ['', 'reserved'],
])('%s leads to a %s address', (address, scope) => {
  expect(addressScope(address)).toBe(scope)
})

test.each([
  [
    'turn:example.org',
    { secure: false, host: 'example.org', port: 3478, isPortGiven: false, transport: 'udp' },
  ],
  [
    'TURN:example.org:99?transport=TCP',
    { secure: false, host: 'example.org', port: 99, isPortGiven: true, transport: 'tcp' },
  ],
  [
    'turns:[2001:db8::1]',
    { secure: true, host: '2001:db8::1', port: 5349, isPortGiven: false, transport: 'tcp' },
  ],
  [
    'turns:example.org?transport=udp',
    { secure: true, host: 'example.org', port: 5349, isPortGiven: false, transport: 'udp' },
  ],
  ['turn:example.org:65536', null],
  ['turn:example.org?transport=', null],
  ['turn:example.org?x=1', null],
  ['turn:user@example.org', null],
  ['turn://example.org', null],
  ['turn:[example.org]', null],
  ['stun:example.org', null],
  ['turn:', null],
  ['', null],
])('%s is read as a URI', (uri, expected) => {
  expect(parseTurnUri(uri)).toEqual(expected)
})
