import { expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { ChannelNumber, Method, RequestedTransport, XorPeerAddress } from '@purertc/stun'

import { TurnClient, TurnServer } from '../src/index.ts'
import { channelData } from './client-bench.ts'
import { ann, peer, ServerBench } from './server-bench.ts'

const now = Millis(1_000_000)
const payload = new Uint8Array(1_200).fill(7)
const framed = channelData(0x4000, payload)

/** Median of short runs, so that one in which the collector ran does not count. */
function heapBytesPer(action: () => void): number {
  const runs: number[] = []
  for (let i = 0; i < 20_000; i++) action()
  for (let run = 0; run < 21; run++) {
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 500; i++) action()
    runs.push((process.memoryUsage().heapUsed - before) / 500)
  }
  return runs.sort((a, b) => a - b)[10] ?? Infinity
}

/** A server and a client joined without a network, with a channel to {@link peer}. */
function joined(): { client: TurnClient; server: TurnServer; seen: { toPeer: number; toClient: number } } {
  const seen = { toPeer: 0, toClient: 0 }
  const server: TurnServer = new TurnServer(
    { crypto: nodeCrypto, realm: 'example.org', authenticate: () => 'secret' },
    {
      transmit: (_listener, _client, bytes) => void client.handleDatagram(now, bytes),
      relay: (_relay, _peer, bytes) => (seen.toPeer += bytes.length),
      openRelay: (relay, family, port) =>
        server.relayOpened(now, relay, { family, address: '198.51.100.1', port }),
      closeRelay: () => {},
    },
  )
  const client: TurnClient = new TurnClient(
    { crypto: nodeCrypto, server: ann, username: 'ann', password: 'secret' },
    {
      transmit: (bytes) => server.handleDatagram(now, 0, ann, bytes),
      allocated: () => {},
      received: (_now, _peer, bytes) => (seen.toClient += bytes.length),
      failed: () => {},
      closed: () => {},
    },
  )
  client.allocate(now)
  client.bindChannel(now, peer)
  return { client, server, seen }
}

test('machines that answer within the call work too', () => {
  const { client, server, seen } = joined()
  expect(client.state).toBe('allocated')
  client.send(now, peer, payload)
  server.relayReceived(now, 1, peer, payload)
  expect(seen).toEqual({ toPeer: 1_200, toClient: 1_200 })
  expect(server.allocations[0]?.toPeers.datagrams).toBe(1)
})

test('a datagram through client and server costs a few small views in either direction', () => {
  const { client, server, seen } = joined()
  expect(heapBytesPer(() => client.send(now, peer, payload))).toBeLessThan(256)
  expect(heapBytesPer(() => server.relayReceived(now, 1, peer, payload))).toBeLessThan(256)
  expect(seen.toPeer).toBe(seen.toClient)
})

test('a datagram that is dropped costs nothing to speak of', () => {
  const bench = new ServerBench()
  bench.codeOf(Method.allocate, (m) => m.add(RequestedTransport, 17))
  bench.codeOf(Method.channelBind, (m) => m.add(ChannelNumber, 0x4001).add(XorPeerAddress, peer))
  expect(heapBytesPer(() => bench.deliver(framed))).toBeLessThan(64)
  expect(heapBytesPer(() => bench.server.relayReceived(bench.now, 1, ann, payload))).toBeLessThan(64)
})
