import { describe, expect, test } from '@jest/globals'
import {
  AttributeType,
  ChannelNumber,
  Lifetime,
  MessageBuilder,
  MessageClass,
  Method,
  opaqueAttribute,
  RequestedAddressFamily,
  transportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { ann, bob, NOTHING, ServerBench, udp } from './server-bench.ts'

describe('Refresh and the end of an allocation', () => {
  const refresh = (lifetime: number) => (message: MessageBuilder) => message.add(Lifetime, lifetime)

  test('moves the end', () => {
    const bench = new ServerBench().allocate()
    bench.advance(500_000)
    expect(bench.ask(Method.refresh, refresh(2_000)).get(Lifetime)).toBe(2_000)
    bench.advance(1_999_999)
    expect(bench.server.load.allocations).toBe(1)
    bench.advance(1)
    expect(bench.server.load).toEqual(NOTHING)
    expect(bench.events).toEqual(['created ann', 'deleted ann expired'])
    expect(bench.closed).toEqual([1])
  })

  test('with 0 ends it, once', () => {
    const bench = new ServerBench().allocate()
    expect(bench.ask(Method.refresh, refresh(0)).get(Lifetime)).toBe(0)
    expect(bench.events.at(-1)).toBe('deleted ann released')
    expect(bench.codeOf(Method.refresh, refresh(0))).toBe(437)
    expect(bench.closed).toEqual([1])
    expect(bench.server.nextTimeout).toBe(Infinity)
    expect(bench.codeOf(Method.allocate, udp)).toBe(0)
  })

  test('437 without an allocation, 443 for another family, 400 for a lifetime that is none', () => {
    expect(new ServerBench().codeOf(Method.refresh, refresh(600))).toBe(437)
    const bench = new ServerBench().allocate()
    expect(bench.codeOf(Method.refresh, (m) => m.add(RequestedAddressFamily, 'IPv6'))).toBe(443)
    expect(bench.codeOf(Method.refresh, (m) => m.add(RequestedAddressFamily, 'IPv4'))).toBe(0)
    const bad = opaqueAttribute(AttributeType.lifetime, 'BAD')
    expect(bench.codeOf(Method.refresh, (m) => m.add(bad, new Uint8Array(2)))).toBe(400)
  })

  test('an end that nobody was woken for is observed all the same', () => {
    const bench = new ServerBench().allocate()
    const request = bench.request(Method.refresh)
    bench.now = (bench.now + 600_000) as typeof bench.now
    bench.deliver(request)
    expect(bench.server.load.allocations).toBe(0)
    expect(bench.events.at(-1)).toBe('deleted ann expired')
  })

  test('close ends all, openings included; afterwards the server is deaf', () => {
    const bench = new ServerBench().allocate().allocate(bob)
    bench.opensRelays = false
    bench.deliver(
      bench.request(Method.allocate, udp, transportAddress('198.51.100.7', 5)),
      transportAddress('198.51.100.7', 5),
    )
    bench.onDeleted = () => bench.server.close()
    bench.server.close()
    expect(bench.closed.sort()).toEqual([1, 2, 3])
    expect(bench.events.slice(2)).toEqual(['deleted ann closed', 'deleted bob closed'])
    expect(bench.server.load).toEqual(NOTHING)
    expect(bench.server.nextTimeout).toBe(Infinity)
    bench.server.relayOpened(bench.now, 3, ann)
    bench.toClients.length = 0
    bench.deliver(new MessageBuilder(Method.binding, MessageClass.request, bench.newTransactionId()).build())
    expect(bench.toClients).toHaveLength(0)
  })
})

test('500 allocations with permissions and channels: released, expired or left alone, nothing of them stays', () => {
  const bench = new ServerBench({ allocationsPerUser: 500 })
  const clients = Array.from({ length: 500 }, (_, i) => transportAddress(`198.51.101.${i % 250}`, 1_000 + i))
  for (let round = 0; round < 2; round++) {
    for (const [i, client] of clients.entries()) {
      bench.allocate(client, 600 + i)
      const peer = transportAddress(`198.51.102.${i % 250}`, 7_000)
      const bind = (m: MessageBuilder): unknown => m.add(ChannelNumber, 0x4000 + i).add(XorPeerAddress, peer)
      expect(bench.codeOf(Method.channelBind, bind, client)).toBe(0)
    }
    expect(bench.server.load).toEqual({
      allocations: 500,
      opening: 0,
      users: 1,
      ports: 500,
      waiting: 0,
      connections: 0,
    })
    expect(new Set(bench.server.allocations.map(({ relayed }) => relayed.port)).size).toBe(500)
    for (const client of clients.slice(0, 200))
      bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0), client)
    for (const client of clients.slice(200, 300))
      bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 3_600), client)
    expect(bench.server.load.allocations).toBe(300)
    bench.advance(1_100_000)
    expect(bench.server.load.allocations).toBe(100)
    bench.advance(2_500_000)
    expect(bench.server.load).toEqual(NOTHING)
    expect(bench.server.nextTimeout).toBe(Infinity)
  }
  expect(bench.closed).toHaveLength(1_000)
  expect(new Set(bench.closed).size).toBe(1_000)
})
