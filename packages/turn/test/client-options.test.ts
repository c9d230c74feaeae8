import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { describe, expect, jest, test } from '@jest/globals'
import {
  Data,
  EvenPort,
  Icmp,
  Lifetime,
  MessageBuilder,
  MessageClass,
  Method,
  RequestedAddressFamily,
  ReservationToken,
  StunMessage,
  type TransportAddress,
  transportAddress,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { stopClock } from '../../bytes/test/support/still-clock.ts'
import { TurnError } from '../src/index.ts'
import { createTurnClient, createTurnServer, type TurnListener } from '../src/node/index.ts'
import { ClientBench, clientAddress, peer } from './client-bench.ts'
import { ann, peer as serverPeer, ServerBench } from './server-bench.ts'

const token = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const at = (port: number): TransportAddress => transportAddress('198.51.100.1', port)

function answered(bench: ClientBench, relayed: TransportAddress, reservation?: Uint8Array): StunMessage {
  bench.client.allocate(bench.now)
  bench.challenge(bench.take())
  const request = bench.take()
  const answer = MessageBuilder.success(request)
    .add(XorRelayedAddress, relayed)
    .add(XorMappedAddress, clientAddress)
    .add(Lifetime, 600)
    .addIf(ReservationToken, reservation)
  bench.deliverSigned(answer)
  return request
}

describe('RFC 8656 §7.1: EVEN-PORT and RESERVATION-TOKEN', () => {
  test.each([
    ['any', undefined],
    ['even', { reserve: false }],
    ['pair', { reserve: true }],
  ] as const)('%s', (port, value) => {
    const bench = new ClientBench({ port })
    const request = answered(bench, at(50_000), port === 'pair' ? token : undefined)
    expect(request.get(EvenPort)).toEqual(value)
    expect(bench.client.state).toBe('allocated')
    expect(bench.client.reservationToken).toEqual(port === 'pair' ? token : null)
    bench.client.close(bench.now)
    expect(bench.client.reservationToken).toBeNull()
  })

  test('an odd port where an even one was asked for is given back', () => {
    for (const port of ['even', 'pair'] as const) {
      const bench = new ClientBench({ port })
      answered(bench, at(50_001))
      expect(bench.error?.code).toBe('malformed')
      expect(bench.take().method).toBe(Method.refresh)
    }
  })

  test('a token goes alone, and brings its own family', () => {
    const bench = new ClientBench({ reservationToken: token })
    const request = answered(bench, transportAddress('2001:db8::1', 50_001))
    expect(request.get(ReservationToken)).toEqual(token)
    expect(request.has(EvenPort) || request.has(RequestedAddressFamily)).toBe(false)
    expect(bench.client.state).toBe('allocated')
    for (const config of [
      { reservationToken: token.subarray(1) },
      { reservationToken: token, port: 'even' as const },
      { reservationToken: token, family: 'IPv6' as const },
    ])
      expect(() => new ClientBench(config)).toThrow(TurnError)
  })

  test('over sockets: two clients get neighbouring ports, a stranger and a late one get 508', async () => {
    const server = await createTurnServer({
      listen: [{ address: '127.0.0.1', port: 0 }],
      realm: 'example.org',
      authenticate: { ann: 'secret', bob: 'hidden' },
    })
    const uri = `turn:127.0.0.1:${server.addresses[0]?.port ?? 0}`
    const first = await createTurnClient({ server: uri, username: 'ann', password: 'secret', port: 'pair' })
    const reservationToken = first.reservationToken ?? new Uint8Array(8)
    const stranger = { server: uri, username: 'bob', password: 'hidden', reservationToken }
    await expect(createTurnClient(stranger)).rejects.toMatchObject({ code: 508 })
    const own = { ...stranger, username: 'ann', password: 'secret' }
    const second = await createTurnClient(own)
    expect(second.relayedAddress?.port).toBe((first.relayedAddress?.port ?? 0) + 1)
    await expect(createTurnClient(own)).rejects.toMatchObject({ code: 508 })
    await Promise.all([first.close(), second.close()])
    await server.close()
  })
})

describe('RFC 8656 §11.5: ICMP', () => {
  const unreachable = { type: 3, code: 4, data: 1_280 }

  test('is told to the client, of peers that it asked for', () => {
    const bench = new ClientBench().allocate().permit()
    bench.deliver(bench.indication().add(XorPeerAddress, peer).add(Icmp, unreachable))
    expect(bench.events).toContain('icmp 198.51.100.9:7000 3 4 1280')
    const stranger = transportAddress('198.51.100.77', 1)
    bench.deliver(bench.indication().add(XorPeerAddress, stranger).add(Icmp, unreachable))
    bench.deliver(bench.indication().add(Icmp, unreachable))
    bench.deliver(bench.indication().add(XorPeerAddress, peer))
    expect(bench.events.filter((event) => event.startsWith('icmp'))).toHaveLength(1)
    expect(bench.client.discarded.snapshot()).toEqual({ 'no-permission': 1, malformed: 2 })
    expect(bench.received).toEqual([])
  })

  test('is passed on by a server whose host hears of it, without DATA, for permitted peers and useful types', () => {
    const bench = new ServerBench().allocate()
    bench.codeOf(Method.createPermission, (m) => m.add(XorPeerAddress, serverPeer))
    bench.toClients.length = 0
    bench.server.icmpReceived(bench.now, 1, serverPeer, unreachable)
    const sent = bench.toClients.pop()
    const message = sent === undefined ? null : StunMessage.decode(sent.bytes)
    expect([message?.method, message?.class]).toEqual([Method.data, MessageClass.indication])
    expect(message?.get(Icmp)).toEqual(unreachable)
    expect(message?.get(XorPeerAddress)).toEqual(serverPeer)
    expect(message?.has(Data)).toBe(false)
    bench.server.icmpReceived(bench.now, 1, serverPeer, { ...unreachable, type: 5 })
    bench.server.icmpReceived(bench.now, 1, ann, unreachable)
    bench.server.icmpReceived(bench.now, 2, serverPeer, unreachable)
    expect(bench.toClients).toEqual([])
  })
})

describe('RFC 8656 §7.4: 437', () => {
  /** A server that sees every client come from port 1000, but those after the first `confused` from others. */
  async function confusedServer(
    confused: number,
  ): Promise<{ uri: string; ports: Set<number>; close: () => Promise<void> }> {
    const server = await createTurnServer({
      listen: [{ address: '127.0.0.1', port: 0 }],
      realm: 'example.org',
      authenticate: { ann: 'secret' },
    })
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const ports: number[] = []
    const listener: TurnListener = {
      local: { ...transportAddress('127.0.0.1', socket.address().port), transport: 'udp' },
      start: (host) =>
        socket.on('message', (bytes, from) => {
          if (!ports.includes(from.port)) ports.push(from.port)
          const index = ports.indexOf(from.port)
          seen.add(from.port)
          alias = index <= confused ? 1_000 : 1_000 + index
          back.set(alias, from.port)
          host.received(transportAddress('127.0.0.1', alias), bytes)
        }),
      send: (client, bytes) => socket.send(bytes.slice(), back.get(client.port) ?? 9, '127.0.0.1'),
      close: async () => {
        socket.close()
        await once(socket, 'close')
      },
    }
    const seen = new Set<number>()
    const back = new Map<number, number>()
    let alias = 1_000
    server.attach(listener)
    const uri = `turn:127.0.0.1:${socket.address().port}`
    return { uri, ports: seen, close: () => server.close() }
  }

  const user = { username: 'ann', password: 'secret' }

  test('is answered from another local port', async () => {
    stopClock()
    const server = await confusedServer(2)
    const first = await createTurnClient({ server: server.uri, ...user })
    const attempts: number[] = []
    const second = await createTurnClient({
      server: server.uri,
      ...user,
      tryAnotherPort: (attempt) => attempts.push(attempt) > 0,
    })
    expect(attempts).toEqual([1, 2])
    expect(second.relayedAddress).not.toBeNull()
    expect(server.ports.size).toBe(4)
    await second.close()
    // The answer goes to another client's port: this one gives up.
    const closing = first.close()
    jest.advanceTimersByTime(2_000)
    await closing
    await server.close()
  })

  test('has the last word where the application says so, and after three more ports', async () => {
    stopClock()
    const server = await confusedServer(Infinity)
    const first = await createTurnClient({ server: server.uri, ...user })
    const options = { server: server.uri, ...user, tryAnotherPort: () => false }
    await expect(createTurnClient(options)).rejects.toMatchObject({ code: 437 })
    expect(server.ports.size).toBe(2)
    await expect(createTurnClient({ server: server.uri, ...user })).rejects.toMatchObject({ code: 437 })
    expect(server.ports.size).toBe(6)
    const closing = first.close()
    jest.advanceTimersByTime(2_000)
    await closing
    await server.close()
  })
})
