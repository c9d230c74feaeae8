import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { describe, expect, test } from '@jest/globals'
import {
  AdditionalAddressFamily,
  AddressErrorCode,
  ChannelNumber,
  EvenPort,
  Lifetime,
  MessageBuilder,
  Method,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  type StunMessage,
  transportAddress,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { createTurnClient, createTurnServer } from '../src/node/index.ts'
import { channelData, ClientBench, clientAddress, relayed, text } from './client-bench.ts'
import { ann, peer, NOTHING, ServerBench } from './server-bench.ts'

const families = ['IPv4', 'IPv6'] as const
const peer6 = transportAddress('2620:fe::9', 7_000)
const both = (m: MessageBuilder): MessageBuilder =>
  m.add(RequestedTransport, 17).add(AdditionalAddressFamily, 'IPv6')

function dual(): { bench: ServerBench; answer: StunMessage } {
  const bench = new ServerBench({ families })
  return { bench, answer: bench.ask(Method.allocate, both) }
}

describe('RFC 8656 §7.2: a server with two families', () => {
  test('gives both addresses, and relays by the one of the peer’s family', () => {
    const { bench, answer } = dual()
    expect(answer.getAll(XorRelayedAddress).map(({ family }) => family)).toEqual(['IPv4', 'IPv6'])
    expect(bench.server.load).toEqual({ ...NOTHING, allocations: 1, users: 1, ports: 2 })
    expect(bench.server.allocations).toHaveLength(1)
    expect(bench.server.allocations[0]?.additional).toMatchObject({ relay: 2, relayed: { family: 'IPv6' } })
    for (const [number, to] of [
      [0x4000, peer],
      [0x4001, peer6],
    ] as const) {
      const fill = (m: MessageBuilder): unknown => m.add(ChannelNumber, number).add(XorPeerAddress, to)
      expect(bench.codeOf(Method.channelBind, fill)).toBe(0)
      bench.deliver(channelData(number, text('out')))
    }
    expect(bench.toPeers.map(({ relay, peer: to }) => [relay, to.address])).toEqual([
      [1, peer.address],
      [2, peer6.address],
    ])
    bench.toClients.length = 0
    bench.server.relayReceived(bench.now, 2, peer6, text('in'))
    expect(bench.toClients[0]?.bytes).toEqual(channelData(0x4001, text('in')))
  })

  test('ends both at once, by release, by time and by closing', () => {
    const endings: ((bench: ServerBench) => unknown)[] = [
      (bench) => bench.ask(Method.refresh, (m) => m.add(Lifetime, 0)),
      (bench) => bench.advance(600_000),
      (bench) => bench.server.close(),
      (bench) => bench.server.release(2),
      (bench) => bench.server.disconnected(0, ann),
    ]
    for (const end of endings) {
      const { bench } = dual()
      end(bench)
      expect(bench.closed.toSorted()).toEqual([1, 2])
      expect(bench.server.load).toEqual(NOTHING)
      expect(bench.events.filter((event) => event.startsWith('deleted'))).toHaveLength(1)
    }
  })

  test.each([
    ['IPv4', 1, peer, peer6],
    ['IPv6', 2, peer6, peer],
  ] as const)('§8.2: gives %s back alone', (family, relay, gone, left) => {
    const { bench } = dual()
    const drop = (m: MessageBuilder): unknown => m.add(Lifetime, 0).add(RequestedAddressFamily, family)
    expect(bench.codeOf(Method.refresh, drop)).toBe(0)
    expect(bench.closed).toEqual([relay])
    expect(bench.server.load).toMatchObject({ allocations: 1, ports: 1 })
    expect(bench.codeOf(Method.createPermission, (m) => m.add(XorPeerAddress, gone))).toBe(443)
    expect(bench.codeOf(Method.createPermission, (m) => m.add(XorPeerAddress, left))).toBe(0)
    expect(bench.codeOf(Method.refresh, drop)).toBe(443)
    expect(bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0))).toBe(0)
    expect(bench.server.load).toEqual(NOTHING)
  })

  test('gives one address and the reason, where it has but one', () => {
    const single = new ServerBench().ask(Method.allocate, both)
    expect(single.getAll(XorRelayedAddress)).toHaveLength(1)
    expect(single.get(AddressErrorCode)).toMatchObject({ family: 'IPv6', code: 440 })
    const bench = new ServerBench({ families })
    bench.opensRelays = false
    bench.deliver(bench.request(Method.allocate, both))
    bench.server.relayOpened(bench.now, 1, relayed)
    for (let i = 1; i <= 8; i++) {
      expect(bench.opened).toHaveLength(1 + i)
      expect(bench.server.load).toMatchObject({ opening: 1, ports: 2 })
      bench.server.relayFailed(bench.now, bench.opened.at(-1)?.relay ?? 0)
    }
    expect(bench.reply().get(AddressErrorCode)).toMatchObject({ family: 'IPv6', code: 508 })
    expect(bench.server.load).toEqual({ ...NOTHING, allocations: 1, users: 1, ports: 1 })
  })

  test('leaves nothing behind when it is closed between the two', () => {
    const bench = new ServerBench({ families })
    bench.opensRelays = false
    bench.deliver(bench.request(Method.allocate, both))
    bench.server.relayOpened(bench.now, 1, relayed)
    bench.server.close()
    expect(bench.closed.toSorted()).toEqual([1, 2])
    expect(bench.server.load).toEqual(NOTHING)
    bench.server.relayOpened(bench.now, 2, relayed)
    expect(bench.server.load).toEqual(NOTHING)
  })

  test('400 for what goes not together', () => {
    const bench = new ServerBench({ families })
    const additional = (m: MessageBuilder): MessageBuilder => both(m)
    const codes = [
      (m: MessageBuilder) => additional(m).add(RequestedAddressFamily, 'IPv4'),
      (m: MessageBuilder) => additional(m).add(ReservationToken, new Uint8Array(8)),
      (m: MessageBuilder) => additional(m).add(EvenPort, { reserve: true }),
      (m: MessageBuilder) => m.add(RequestedTransport, 17).add(AdditionalAddressFamily, 'IPv4'),
    ].map((fill) => bench.codeOf(Method.allocate, fill))
    expect(codes).toEqual([400, 400, 400, 400])
    expect(bench.server.load).toEqual(NOTHING)
  })
})

describe('a client that asks for both', () => {
  function answered(...addresses: (typeof relayed)[]): ClientBench {
    const bench = new ClientBench({ family: 'both' })
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    const request = bench.take()
    expect(request.get(AdditionalAddressFamily)).toBe('IPv6')
    expect(request.has(RequestedAddressFamily)).toBe(false)
    const answer = MessageBuilder.success(request)
    for (const address of addresses) answer.add(XorRelayedAddress, address)
    bench.deliverSigned(answer.add(XorMappedAddress, clientAddress).add(Lifetime, 600))
    return bench
  }

  const relayed6 = transportAddress('2620:fe::1', 50_000)

  test('has both, in whatever order, or one alone', () => {
    for (const bench of [answered(relayed, relayed6), answered(relayed6, relayed)]) {
      expect(bench.client.relayedAddress).toEqual(relayed)
      expect(bench.client.additionalAddress).toEqual(relayed6)
    }
    const single = answered(relayed)
    expect(single.client.state).toBe('allocated')
    expect(single.client.additionalAddress).toBeNull()
    const other = answered(relayed6)
    expect([other.client.relayedAddress, other.client.additionalAddress]).toEqual([relayed6, null])
  })

  test('reaches peers of both over sockets', async () => {
    const server = await createTurnServer({
      listen: [{ address: '127.0.0.1', port: 0 }],
      relayAddress: ['127.0.0.1', '::1'],
      realm: 'example.org',
      authenticate: { ann: 'secret' },
      allowLoopbackPeers: true,
    })
    const client = await createTurnClient({
      server: `turn:127.0.0.1:${server.addresses[0]?.port ?? 0}`,
      username: 'ann',
      password: 'secret',
      family: 'both',
    })
    expect(client.additionalAddress?.address).toBe('::1')
    for (const [type, address] of [
      ['udp4', '127.0.0.1'],
      ['udp6', '::1'],
    ] as const) {
      const echo = createSocket(type)
      echo.on('message', (bytes, from) => echo.send(bytes, from.port, from.address))
      echo.bind(0, address)
      await once(echo, 'listening')
      const to = transportAddress(address, echo.address().port)
      const echoed = once(client, 'message')
      client.send(to, Uint8Array.of(1, 2, 3))
      expect(await echoed).toEqual([Uint8Array.of(1, 2, 3), to])
      echo.close()
    }
    await client.close()
    expect(server.allocations).toEqual([])
    await server.close()
  })
})
