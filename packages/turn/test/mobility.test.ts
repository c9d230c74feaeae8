import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  ChannelNumber,
  Lifetime,
  type MessageBuilder,
  Method,
  MobilityTicket,
  RequestedTransport,
  type StunMessage,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { channelData } from './client-bench.ts'
import { ann, bob, peer, ServerBench } from './server-bench.ts'

const elsewhere: TransportAddress = { ...ann, address: '198.51.100.77' }
const mobile = (message: MessageBuilder): MessageBuilder =>
  message.add(RequestedTransport, 17).add(MobilityTicket, new Uint8Array(0))
const showing =
  (ticket: Uint8Array) =>
  (message: MessageBuilder): MessageBuilder =>
    message.add(MobilityTicket, ticket)

function ticketOf(answer: StunMessage): Uint8Array {
  return Uint8Array.from(answer.get(MobilityTicket) ?? [])
}

/** A mobile allocation with a channel, and its ticket. */
function stage(): { bench: ServerBench; ticket: Uint8Array } {
  const bench = new ServerBench()
  const ticket = ticketOf(bench.ask(Method.allocate, mobile))
  expect(ticket).toHaveLength(16)
  bench.codeOf(Method.channelBind, (m) => m.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer))
  return { bench, ticket }
}

/** Where data from the peer goes. */
function heardAt(bench: ServerBench): TransportAddress | undefined {
  bench.server.relayReceived(bench.now, 1, peer, Uint8Array.of(1))
  return bench.toClients.pop()?.client
}

test('a ticket has no zero in it: coturn’s client takes it for text that ends there', () => {
  const randomFill = (into: Uint8Array): void => void into.fill(0)
  const bench = new ServerBench({ crypto: { ...nodeCrypto, randomFill } })
  expect(ticketOf(bench.ask(Method.allocate, mobile))).toEqual(new Uint8Array(16).fill(1))
})

describe('RFC 8016: a client with another address', () => {
  test('keeps its allocation; what is for it goes to the former address until data comes from the new one', () => {
    const { bench, ticket } = stage()
    const answer = bench.ask(Method.refresh, showing(ticket), elsewhere)
    expect(answer.get(Lifetime)).toBe(600)
    expect(ticketOf(answer)).not.toEqual(ticket)
    expect(heardAt(bench)).toEqual(ann)
    bench.deliver(channelData(0x4000, Uint8Array.of(2)), ann)
    expect(bench.toPeers).toHaveLength(1)
    bench.deliver(channelData(0x4000, Uint8Array.of(3)), elsewhere)
    expect(bench.toPeers).toHaveLength(2)
    expect(heardAt(bench)).toEqual(elsewhere)
    bench.deliver(channelData(0x4000, Uint8Array.of(4)), ann)
    expect(bench.server.discarded.snapshot()).toEqual({ 'no-allocation': 1 })
    expect(bench.server.allocations).toMatchObject([{ client: elsewhere }])
  })

  test('a request from the new address settles the move as well', () => {
    const { bench, ticket } = stage()
    bench.ask(Method.refresh, showing(ticket), elsewhere)
    expect(bench.codeOf(Method.createPermission, (m) => m.add(XorPeerAddress, peer), elsewhere)).toBe(0)
    expect(heardAt(bench)).toEqual(elsewhere)
  })

  test('whose answer was lost shows the same ticket again, and is given the same new one', () => {
    const { bench, ticket } = stage()
    const first = ticketOf(bench.ask(Method.refresh, showing(ticket), elsewhere))
    expect(ticketOf(bench.ask(Method.refresh, showing(ticket), elsewhere))).toEqual(first)
    const third = { ...elsewhere, port: 9 }
    const second = ticketOf(bench.ask(Method.refresh, showing(first), third))
    expect(second).not.toEqual(first)
    bench.deliver(channelData(0x4000, Uint8Array.of(3)), third)
    expect(heardAt(bench)).toEqual(third)
    expect(bench.codeOf(Method.refresh, showing(ticket), elsewhere)).toBe(400)
    expect(bench.codeOf(Method.refresh, showing(first), elsewhere)).toBe(400)
    expect(bench.codeOf(Method.refresh, showing(second), elsewhere)).toBe(0)
  })

  test('may come back, and may end the allocation from elsewhere', () => {
    const { bench, ticket } = stage()
    const next = ticketOf(bench.ask(Method.refresh, showing(ticket), elsewhere))
    expect(bench.codeOf(Method.refresh, showing(next), ann)).toBe(0)
    expect(heardAt(bench)).toEqual(ann)
    const last = ticketOf(bench.ask(Method.refresh, showing(next), ann))
    expect(bench.codeOf(Method.refresh, (m) => showing(last)(m).add(Lifetime, 0), elsewhere)).toBe(0)
    expect(bench.events.at(-1)).toBe('deleted ann released')
    expect(bench.server.load).toMatchObject({ allocations: 0, ports: 0, users: 0 })
    expect(bench.codeOf(Method.refresh, undefined, ann)).toBe(437)
    expect(bench.codeOf(Method.refresh, undefined, elsewhere)).toBe(437)
  })

  test('441 with somebody else’s ticket, 400 with one that is none, 437 where there is another allocation', () => {
    const { bench, ticket } = stage()
    expect(bench.codeOf(Method.refresh, showing(ticket), bob)).toBe(441)
    expect(bench.codeOf(Method.refresh, showing(new Uint8Array(16)), elsewhere)).toBe(400)
    bench.allocate(elsewhere)
    expect(bench.codeOf(Method.refresh, showing(ticket), elsewhere)).toBe(437)
    expect(heardAt(bench)).toEqual(ann)
  })

  test('keeps its allocation over the loss of a connection', () => {
    const { bench, ticket } = stage()
    bench.server.disconnected(0, ann)
    expect(bench.server.load.allocations).toBe(1)
    expect(bench.codeOf(Method.refresh, showing(ticket), elsewhere)).toBe(0)
  })

  test('all of it ends with the allocation, a move that is under way included', () => {
    const { bench, ticket } = stage()
    bench.ask(Method.refresh, showing(ticket), elsewhere)
    bench.advance(600_000)
    expect(bench.server.load).toMatchObject({ allocations: 0, ports: 0, users: 0 })
    expect(bench.codeOf(Method.refresh, showing(ticket), elsewhere)).toBe(400)
    bench.allocate(elsewhere).allocate(ann)
  })
})

test('§3.1: 400 for a ticket in Allocate, 405 where the operator does not want it, none for those who did not ask', () => {
  const bench = new ServerBench()
  const full = (m: MessageBuilder): MessageBuilder =>
    m.add(RequestedTransport, 17).add(MobilityTicket, Uint8Array.of(1))
  expect(bench.codeOf(Method.allocate, full)).toBe(400)
  expect(new ServerBench({ mobility: false }).codeOf(Method.allocate, mobile)).toBe(405)
  expect(bench.ask(Method.allocate, (m) => m.add(RequestedTransport, 17)).has(MobilityTicket)).toBe(false)
})
