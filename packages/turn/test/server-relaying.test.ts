import { describe, expect, test } from '@jest/globals'
import {
  AttributeType,
  ChannelNumber,
  Data,
  DontFragment,
  MessageBuilder,
  MessageClass,
  Method,
  opaqueAttribute,
  transportAddress,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import type { Relaying } from '../src/index.ts'
import { channelData, text } from './client-bench.ts'
import { ann, bob, otherPeer, peer, ServerBench } from './server-bench.ts'

const six = transportAddress('2001:db8::9', 7_000)
const toPeer =
  (...peers: TransportAddress[]) =>
  (message: MessageBuilder): void => {
    for (const address of peers) message.add(XorPeerAddress, address)
  }
const bind = (number: number, to: TransportAddress) => (message: MessageBuilder) =>
  message.add(ChannelNumber, number).add(XorPeerAddress, to)

function sendIndication(to: TransportAddress | null, data: Uint8Array | null): MessageBuilder {
  const message = new MessageBuilder(Method.send, MessageClass.indication, new Uint8Array(12))
  if (to !== null) message.add(XorPeerAddress, to)
  if (data !== null) message.add(Data, data)
  return message
}

describe('CreatePermission', () => {
  test('lets in all ports of an address, and all addresses of one request', () => {
    const bench = new ServerBench().allocate()
    expect(bench.codeOf(Method.createPermission, toPeer(peer, otherPeer))).toBe(0)
    bench.server.relayReceived(bench.now, 1, { ...peer, port: 1 }, text('a'))
    bench.server.relayReceived(bench.now, 1, otherPeer, text('b'))
    const indications = bench.toClients.splice(0)
    expect(indications.map(({ client }) => client)).toEqual([ann, ann])
    expect(bench.server.discarded.total).toBe(0)
  })

  test('400 for no peer, or one that cannot be read', () => {
    const bench = new ServerBench().allocate()
    expect(bench.codeOf(Method.createPermission)).toBe(400)
    const bad = opaqueAttribute(AttributeType.xorPeerAddress, 'BAD')
    const mixed = (m: MessageBuilder): unknown => m.add(XorPeerAddress, peer).add(bad, new Uint8Array(5))
    expect(bench.codeOf(Method.createPermission, mixed)).toBe(400)
    bench.deliver(sendIndication(peer, text('x')).build())
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-permission': 1 })
  })

  test('443 for another family', () => {
    const bench = new ServerBench().allocate()
    expect(bench.codeOf(Method.createPermission, toPeer(peer, six))).toBe(443)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, six))).toBe(443)
  })

  test('403 for what the policy closes, and then for none of the request’s peers', () => {
    const bench = new ServerBench().allocate()
    const closed = ['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.31.0.1', '169.254.169.254', '100.64.0.1']
    for (const address of [...closed, '224.0.0.1', '255.255.255.255', '0.0.0.0', '240.0.0.1'])
      expect(bench.codeOf(Method.createPermission, toPeer(peer, transportAddress(address, 1)))).toBe(403)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, transportAddress('127.0.0.1', 1)))).toBe(403)
    bench.deliver(sendIndication(peer, text('x')).build())
    expect(bench.toPeers).toHaveLength(0)
  })

  test('options open the policy, or replace it', () => {
    const code = (config: ConstructorParameters<typeof ServerBench>[0], address: string): number =>
      new ServerBench(config).allocate().codeOf(Method.createPermission, toPeer(transportAddress(address, 1)))
    expect(code({ allowLoopbackPeers: true }, '127.0.0.1')).toBe(0)
    expect(code({ allowLoopbackPeers: true }, '10.0.0.1')).toBe(403)
    expect(code({ allowPrivatePeers: true }, '10.0.0.1')).toBe(0)
    expect(code({ allowPrivatePeers: true }, '169.254.0.1')).toBe(0)
    expect(code({ allowPrivatePeers: true }, '127.0.0.1')).toBe(403)
    expect(code({ allowPeer: (address) => address === '127.0.0.2' }, '127.0.0.2')).toBe(0)
    expect(code({ allowPeer: () => false, allowPrivatePeers: true }, '198.51.100.9')).toBe(403)
  })

  test('508 beyond the number of peers, for the request as a whole; what has ended makes room', () => {
    const bench = new ServerBench({ permissionsPerAllocation: 2 }).allocate()
    const third = transportAddress('198.51.100.11', 1)
    expect(bench.codeOf(Method.createPermission, toPeer(peer))).toBe(0)
    expect(bench.codeOf(Method.createPermission, toPeer(otherPeer, third))).toBe(508)
    bench.server.relayReceived(bench.now, 1, otherPeer, text('x'))
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-permission': 1 })
    bench.advance(60_000)
    expect(bench.codeOf(Method.createPermission, toPeer(otherPeer, { ...otherPeer, port: 9 }))).toBe(0)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, third))).toBe(508)
    bench.advance(240_000)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, third))).toBe(0)
  })

  test('lives five minutes, whatever is sent meanwhile', () => {
    const bench = new ServerBench().allocate(ann, 3_600)
    bench.codeOf(Method.createPermission, toPeer(peer))
    bench.advance(299_999)
    bench.deliver(sendIndication(peer, text('x')).build())
    bench.server.relayReceived(bench.now, 1, peer, text('y'))
    expect([bench.toPeers.length, bench.toClients.length]).toEqual([1, 1])
    bench.advance(1)
    bench.deliver(sendIndication(peer, text('x')).build())
    bench.server.relayReceived(bench.now, 1, peer, text('y'))
    expect([bench.toPeers.length, bench.toClients.length]).toEqual([1, 1])
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-permission': 2 })
  })
})

describe('ChannelBind', () => {
  test('carries data both ways without STUN, and permits the address', () => {
    const bench = new ServerBench().allocate()
    expect(bench.codeOf(Method.channelBind, bind(0x4000, peer))).toBe(0)
    bench.deliver(channelData(0x4000, text('out')))
    expect(bench.toPeers).toEqual([{ relay: 1, peer, bytes: text('out') }])
    bench.server.relayReceived(bench.now, 1, peer, text('in'))
    expect(bench.toClients.pop()?.bytes).toEqual(channelData(0x4000, text('in')))
    bench.server.relayReceived(bench.now, 1, { ...peer, port: 1 }, text('in'))
    expect(bench.reply().method).toBe(Method.data)
  })

  test('400 for a number out of range, a missing attribute, or port 0', () => {
    const bench = new ServerBench().allocate()
    for (const number of [0, 0x3fff, 0x5000, 0x7fff, 0xffff])
      expect(bench.codeOf(Method.channelBind, bind(number, peer))).toBe(400)
    expect(bench.codeOf(Method.channelBind, toPeer(peer))).toBe(400)
    expect(bench.codeOf(Method.channelBind, (m) => m.add(ChannelNumber, 0x4000))).toBe(400)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, { ...peer, port: 0 }))).toBe(400)
    const legacy = new ServerBench({ legacyChannels: true }).allocate()
    expect(legacy.codeOf(Method.channelBind, bind(0x7ffe, peer))).toBe(0)
    expect(legacy.codeOf(Method.channelBind, bind(0x7fff, otherPeer))).toBe(400)
  })

  test('400 for a number that another peer has, and for a peer that has another number', () => {
    const bench = new ServerBench().allocate(ann, 3_600)
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    expect(bench.codeOf(Method.channelBind, bind(0x4000, otherPeer))).toBe(400)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, { ...peer, port: 1 }))).toBe(400)
    expect(bench.codeOf(Method.channelBind, bind(0x4001, peer))).toBe(400)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, peer))).toBe(0)
    expect(bench.codeOf(Method.channelBind, bind(0x4001, { ...peer, port: 1 }))).toBe(0)
  })

  test('lives ten minutes; then number and peer are free for others', () => {
    const bench = new ServerBench().allocate(ann, 3_600)
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    bench.advance(599_999)
    bench.deliver(channelData(0x4000, text('x')))
    expect(bench.toPeers).toHaveLength(1)
    bench.advance(1)
    bench.deliver(channelData(0x4000, text('x')))
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-channel': 1 })
    expect(bench.codeOf(Method.channelBind, bind(0x4001, peer))).toBe(0)
    expect(bench.codeOf(Method.channelBind, bind(0x4000, otherPeer))).toBe(0)
    bench.server.relayReceived(bench.now, 1, peer, text('x'))
    expect(bench.toClients.pop()?.bytes).toEqual(channelData(0x4001, text('x')))
    bench.deliver(channelData(0x4000, text('y')))
    expect(bench.toPeers.at(-1)?.peer).toEqual(otherPeer)
  })

  test('a binding that is renewed outlives its permission: data goes out, and none comes in', () => {
    const bench = new ServerBench().allocate(ann, 3_600)
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    bench.advance(300_000)
    bench.deliver(channelData(0x4000, text('out')))
    bench.server.relayReceived(bench.now, 1, peer, text('in'))
    expect(bench.toPeers).toHaveLength(1)
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-permission': 1 })
  })

  test('an expired binding of a permitted peer falls back to Data indications', () => {
    const bench = new ServerBench().allocate(ann, 3_600)
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    bench.advance(400_000)
    bench.codeOf(Method.createPermission, toPeer(peer))
    bench.advance(200_000)
    bench.server.relayReceived(bench.now, 1, peer, text('x'))
    const indication = bench.reply()
    expect(indication.get(XorPeerAddress)).toEqual(peer)
    expect(indication.get(Data)).toEqual(text('x'))
  })
})

describe('data that goes no further', () => {
  test('of a client', () => {
    const bench = new ServerBench().allocate()
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    bench.deliver(sendIndication(peer, text('x')).build(), bob)
    bench.deliver(channelData(0x4000, text('x')), bob)
    bench.deliver(channelData(0x4000, text('x')), { ...ann, port: 1 })
    expect(bench.server.discarded.get('no-allocation')).toBe(3)
    bench.deliver(sendIndication(null, text('x')).build())
    bench.deliver(sendIndication(peer, null).build())
    bench.deliver(sendIndication({ ...peer, port: 0 }, text('x')).build())
    bench.deliver(Uint8Array.of(0x40, 0, 0, 5, 1, 2, 3, 4))
    bench.deliver(Uint8Array.of(0x40, 0))
    expect(bench.server.discarded.get('malformed')).toBe(5)
    bench.deliver(sendIndication(peer, text('x')).add(DontFragment, true).build())
    bench.deliver(sendIndication(peer, text('x')).add(opaqueAttribute(0x7abc, ''), text('')).build())
    expect(bench.server.discarded.get('unexpected')).toBe(2)
    bench.deliver(sendIndication(otherPeer, text('x')).build())
    expect(bench.server.discarded.get('no-permission')).toBe(1)
    bench.deliver(channelData(0x4001, text('x')))
    bench.deliver(channelData(0x7fff, text('x')))
    expect(bench.server.discarded.get('no-channel')).toBe(2)
    expect(bench.toPeers).toHaveLength(0)
    expect(bench.server.discarded.total).toBe(13)
  })

  test('of a peer', () => {
    const bench = new ServerBench().allocate()
    bench.codeOf(Method.createPermission, toPeer(peer))
    bench.server.relayReceived(bench.now, 9, peer, text('x'))
    bench.server.relayReceived(bench.now, 1, otherPeer, text('x'))
    bench.server.relayReceived(bench.now, 1, peer, new Uint8Array(65_500))
    expect(bench.server.discarded.snapshot()).toEqual({
      'no-allocation': 1,
      'no-permission': 1,
      'too-large': 1,
    })
    expect(bench.toClients).toHaveLength(0)
    bench.server.relayReceived(bench.now, 1, peer, new Uint8Array(65_455))
    expect(bench.reply().get(Data)).toHaveLength(65_455)
  })

  test('by veto, which is told allocation, peer and direction', () => {
    const seen: [string, TransportAddress, string][] = []
    const beforeRelay = ({ allocation, peer: other, direction }: Relaying, data: Uint8Array): boolean => {
      seen.push([allocation.username, other, direction])
      return data[0] !== 0
    }
    const bench = new ServerBench({ beforeRelay }).allocate()
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    bench.deliver(channelData(0x4000, Uint8Array.of(1)))
    bench.deliver(channelData(0x4000, Uint8Array.of(0)))
    bench.server.relayReceived(bench.now, 1, peer, Uint8Array.of(0))
    expect(bench.server.discarded.snapshot()).toEqual({ vetoed: 2 })
    expect(seen).toEqual([
      ['ann', peer, 'to-peer'],
      ['ann', peer, 'to-peer'],
      ['ann', peer, 'to-client'],
    ])
    expect(bench.server.allocations[0]?.toPeers).toEqual({ datagrams: 1, bytes: 1 })
  })

  test('padding behind ChannelData is left out, empty data is data', () => {
    const bench = new ServerBench().allocate()
    bench.codeOf(Method.channelBind, bind(0x4000, peer))
    bench.deliver(Uint8Array.of(0x40, 0, 0, 1, 7, 0, 0, 0))
    bench.deliver(Uint8Array.of(0x40, 0, 0, 0))
    expect(bench.toPeers.map(({ bytes }) => bytes)).toEqual([Uint8Array.of(7), new Uint8Array(0)])
  })
})
