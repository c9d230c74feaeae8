import { describe, expect, test } from '@jest/globals'
import {
  MessageBuilder,
  MessageClass,
  Method,
  StatusCode,
  StunMessage,
  type TransportAddress,
  XorMappedAddress,
} from '@purertc/stun'

import { type Base, type LocalCandidate, SocketBase } from '../src/base.ts'
import { Foundations } from '../src/foundation.ts'
import { GatheredCandidates } from '../src/gathered-candidates.ts'
import type { IceServerAddress } from '../src/index.ts'
import { address, Peer } from './support/peer.ts'
import { World } from './support/world.ts'

/** A STUN server on a host of its own. What it was asked, and what it answers. */
function stunServer(world: World, where: string, answer?: (from: TransportAddress) => TransportAddress) {
  const asked: { readonly at: number; readonly from: TransportAddress; readonly message: StunMessage }[] = []
  const socket = world.network.host(where).bind({
    port: 3478,
    received: (now, from, bytes) => {
      const message = StunMessage.decode(bytes)?.copy()
      if (message === undefined) return
      asked.push({ at: now, from, message })
      if (message.class !== MessageClass.request) return
      const full = MessageBuilder.error(message, StatusCode.allocationQuotaReached)
      const seen = MessageBuilder.success(message).add(XorMappedAddress, answer?.(from) ?? from)
      socket.send(from, (message.method === Method.allocate ? full : seen).finish())
    },
  })
  const server: IceServerAddress = { kind: 'stun', address: socket.local, url: `stun:${where}` }
  return { server, asked, socket }
}

const isComplete = (peer: Peer): boolean => peer.agent.gatheringState === 'complete'

describe('any number of servers', () => {
  test('40 STUN servers are all asked, and behind a symmetric NAT give as many candidates, no two of one priority', () => {
    const world = new World()
    const nat = world.nat('symmetric')
    const hosts = ['10.0.0.1', '10.0.0.2'].map((where) => world.network.host(where, { nat }))
    const servers = Array.from({ length: 40 }, (_, i) => stunServer(world, `198.51.110.${i + 1}`))
    const { turn } = world.servers
    const a = new Peer(world.sim, {
      role: 'controlling',
      hosts,
      servers: [turn, ...servers.map(({ server }) => server)],
    })
    a.gather()
    expect(world.run(() => isComplete(a), 10_000)).toBe(true)
    const { localCandidates } = a.agent
    const srflx = localCandidates.filter(({ type }) => type === 'srflx')
    // The TURN server tells of a mapping of its own.
    expect(srflx).toHaveLength(2 * 41)
    expect(new Set(localCandidates.map(({ priority }) => priority)).size).toBe(localCandidates.length)
    for (const { priority } of srflx) expect(priority >>> 24).toBe(100)
    const best = srflx.reduce((one, other) => (one.priority > other.priority ? one : other))
    expect(best).toMatchObject({ relatedAddress: '10.0.0.1', url: 'stun:198.51.110.1' })
    // By server: each of one base has a foundation of its own (RFC 8445 §5.1.1.3).
    expect(new Set(srflx.map(({ foundation }) => foundation)).size).toBe(2 * 41)
  })

  test('two mappings of one socket differ in priority, too', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling' })
    const local = a.sockets[0]!.local
    const mapped = [address('198.51.100.98', local.port), address('198.51.100.99', local.port)]
    a.agent.gather(world.sim.now, [{ id: 0, address: local, mapped }])
    const [, first, second] = a.agent.localCandidates
    expect([first?.type, second?.type]).toEqual(['srflx', 'srflx'])
    expect(first!.priority - second!.priority).toBe(256)
  })

  test('a TURN server that has no room for another allocation still tells the address', () => {
    const world = new World()
    const { server, asked } = stunServer(world, '198.51.110.1')
    const a = world.peer({
      role: 'controlling',
      nat: 'port-restricted',
      servers: [{ ...server, kind: 'turn', username: 'u', password: 'p' }],
    })
    a.gather()
    expect(world.run(() => isComplete(a), 5_000)).toBe(true)
    expect(a.candidates.map((candidate) => candidate?.type)).toEqual(['host', 'srflx', undefined])
    expect(a.errors).toMatchObject([{ code: 486, url: 'stun:198.51.110.1' }])
    expect(asked.map(({ message }) => message.method)).toEqual([Method.allocate, Method.binding])
  })

  test('with policy relay it is not asked', () => {
    const world = new World()
    const { server, asked } = stunServer(world, '198.51.110.1')
    const a = world.peer({
      role: 'controlling',
      policy: 'relay',
      servers: [{ ...server, kind: 'turn', username: 'u', password: 'p' }],
    })
    a.gather()
    expect(world.run(() => isComplete(a), 5_000)).toBe(true)
    expect(a.candidates).toEqual([null])
    expect(asked.map(({ message }) => message.method)).toEqual([Method.allocate])
  })

  test('an answer from elsewhere than was asked is none', () => {
    const world = new World()
    const { server, asked } = stunServer(world, '198.51.110.1')
    const forger = world.network.host('198.51.110.2').bind({ received: () => {} })
    const a = world.peer({
      role: 'controlling',
      servers: [server],
    })
    world.network.intercept(({ from }) => (from.address === '198.51.110.1' ? 'drop' : 'pass'))
    a.gather()
    world.sim.advance(100)
    const { message, from } = asked[0]!
    forger.send(
      from,
      MessageBuilder.success(message).add(XorMappedAddress, address('203.0.113.1', 1)).finish(),
    )
    expect(world.run(() => isComplete(a), 11_000)).toBe(true)
    expect(a.agent.localCandidates.map(({ type }) => type)).toEqual(['host'])
    expect(a.errors).toMatchObject([{ code: 701 }])
  })

  test('bindings are kept by asking again every 15 s, until they are given up (RFC 8445 §5.1.1.4)', () => {
    const world = new World()
    let port = 5_000
    // Another mapping each time: what a later answer says is no news.
    const { server, asked } = stunServer(world, '198.51.110.1', (from) => ({ ...from, port: port++ }))
    const a = world.peer({
      role: 'controlling',
      nat: 'port-restricted',
      servers: [server],
    })
    a.gather()
    world.sim.advance(100_000)
    const times = asked.map(({ at }) => at)
    expect(times).toHaveLength(7)
    for (const gap of times.slice(2).map((at, i) => at - times[i + 1]!)) expect(gap).toBe(15_000)
    expect(new Set(asked.map(({ from }) => from.port)).size).toBe(1)
    const ids = asked.map(({ message }) => message.transactionId.join())
    expect(new Set(ids).size).toBe(asked.length)
    expect(asked.every(({ message }) => message.class === MessageClass.request)).toBe(true)
    expect(a.agent.localCandidates.map(({ type }) => type)).toEqual(['host', 'srflx'])
    expect([a.errors, a.agent.discarded.snapshot()]).toEqual([[], {}])
    a.agent.restart(world.sim.now)
    world.sim.advance(60_000)
    expect(asked).toHaveLength(7)
  })

  test('a server that falls silent later is no error, and is asked on', () => {
    const world = new World()
    const { server, asked, socket } = stunServer(world, '198.51.110.1')
    const a = world.peer({
      role: 'controlling',
      nat: 'port-restricted',
      servers: [server],
    })
    a.gather()
    world.sim.advance(1_000)
    socket.close()
    const before = a.agent.nextTimeout
    world.sim.advance(60_000)
    expect(asked).toHaveLength(1)
    expect(a.errors).toEqual([])
    expect(a.agent.nextTimeout).toBeGreaterThan(before)
    expect(a.agent.nextTimeout).toBeLessThan(Infinity)
  })
})

test('a relayed candidate at a host candidate’s address is discarded (RFC 8445 §5.1.1.2)', () => {
  const gathered = new GatheredCandidates(new Foundations())
  const origin = { related: undefined, server: null, serverIndex: 0 } as const
  const host = new SocketBase({ id: 0, address: address('198.51.110.1', 4_000) }, 0, () => {})
  const relayAt = (port: number): Base => ({
    address: address('198.51.110.1', port),
    preference: 65_535,
    isRelay: true,
    tcpType: undefined,
    send: () => {},
    favour: () => {},
  })
  const add = (base: Base, type: 'host' | 'relay'): LocalCandidate | null =>
    gathered.add({ ...origin, base, type, address: base.address })
  expect(add(host, 'host')).not.toBeNull()
  expect(add(relayAt(4_000), 'relay')).toBeNull()
  expect(add(relayAt(4_001), 'relay')).not.toBeNull()
  gathered.removeBase(host)
  expect(add(relayAt(4_000), 'relay')).not.toBeNull()
})
