/** What a hostile network can send a server: each has an exact answer or none, and is counted. */
import { describe, expect, test } from '@jest/globals'
import {
  ChannelNumber,
  Data,
  ErrorCode,
  Lifetime,
  MessageBuilder,
  MessageClass,
  Method,
  opaqueAttribute,
  RequestedTransport,
  transportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { channelData, text } from './client-bench.ts'
import { ann, NOTHING, peer, ServerBench, udp } from './server-bench.ts'

/** RFC 8489 §6.1: what fits a path whose MTU nobody knows, IPv4 and UDP headers taken off. */
const UNKNOWN_PATH = 548

describe('a message that is', () => {
  test('truncated anywhere is dropped as malformed', () => {
    const bench = new ServerBench()
    const request = bench.request(Method.allocate, udp)
    for (let length = 0; length < request.length; length++) bench.deliver(request.subarray(0, length))
    expect(bench.server.discarded.snapshot()).toEqual({ malformed: request.length })
    expect(bench.server.load).toEqual(NOTHING)
  })

  test('larger than it says, or as large as a datagram can be, is dropped as malformed', () => {
    const bench = new ServerBench().allocate()
    const request = bench.request(Method.refresh)
    const huge = new Uint8Array(65_507)
    for (const padded of [Uint8Array.of(...request, 0, 0, 0, 0), huge]) bench.deliver(padded)
    expect(bench.server.discarded.snapshot()).toEqual({ malformed: 2 })
  })

  test('doubled changes nothing: the first answer again, and one relay', () => {
    const bench = new ServerBench()
    const request = bench.request(Method.allocate, udp)
    bench.deliver(request)
    bench.deliver(request)
    expect(bench.toClients.map(({ bytes }) => bytes)).toEqual([
      bench.toClients[0]?.bytes,
      bench.toClients[0]?.bytes,
    ])
    expect(bench.server.load).toEqual({ ...NOTHING, allocations: 1, users: 1, ports: 1 })
    expect(bench.server.answered.snapshot()).toMatchObject({ success: 2 })
  })

  test('replayed with a nonce that has become stale gets 438 and a new one, from elsewhere too', () => {
    const bench = new ServerBench()
    const request = bench.request(Method.allocate, udp)
    bench.deliver(request, transportAddress('198.51.100.66', 6_666))
    expect(bench.reply().get(ErrorCode)?.code).toBe(438)
    bench.advance(601_000)
    bench.deliver(request)
    expect(bench.reply().get(ErrorCode)?.code).toBe(438)
    expect(bench.server.answered.get('438')).toBe(2)
    expect(bench.server.load).toEqual(NOTHING)
  })
})

describe('a flood of requests for allocations', () => {
  test('from one user ends at the quota: 486', () => {
    const bench = new ServerBench({ allocationsPerUser: 3 })
    for (let port = 1; port <= 50; port++)
      bench.codeOf(Method.allocate, udp, transportAddress('198.51.100.7', port))
    expect(bench.server.answered.snapshot()).toMatchObject({ success: 3, 486: 47 })
    expect(bench.server.load).toEqual({ ...NOTHING, allocations: 3, users: 1, ports: 3 })
  })

  test('from forged sources is challenged in a small message each, and nothing is kept', () => {
    const bench = new ServerBench({ software: 'x'.repeat(200) })
    const unknown = Array.from({ length: 200 }, (_, i) => opaqueAttribute(0x7000 + i, `unknown ${i}`))
    for (let i = 0; i < 1_000; i++) {
      const id = bench.newTransactionId()
      const request = new MessageBuilder(Method.allocate, MessageClass.request, id).add(
        RequestedTransport,
        17,
      )
      if (i % 2 === 0) for (const codec of unknown) request.add(codec, new Uint8Array(0))
      bench.deliver(request.build(), transportAddress(`198.51.100.${i % 250}`, 1 + i))
    }
    expect(bench.server.answered.snapshot()).toEqual({ 401: 1_000 })
    expect(Math.max(...bench.toClients.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(UNKNOWN_PATH)
    expect(bench.server.load).toEqual(NOTHING)
    expect(bench.server.nextTimeout).toBe(Infinity)
  })

  test('with a wrong password is refused with 401 each, and nothing is kept', () => {
    const bench = new ServerBench()
    for (let i = 0; i < 100; i++) bench.codeOf(Method.allocate, udp, ann, { password: `guess ${i}` })
    expect(bench.server.answered.get('success')).toBe(0)
    expect(bench.server.load).toEqual(NOTHING)
  })
})

describe('a client with an allocation', () => {
  test('that binds a channel out of range is refused with 400; data on one is dropped', () => {
    const bench = new ServerBench().allocate()
    for (const number of [0x0000, 0x3fff, 0x5000, 0x7fff, 0xffff])
      bench.codeOf(Method.channelBind, (m) => m.add(ChannelNumber, number).add(XorPeerAddress, peer))
    expect(bench.server.answered.get('400')).toBe(5)
    for (const number of [0x4000, 0x5000, 0x7fff]) bench.deliver(channelData(number, text('x')))
    for (const number of [0x8000, 0xffff]) bench.deliver(channelData(number, text('x')))
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-channel': 3, malformed: 2 })
    expect(bench.toPeers).toEqual([])
  })

  test('that wants a denied peer is refused with 403, by permission and by channel', () => {
    const bench = new ServerBench().allocate()
    const denied = transportAddress('169.254.169.254', 80)
    bench.codeOf(Method.createPermission, (m) => m.add(XorPeerAddress, denied))
    bench.codeOf(Method.channelBind, (m) => m.add(ChannelNumber, 0x4000).add(XorPeerAddress, denied))
    expect(bench.server.answered.get('403')).toBe(2)
  })

  test('that has no permission is not heard, nor is the peer', () => {
    const bench = new ServerBench().allocate()
    const id = bench.newTransactionId()
    const send = new MessageBuilder(Method.send, MessageClass.indication, id).add(XorPeerAddress, peer)
    bench.deliver(send.add(Data, text('x')).build())
    bench.server.relayReceived(bench.now, 1, peer, text('y'))
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-permission': 2 })
    expect([...bench.toPeers, ...bench.toClients]).toEqual([])
  })

  test('that has given it back is a stranger: 437, and silence for data', () => {
    const bench = new ServerBench().allocate()
    bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0))
    expect(bench.codeOf(Method.createPermission, (m) => m.add(XorPeerAddress, peer))).toBe(437)
    bench.deliver(channelData(0x4000, text('x')))
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-allocation': 1 })
  })
})
