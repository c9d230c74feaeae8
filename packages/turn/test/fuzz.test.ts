import { expect, test } from '@jest/globals'
import { Random } from '@purertc/netsim'
import {
  ChannelNumber,
  Data,
  Lifetime,
  MessageBuilder,
  MessageClass,
  Method,
  RequestedTransport,
  transportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { channelData, ClientBench, peer as clientPeer, text } from './client-bench.ts'
import { ann, NOTHING, peer, ServerBench } from './server-bench.ts'

const DATAGRAMS = 10_000

/** Random bytes, or a sample with bits flipped, cut, grown, or spliced with another one. */
function hostile(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => samples[random.int(samples.length)] ?? new Uint8Array(0)
  const bytes = pick().slice()
  switch (random.int(6)) {
    case 0: {
      const noise = new Uint8Array(random.int(200))
      random.fill(noise)
      // Half of it starts as STUN or ChannelData does, to get past the first look.
      if (random.chance(0.5)) noise.set(bytes.subarray(0, Math.min(noise.length, random.int(24))))
      return noise
    }
    case 1:
      return bytes.subarray(0, random.int(bytes.length + 1))
    case 2: {
      const other = pick()
      const at = random.int(Math.min(bytes.length, other.length) + 1)
      const spliced = bytes.slice()
      spliced.set(other.subarray(at, bytes.length), at)
      return spliced
    }
    case 3: {
      const grown = new Uint8Array(bytes.length + random.int(40))
      grown.set(bytes)
      return grown
    }
    case 4:
      // A consistent length field behind a cut: the attributes are what is wrong.
      if (bytes.length > 24) {
        const length = 4 * random.int((bytes.length - 20) / 4)
        const cut = bytes.slice(0, 20 + length)
        cut[2] = length >> 8
        cut[3] = length
        return cut
      }
      return bytes
    default:
      for (let flips = 1 + random.int(4); flips > 0 && bytes.length > 0; flips--)
        bytes[random.int(bytes.length)]! ^= 1 << random.int(8)
      return bytes
  }
}

test('10,000 hostile datagrams leave a client as it was', () => {
  const bench = new ClientBench({ channels: 'manual' }).allocate(3_600).permit().bind()
  const random = new Random(42)
  bench.client.createPermission(bench.now, transportAddress('198.51.100.77', 1))
  const pending = bench.take()
  const samples = [
    channelData(0x4000, text('some data')),
    bench.indication().add(XorPeerAddress, clientPeer).add(Data, text('some data')).finish(),
    bench.indication().add(XorPeerAddress, clientPeer).add(Data, text('some data')).build(),
    bench.allocation(pending).finish(),
    MessageBuilder.success(pending).finish(),
    MessageBuilder.error(pending, 403).build(),
    MessageBuilder.error(pending, 500).build(),
    bench.authenticator.refuse(bench.now, pending, clientPeer, 400).build(),
  ]
  for (let i = 0; i < DATAGRAMS; i++) bench.client.handleDatagram(bench.now, hostile(random, samples))
  expect(bench.client.state).toBe('allocated')
  expect(bench.events).toHaveLength(1)
  expect(bench.refused).toEqual([])
  expect(bench.sent).toEqual([])
  expect(bench.received.every(({ peer: from }) => from.startsWith('198.51.100.9:'))).toBe(true)
  bench.succeed(pending)
  bench.received.length = 0
  bench.client.handleDatagram(bench.now, channelData(0x4000, text('still here')))
  expect(bench.received).toEqual([{ peer: '198.51.100.9:7000', text: 'still here' }])
  bench.advance(240_000)
  expect(bench.take().method).toBe(Method.createPermission)
})

test('10,000 hostile datagrams leave a server as it was', () => {
  const bench = new ServerBench().allocate(ann, 3_600)
  const bind = (m: MessageBuilder): unknown => m.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer)
  expect(bench.codeOf(Method.channelBind, bind)).toBe(0)
  const random = new Random(43)
  const udp = (m: MessageBuilder): unknown => m.add(RequestedTransport, 17)
  const send = new MessageBuilder(Method.send, MessageClass.indication, bench.newTransactionId())
  const samples = [
    channelData(0x4000, text('some data')),
    send.add(XorPeerAddress, peer).add(Data, text('some data')).build(),
    bench.request(Method.allocate, udp),
    bench.request(Method.refresh, (m) => m.add(Lifetime, 0), ann, { password: 'guess' }),
    bench.request(Method.createPermission, (m) => m.add(XorPeerAddress, transportAddress('127.0.0.1', 1))),
    bench.request(Method.channelBind, (m) => m.add(ChannelNumber, 0x4001).add(XorPeerAddress, peer)),
    new MessageBuilder(Method.binding, MessageClass.request, bench.newTransactionId()).finish(),
  ]
  const clients = [ann, transportAddress('198.51.100.66', 6_666)]
  for (let i = 0; i < DATAGRAMS; i++) {
    const datagram = hostile(random, samples)
    bench.deliver(datagram, clients[i % 2])
    if (i % 10 === 0) bench.server.relayReceived(bench.now, 1, clients[1] ?? peer, datagram)
  }
  expect(bench.server.load).toEqual({
    allocations: 1,
    opening: 0,
    users: 1,
    ports: 1,
    waiting: 0,
    connections: 0,
  })
  expect(bench.events).toEqual(['created ann'])
  expect(bench.toPeers.every(({ peer: to }) => to.address === peer.address)).toBe(true)
  expect(bench.server.discarded.total + bench.server.answered.total + bench.toPeers.length).toBeGreaterThan(
    DATAGRAMS,
  )
  bench.toPeers.length = 0
  bench.deliver(channelData(0x4000, text('still here')))
  expect(bench.toPeers).toEqual([{ relay: 1, peer, bytes: text('still here') }])
  bench.toClients.length = 0
  bench.server.relayReceived(bench.now, 1, peer, text('and back'))
  expect(bench.toClients[0]?.bytes).toEqual(channelData(0x4000, text('and back')))
})

test('random bytes from a client of nothing are dropped or challenged, never kept', () => {
  const bench = new ServerBench()
  const random = new Random(44)
  for (let i = 0; i < DATAGRAMS; i++) {
    const bytes = new Uint8Array(random.int(100))
    random.fill(bytes)
    bench.deliver(bytes, transportAddress(`198.51.100.${random.int(256)}`, 1 + random.int(65_535)))
  }
  expect(bench.server.load).toEqual(NOTHING)
  expect(bench.server.nextTimeout).toBe(Infinity)
})
