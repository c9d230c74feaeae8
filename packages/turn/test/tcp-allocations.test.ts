import { describe, expect, test } from '@jest/globals'
import {
  ChannelNumber,
  ConnectionId,
  Data,
  DontFragment,
  EvenPort,
  type MessageBuilder,
  MessageBuilder as Builder,
  MessageClass,
  Method,
  RequestedTransport,
  type TransportAddress,
  TransportProtocol,
  XorPeerAddress,
} from '@purertc/stun'

import type { TurnServerConfig } from '../src/index.ts'
import { ann, bob, otherPeer, peer, ServerBench } from './server-bench.ts'

interface Sockets {
  readonly connecting: { connection: number; relay: number; peer: TransportAddress }[]
  readonly closed: number[]
  readonly joined: { connection: number; client: TransportAddress }[]
}

/** Listener 0 is a stream, listener 1 is UDP. */
function stage(config: Partial<TurnServerConfig> = {}): { bench: ServerBench; sockets: Sockets } {
  const sockets: Sockets = { connecting: [], closed: [], joined: [] }
  const bench = new ServerBench(config, {
    isStream: (listener) => listener === 0,
    connectPeer: (connection, relay, to) => sockets.connecting.push({ connection, relay, peer: to }),
    closePeer: (connection) => sockets.closed.push(connection),
    joinPeer: (connection, _listener, client) => sockets.joined.push({ connection, client }),
  })
  return { bench, sockets }
}

const tcp = (message: MessageBuilder): MessageBuilder =>
  message.add(RequestedTransport, TransportProtocol.tcp)
const to =
  (address: TransportAddress) =>
  (message: MessageBuilder): MessageBuilder =>
    message.add(XorPeerAddress, address)

function allocated(config: Partial<TurnServerConfig> = {}): ReturnType<typeof stage> {
  const staged = stage(config)
  expect(staged.bench.codeOf(Method.allocate, tcp)).toBe(0)
  return staged
}

/** The number of a connection that the client asked for and the host has made. */
function connected({ bench, sockets }: ReturnType<typeof stage>, address = peer): number {
  bench.deliver(bench.request(Method.connect, to(address)))
  const { connection } = sockets.connecting.at(-1) ?? { connection: 0 }
  bench.server.peerConnected(bench.now, connection)
  expect(bench.reply().get(ConnectionId)).toBe(connection)
  return connection
}

/** The answer to ConnectionBind from another port of ann's. */
const data: TransportAddress = { ...ann, port: 40_001 }
function bindCode(bench: ServerBench, connection: number, client = data): number {
  return bench.codeOf(Method.connectionBind, (message) => message.add(ConnectionId, connection), client)
}

describe('RFC 6062 §5.1: Allocate', () => {
  test('a stream may have one; the host is asked for a TCP relay', () => {
    const asked: string[] = []
    const bench = new ServerBench(
      {},
      {
        isStream: () => true,
        connectPeer: () => {},
        openRelay: (_relay, family, _port, transport) => asked.push(`${family} ${transport}`),
      },
    )
    bench.deliver(bench.request(Method.allocate, tcp))
    expect(asked).toEqual(['IPv4 tcp'])
  })

  test('400 over UDP and with what is about datagrams, 442 where the host or the operator has none', () => {
    const { bench } = stage()
    bench.deliver(bench.request(Method.allocate, tcp), ann, 1)
    expect(bench.server.answered.get('400')).toBe(1)
    expect(bench.codeOf(Method.allocate, (m) => tcp(m).add(EvenPort, { reserve: false }))).toBe(400)
    expect(new ServerBench().codeOf(Method.allocate, tcp)).toBe(442)
    expect(stage({ tcpAllocations: false }).bench.codeOf(Method.allocate, tcp)).toBe(442)
    expect(bench.codeOf(Method.allocate, (m) => tcp(m).add(DontFragment, true))).toBe(420)
  })

  test('has neither channels nor indications', () => {
    const { bench } = allocated()
    expect(bench.codeOf(Method.createPermission, to(peer))).toBe(0)
    expect(bench.codeOf(Method.channelBind, (m) => to(peer)(m).add(ChannelNumber, 0x4000))).toBe(400)
    const indication = new Builder(Method.send, MessageClass.indication, bench.newTransactionId())
    bench.deliver(to(peer)(indication).add(Data, Uint8Array.of(1)).build())
    expect(bench.toPeers).toEqual([])
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-allocation': 1 })
  })
})

describe('§5.2: Connect', () => {
  test('is answered once the host has connected, and bound by another connection of the same user', () => {
    const staged = allocated()
    const { bench, sockets } = staged
    const connection = connected(staged)
    expect(sockets.connecting).toEqual([{ connection, relay: 1, peer }])
    expect(bindCode(bench, connection)).toBe(0)
    expect(sockets.joined).toEqual([{ connection, client: data }])
    bench.advance(60_000)
    expect(bench.server.load.connections).toBe(1)
    bench.server.peerRelayed(bench.now, connection, 'to-peer', 1_000)
    bench.server.peerRelayed(bench.now, connection, 'to-client', 10)
    expect(bench.server.allocations[0]).toMatchObject({ toPeers: { bytes: 1_000 }, toClient: { bytes: 10 } })
    bench.server.peerEnded(connection)
    expect(bench.server.load.connections).toBe(0)
  })

  test('400 without a peer and in a UDP allocation, 403 for a forbidden peer, 443 for another family', () => {
    const { bench } = allocated()
    expect(bench.codeOf(Method.connect)).toBe(400)
    expect(bench.codeOf(Method.connect, to({ ...peer, port: 0 }))).toBe(400)
    expect(bench.codeOf(Method.connect, to({ ...peer, address: '127.0.0.1' }))).toBe(403)
    expect(bench.codeOf(Method.connect, to({ family: 'IPv6', address: '2001:db8::1', port: 1 }))).toBe(443)
    expect(bench.codeOf(Method.connect, to(peer), bob)).toBe(437)
    bench.allocate(bob)
    expect(bench.codeOf(Method.connect, to(peer), bob)).toBe(400)
  })

  test('446 for a peer that is connected already, 508 for one too many', () => {
    const staged = allocated({ connectionsPerAllocation: 1 })
    connected(staged)
    expect(staged.bench.codeOf(Method.connect, to(peer))).toBe(446)
    expect(staged.bench.codeOf(Method.connect, to(otherPeer))).toBe(508)
  })

  test('447 where the peer refuses, and where it is silent for 30 seconds', () => {
    const { bench, sockets } = allocated()
    bench.deliver(bench.request(Method.connect, to(peer)))
    bench.server.peerEnded(sockets.connecting[0]?.connection ?? 0)
    expect(bench.server.answered.get('447')).toBe(1)
    bench.deliver(bench.request(Method.connect, to(peer)))
    bench.advance(30_000)
    expect(bench.server.answered.get('447')).toBe(2)
    expect(sockets.closed).toEqual([sockets.connecting[1]?.connection])
    expect(bench.server.load.connections).toBe(0)
  })
})

describe('§5.3: a peer connects', () => {
  test('the client is told of a permitted one; others are to be closed', () => {
    const { bench } = allocated()
    expect(bench.server.peerArrived(bench.now, 1, peer)).toBeNull()
    expect(bench.server.peerArrived(bench.now, 99, peer)).toBeNull()
    expect(bench.toClients).toEqual([])
    expect(bench.codeOf(Method.createPermission, to(peer))).toBe(0)
    const connection = bench.server.peerArrived(bench.now, 1, peer) ?? -1
    const attempt = bench.reply()
    expect([attempt.method, attempt.class]).toEqual([Method.connectionAttempt, MessageClass.indication])
    expect([attempt.get(ConnectionId), attempt.get(XorPeerAddress)]).toEqual([connection, peer])
    expect(bindCode(bench, connection)).toBe(0)
  })

  test('one that the client does not bind within 30 seconds is closed', () => {
    const { bench, sockets } = allocated()
    bench.codeOf(Method.createPermission, to(peer))
    const connection = bench.server.peerArrived(bench.now, 1, peer) ?? -1
    bench.advance(29_999)
    expect(sockets.closed).toEqual([])
    bench.advance(1)
    expect(sockets.closed).toEqual([connection])
    expect(bindCode(bench, connection)).toBe(400)
  })
})

describe('§5.4: ConnectionBind', () => {
  test('400 for no number, an unknown one, one that is bound, over UDP, and over a control connection', () => {
    const staged = allocated()
    const { bench } = staged
    expect(bench.codeOf(Method.connectionBind, undefined, data)).toBe(400)
    expect(bindCode(bench, 1234)).toBe(400)
    const connection = connected(staged)
    expect(bindCode(bench, connection, ann)).toBe(400)
    const request = bench.request(Method.connectionBind, (m) => m.add(ConnectionId, connection), data)
    bench.deliver(request, data, 1)
    expect(bench.reply().class).toBe(MessageClass.errorResponse)
    expect(bindCode(bench, connection)).toBe(0)
    expect(bindCode(bench, connection, { ...ann, port: 40_002 })).toBe(400)
  })

  test('441 for another user', () => {
    const staged = allocated()
    const connection = connected(staged)
    expect(bindCode(staged.bench, connection, bob)).toBe(441)
    expect(staged.sockets.joined).toEqual([])
  })
})

test('§5.5: connections end with their allocation', () => {
  for (const end of ['disconnected', 'expired'] as const) {
    const staged = allocated()
    const { bench, sockets } = staged
    const connection = connected(staged)
    expect(bindCode(bench, connection)).toBe(0)
    if (end === 'disconnected') bench.server.disconnected(0, ann)
    else bench.advance(600_000)
    expect(bench.deletions).toEqual([])
    expect(bench.events.at(-1)).toBe(`deleted ann ${end}`)
    expect(sockets.closed).toEqual([connection])
    expect(bench.server.load).toMatchObject({ allocations: 0, ports: 0, connections: 0 })
  }
})

test('a stream beyond the user’s rate waits, and is not cut', () => {
  const staged = allocated({ userLimits: { bytesPerSecond: 1_000 } })
  const connection = connected(staged)
  const { bench } = staged
  expect(bench.server.peerRelayed(bench.now, connection, 'to-peer', 1_000)).toBe(0)
  expect(bench.server.peerRelayed(bench.now, connection, 'to-peer', 500)).toBe(500)
  bench.advance(500)
  expect(bench.server.peerRelayed(bench.now, connection, 'to-peer', 0)).toBe(0)
})
