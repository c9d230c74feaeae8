import { describe, expect, test } from '@jest/globals'
import {
  EvenPort,
  MessageBuilder,
  Method,
  RequestedAddressFamily,
  ReservationToken,
  type StunMessage,
  transportAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { bob, NOTHING, ServerBench, udp } from './server-bench.ts'

describe('EVEN-PORT and RESERVATION-TOKEN', () => {
  const even = (reserve: boolean) => (message: MessageBuilder) => udp(message).add(EvenPort, { reserve })
  const withToken = (answer: StunMessage) => (message: MessageBuilder) =>
    udp(message).addIf(ReservationToken, answer.get(ReservationToken))
  const narrow = { portRange: { min: 50_001, max: 50_005 } }

  test('an even port; with R the next one is kept for the token', () => {
    const bench = new ServerBench(narrow)
    const answer = bench.ask(Method.allocate, even(true))
    const port = answer.get(XorRelayedAddress)?.port ?? 0
    expect([50_002, 50_004]).toContain(port)
    expect(bench.server.load.ports).toBe(2)
    const second = transportAddress('198.51.100.7', 40_001)
    expect(bench.codeOf(Method.allocate, withToken(answer), bob)).toBe(508)
    expect(bench.ask(Method.allocate, withToken(answer), second).get(XorRelayedAddress)?.port).toBe(port + 1)
    expect(bench.codeOf(Method.allocate, withToken(answer), bob, { username: 'ann' })).toBe(508)
    expect(bench.server.load).toEqual({
      allocations: 2,
      opening: 0,
      users: 1,
      ports: 2,
      waiting: 0,
      connections: 0,
    })
  })

  test('without R nothing is kept, and 508 comes when no even port is left', () => {
    const bench = new ServerBench(narrow)
    const clients = [1, 2, 3].map((port) => transportAddress('198.51.100.7', port))
    expect(clients.map((client) => bench.codeOf(Method.allocate, even(false), client))).toEqual([0, 0, 508])
    expect(bench.server.load.ports).toBe(2)
  })

  test('what nobody claims within 30 s is free again', () => {
    const bench = new ServerBench({ portRange: { min: 50_000, max: 50_001 } })
    const answer = bench.ask(Method.allocate, even(true))
    const second = transportAddress('198.51.100.7', 40_001)
    expect(bench.codeOf(Method.allocate, udp, second)).toBe(508)
    bench.advance(30_000)
    expect(bench.server.load.ports).toBe(1)
    expect(bench.codeOf(Method.allocate, withToken(answer), second)).toBe(508)
    expect(bench.codeOf(Method.allocate, udp, second)).toBe(0)
  })

  test('a pair whose first port fails takes another pair, and leaves nothing behind', () => {
    const bench = new ServerBench()
    bench.opensRelays = false
    bench.deliver(bench.request(Method.allocate, even(true)))
    bench.server.relayFailed(bench.now, 1)
    expect(bench.server.load.ports).toBe(2)
    for (let i = 0; i < 7; i++) bench.server.relayFailed(bench.now, 1)
    expect(bench.server.load).toEqual(NOTHING)
    expect(bench.server.nextTimeout).toBe(Infinity)
  })

  test('400 for a token with EVEN-PORT or a family, 508 for one that was never given', () => {
    const bench = new ServerBench()
    const token = (m: MessageBuilder): MessageBuilder => udp(m).add(ReservationToken, new Uint8Array(8))
    expect(bench.codeOf(Method.allocate, (m) => token(m).add(EvenPort, { reserve: false }))).toBe(400)
    expect(bench.codeOf(Method.allocate, (m) => token(m).add(RequestedAddressFamily, 'IPv4'))).toBe(400)
    expect(bench.codeOf(Method.allocate, token)).toBe(508)
  })
})
