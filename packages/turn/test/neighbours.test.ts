import { expect, test } from '@jest/globals'
import {
  ChannelNumber,
  Lifetime,
  type MessageBuilder,
  Method,
  RequestedTransport,
  type TransportAddress,
  transportAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import type { Relaying } from '../src/index.ts'
import { channelData, text } from './client-bench.ts'
import { ann, bob, ServerBench } from './server-bench.ts'

const bind = (number: number, to: TransportAddress) => (message: MessageBuilder) =>
  message.add(ChannelNumber, number).add(XorPeerAddress, to)

/** Two clients of one server, each of which has a channel to the relayed address of the other. */
function neighbours(config: ConstructorParameters<typeof ServerBench>[0] = {}): {
  readonly bench: ServerBench
  readonly toBob: TransportAddress
} {
  const bench = new ServerBench(config)
  const [toAnn, toBob] = [allocate(bench, ann), allocate(bench, bob)]
  expect(bench.codeOf(Method.channelBind, bind(0x4000, toBob), ann)).toBe(0)
  expect(bench.codeOf(Method.channelBind, bind(0x4abc, toAnn), bob)).toBe(0)
  return { bench, toBob }
}

function allocate(bench: ServerBench, client: TransportAddress): TransportAddress {
  const answer = bench.ask(Method.allocate, (message) => message.add(RequestedTransport, 17), client)
  return answer.get(XorRelayedAddress) ?? transportAddress('0.0.0.0', 0)
}

test('what one relay sends to another comes out there as though the system had carried it', () => {
  const { bench } = neighbours()
  bench.deliver(channelData(0x4000, text('hello')), ann)
  expect(bench.toPeers).toHaveLength(0)
  expect(bench.toClients).toEqual([{ listener: 0, client: bob, bytes: channelData(0x4abc, text('hello')) }])
  const [ofAnn, ofBob] = bench.server.allocations
  expect(ofAnn?.toPeers).toEqual({ datagrams: 1, bytes: 5 })
  expect(ofBob?.toClient).toEqual({ datagrams: 1, bytes: 5 })
})

test('without a channel of the receiver’s, the sender is the relayed address that its client was told', () => {
  const bench = new ServerBench()
  const [toAnn, toBob] = [allocate(bench, ann), allocate(bench, bob)]
  bench.codeOf(Method.channelBind, bind(0x4000, toBob), ann)
  bench.codeOf(Method.createPermission, (message) => message.add(XorPeerAddress, toAnn), bob)
  bench.deliver(channelData(0x4000, text('me')), ann)
  expect(bench.reply().get(XorPeerAddress)).toEqual(toAnn)
})

test('the permissions, limits and vetoes of both sides hold', () => {
  const seen: string[] = []
  const beforeRelay = ({ allocation, direction }: Relaying, data: Uint8Array): boolean => {
    seen.push(`${allocation.username} ${direction}`)
    return data[0] !== 0
  }
  const { bench } = neighbours({ beforeRelay })
  bench.deliver(channelData(0x4000, Uint8Array.of(1)), ann)
  expect(seen).toEqual(['ann to-peer', 'bob to-client'])
  bench.deliver(channelData(0x4000, Uint8Array.of(0)), ann)
  expect(bench.server.discarded.snapshot()).toEqual({ vetoed: 1 })
  bench.advance(300_000)
  bench.deliver(channelData(0x4000, Uint8Array.of(1)), ann)
  expect(bench.server.discarded.snapshot()).toEqual({ vetoed: 1, 'no-permission': 1 })
  expect(bench.toClients).toHaveLength(1)
})

test('an address that is ours no more is anybody’s again', () => {
  const { bench, toBob } = neighbours()
  expect(bench.codeOf(Method.refresh, (message) => message.add(Lifetime, 0), bob)).toBe(0)
  bench.deliver(channelData(0x4000, text('late')), ann)
  expect(bench.toPeers).toEqual([{ relay: 1, peer: toBob, bytes: text('late') }])
})

test('a client may send to itself', () => {
  const bench = new ServerBench()
  const toAnn = allocate(bench, ann)
  bench.codeOf(Method.createPermission, (message) => message.add(XorPeerAddress, toAnn))
  bench.codeOf(Method.channelBind, bind(0x4000, toAnn))
  bench.deliver(channelData(0x4000, text('echo')))
  expect(bench.toClients).toEqual([{ listener: 0, client: ann, bytes: channelData(0x4000, text('echo')) }])
})
