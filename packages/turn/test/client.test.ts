import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  AlternateServer,
  authenticate,
  Lifetime,
  longTermKey,
  MessageBuilder,
  Method,
  Nonce,
  Realm,
  RequestedAddressFamily,
  RequestedTransport,
  transportAddress,
  XorMappedAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { TurnError } from '../src/index.ts'
import { channelData, ClientBench, clientAddress, otherPeer, peer, relayed, text } from './client-bench.ts'

const key = longTermKey(nodeCrypto, 'ann', 'example.org', 'secret')

describe('allocation', () => {
  test('asks bare, then with the credentials that the challenge names', () => {
    const bench = new ClientBench({ lifetime: 900 })
    bench.client.allocate(bench.now)
    const first = bench.take()
    expect(first.method).toBe(Method.allocate)
    expect(first.get(RequestedTransport)).toBe(17)
    expect(first.get(Lifetime)).toBe(900)
    expect(first.integrityAt).toBe(-1)
    bench.challenge(first)
    const second = bench.take()
    expect(second.get(Realm)).toBe('example.org')
    expect(second.transactionId).not.toEqual(first.transactionId)
    expect(authenticate(nodeCrypto, second, key)).not.toBeNull()
    bench.deliverSigned(bench.allocation(second))
    expect(bench.events).toEqual(['allocated 198.51.100.1:50000 198.51.100.7:40000'])
    expect(bench.client.state).toBe('allocated')
    expect(bench.client.relayedAddress).toEqual(relayed)
    expect(bench.client.mappedAddress).toEqual(clientAddress)
  })

  test('asks for IPv6 by name, and for IPv4 by silence', () => {
    const six = new ClientBench({ family: 'IPv6' })
    six.client.allocate(six.now)
    expect(six.take().get(RequestedAddressFamily)).toBe('IPv6')
    const four = new ClientBench({ family: 'IPv4' })
    four.client.allocate(four.now)
    expect(four.take().has(RequestedAddressFamily)).toBe(false)
  })

  test('a wrong password ends in 401, not in a loop', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    bench.challenge(bench.take())
    expect(bench.error).toMatchObject({ code: 401 })
    expect(bench.client.state).toBe('failed')
    expect(bench.sent).toEqual([])
    expect(bench.client.nextTimeout).toBe(Infinity)
  })

  test('a challenge without realm or nonce is not worth a second request', () => {
    for (const codec of [Realm, Nonce]) {
      const bench = new ClientBench()
      bench.client.allocate(bench.now)
      bench.deliver(MessageBuilder.error(bench.take(), 401).add(codec, 'alone'))
      expect(bench.error?.code).toBe(401)
    }
  })

  test('a stale nonce is replaced, as often as is reasonable', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    for (let i = 0; i < 3; i++) {
      bench.now = bench.client.nextTimeout
      bench.challenge(bench.take(), 438)
    }
    bench.deliverSigned(bench.allocation(bench.take()))
    expect(bench.client.state).toBe('allocated')

    const loop = new ClientBench()
    loop.client.allocate(loop.now)
    for (let i = 0; i < 100 && loop.sent.length > 0; i++) {
      loop.now = loop.client.nextTimeout
      loop.challenge(loop.take(), 438)
    }
    expect(loop.error?.code).toBe(438)
  })

  test.each([403, 437, 441, 442, 440, 486, 508, 500])('%i ends the attempt with its code', (code) => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    bench.refuse(bench.take(), code)
    expect(bench.events).toEqual([`failed ${code}`])
    expect(bench.client.nextTimeout).toBe(Infinity)
    expect(() => bench.client.allocate(bench.now)).toThrow(TurnError)
  })

  test('300 names the server to ask instead', () => {
    const bench = new ClientBench()
    const other = transportAddress('198.51.100.2', 3479)
    bench.client.allocate(bench.now)
    bench.deliver(MessageBuilder.error(bench.take(), 300).add(AlternateServer, other))
    expect(bench.error).toMatchObject({ code: 300, alternateServer: other })
  })

  test('silence ends after 39.5 s and seven requests', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.advance(39_499)
    expect(bench.events).toEqual([])
    bench.advance(1)
    expect(bench.events).toEqual(['failed timeout'])
    expect(bench.sent).toHaveLength(7)
  })

  test('an answer without addresses or lifetime is malformed', () => {
    for (const build of [
      (m: MessageBuilder) => m.add(XorMappedAddress, clientAddress).add(Lifetime, 600),
      (m: MessageBuilder) => m.add(XorRelayedAddress, relayed).add(Lifetime, 600),
      (m: MessageBuilder) => m.add(XorRelayedAddress, relayed).add(XorMappedAddress, clientAddress),
      (m: MessageBuilder) =>
        m.add(XorRelayedAddress, relayed).add(XorMappedAddress, clientAddress).add(Lifetime, 0),
    ]) {
      const bench = new ClientBench()
      bench.client.allocate(bench.now)
      bench.challenge(bench.take())
      bench.deliverSigned(build(MessageBuilder.success(bench.take())))
      expect(bench.events).toEqual(['failed malformed'])
    }
  })

  test('an address of a family that was not asked for is given back', () => {
    const bench = new ClientBench({ family: 'IPv6' }).allocate()
    const release = bench.take()
    expect(release.method).toBe(Method.refresh)
    expect(release.get(Lifetime)).toBe(0)
    expect(bench.events).toEqual(['failed malformed'])
  })
})

describe('refreshing', () => {
  test('a minute before the end, with the lifetime that is wanted', () => {
    const bench = new ClientBench({ lifetime: 1_200 }).allocate(1_000)
    bench.advance(939_999)
    expect(bench.sent).toHaveLength(0)
    bench.advance(1)
    const request = bench.take()
    expect(request.method).toBe(Method.refresh)
    expect(request.get(Lifetime)).toBe(1_200)
    bench.deliverSigned(MessageBuilder.success(request).add(Lifetime, 300))
    bench.advance(240_000)
    expect(bench.take().method).toBe(Method.refresh)
  })

  test('half-way where the lifetime is short', () => {
    const bench = new ClientBench().allocate(20)
    bench.advance(10_000)
    expect(bench.take().method).toBe(Method.refresh)
  })

  test('asks on after a silence until the allocation has ended', () => {
    const bench = new ClientBench().allocate()
    bench.advance(540_000 + 39_500)
    expect(bench.sent).toHaveLength(8)
    expect(bench.client.state).toBe('allocated')
    bench.advance(60_000)
    expect(bench.events.at(-1)).toBe('failed timeout')
    expect(bench.client.relayedAddress).toBeNull()
  })

  test.each([437, 441, 400])('%i to a refresh means that the allocation is lost', (code) => {
    const bench = new ClientBench().allocate().advance(540_000)
    bench.refuse(bench.take(), code)
    expect(bench.events.at(-1)).toBe(`failed ${code}`)
  })

  test('a success that grants no time is malformed', () => {
    const bench = new ClientBench().allocate().advance(540_000)
    bench.succeed(bench.take())
    expect(bench.events.at(-1)).toBe('failed malformed')
  })

  test('two requests with one stale nonce both get through, though the server has but one new nonce', () => {
    const bench = new ClientBench().allocate()
    bench.client.createPermission(bench.now, peer)
    bench.client.createPermission(bench.now, otherPeer)
    const requests = [bench.take(), bench.take()]
    for (const request of requests)
      bench.deliver(MessageBuilder.error(request, 438).add(Realm, 'example.org').add(Nonce, 'fresh'))
    const again = [bench.take(), bench.take()]
    expect(again.map((request) => request.get(Nonce))).toEqual(['fresh', 'fresh'])
    for (const request of again) bench.succeed(request)
    expect(bench.events).toHaveLength(1)
  })
})

describe('closing', () => {
  test('gives the allocation back', () => {
    const bench = new ClientBench().allocate().permit()
    bench.client.close(bench.now)
    expect(bench.client.state).toBe('closing')
    const request = bench.take()
    expect(request.method).toBe(Method.refresh)
    expect(request.get(Lifetime)).toBe(0)
    bench.deliverSigned(MessageBuilder.success(request).add(Lifetime, 0))
    expect(bench.events.at(-1)).toBe('closed')
    expect(bench.client.state).toBe('closed')
    expect(bench.client.nextTimeout).toBe(Infinity)
    bench.client.close(bench.now)
    expect(bench.events.filter((event) => event === 'closed')).toHaveLength(1)
  })

  test('takes 437 and a stale nonce in its stride', () => {
    const bench = new ClientBench().allocate()
    bench.client.close(bench.now)
    bench.now = bench.client.nextTimeout
    bench.challenge(bench.take(), 438)
    bench.refuse(bench.take(), 437)
    expect(bench.events.at(-1)).toBe('closed')
  })

  test('gives up on a silent server after 1.5 seconds and two requests', () => {
    const bench = new ClientBench().allocate()
    bench.client.close(bench.now)
    bench.advance(1_499)
    expect(bench.events.at(-1)).not.toBe('closed')
    bench.advance(1)
    expect(bench.events.at(-1)).toBe('closed')
    expect(bench.sent).toHaveLength(2)
  })

  test('before there is anything to release, at once', () => {
    const fresh = new ClientBench()
    fresh.client.close(fresh.now)
    expect(fresh.events).toEqual(['closed'])
    const asking = new ClientBench()
    asking.client.allocate(asking.now)
    asking.client.close(asking.now)
    expect(asking.events).toEqual(['closed'])
    expect(asking.client.nextTimeout).toBe(Infinity)
  })

  test('while the allocation is on its way, releases it too', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    const request = bench.take()
    bench.client.close(bench.now)
    expect(bench.take().get(Lifetime)).toBe(0)
    expect(bench.deliverSigned(bench.allocation(request))).toBe(false)
    expect(bench.events).toEqual([])
  })

  test('data after the end is dropped and counted', () => {
    const bench = new ClientBench().allocate().permit()
    bench.client.close(bench.now)
    bench.client.send(bench.now, peer, text('x'))
    bench.client.handleDatagram(bench.now, channelData(0x4000, text('x')))
    expect(bench.client.discarded.snapshot()).toEqual({ 'not-allocated': 1, 'unknown-channel': 1 })
    expect(bench.sent).toHaveLength(1)
  })
})
