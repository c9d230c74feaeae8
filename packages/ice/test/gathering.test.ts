import { describe, expect, test } from '@jest/globals'

import { introduce, isCompleted, isConnected, Peer } from './support/peer.ts'
import { World } from './support/world.ts'

const summary = (peer: Peer) =>
  peer.agent.localCandidates.map(({ type, foundation, priority }) => ({ type, foundation, priority }))

describe('gathering, RFC 8445 §5.1.1', () => {
  test('host, server-reflexive and relayed candidates, each with the fragment', () => {
    const world = new World()
    const nat = world.nat('port-restricted')
    const a = world.peer({ role: 'controlling', uses: 'both', nat })
    a.gather()
    expect(a.agent.gatheringState).toBe('gathering')
    expect(world.run(() => a.agent.gatheringState === 'complete')).toBe(true)
    expect(summary(a)).toEqual([
      { type: 'host', foundation: '1', priority: 2_130_706_431 },
      { type: 'srflx', foundation: '2', priority: 1_694_498_815 },
      { type: 'relay', foundation: '3', priority: 50_331_647 },
    ])
    const [host, srflx, relay] = a.agent.localCandidates
    expect(srflx).toMatchObject({
      address: nat.address,
      relatedAddress: host!.address,
      relatedPort: host!.port,
    })
    expect(relay).toMatchObject({ address: '198.51.100.1', relatedAddress: nat.address })
    const { usernameFragment } = a.agent.localCredentials
    expect(a.agent.localCandidates.every((c) => c.usernameFragment === usernameFragment)).toBe(true)
    expect(a.candidates.at(-1)).toBeNull()
  })

  test('without a NAT the reflexive candidate is redundant', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'stun' })
    a.gather()
    expect(world.run(() => a.agent.gatheringState === 'complete')).toBe(true)
    expect(a.candidates.map((candidate) => candidate?.type)).toEqual(['host', undefined])
  })

  test('without sockets or servers it is complete at once', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling' })
    a.agent.gather(world.sim.now, [])
    expect(a.agent.gatheringState).toBe('complete')
    expect(a.candidates).toEqual([null])
  })

  test('several sockets: every priority differs, foundations tell bases apart', () => {
    const world = new World()
    const nat = world.nat('symmetric')
    const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => world.network.host(address, { nat }))
    const { stun, turn } = world.servers
    const a = new Peer(world.sim, { role: 'controlling', hosts, servers: [stun, turn] })
    a.gather()
    expect(world.run(() => a.agent.gatheringState === 'complete')).toBe(true)
    const all = summary(a)
    expect(all).toHaveLength(9)
    expect(new Set(all.map(({ priority }) => priority)).size).toBe(9)
    // The relayed ones have one relay's address as their base, and one server.
    expect(new Set(all.map(({ foundation }) => foundation)).size).toBe(7)
    expect(a.agent.localCandidates[0]!.priority).toBeGreaterThan(a.agent.localCandidates[1]!.priority)
  })

  test('a loopback socket asks no server elsewhere, and pairs with loopback alone', () => {
    const world = new World()
    const hosts = ['127.0.0.1', '198.51.100.50'].map((address) => world.network.host(address))
    const a = new Peer(world.sim, {
      role: 'controlling',
      hosts: hosts.slice(0, 1),
      servers: [world.servers.stun],
    })
    a.gather()
    expect(a.agent.gatheringState).toBe('complete')
    const candidate = { ...a.agent.localCandidates[0]!, usernameFragment: 'peer' }
    a.agent.addRemoteCandidate(world.sim.now, { ...candidate, address: '198.51.100.50' })
    expect(a.agent.pairs).toEqual([])
    a.agent.addRemoteCandidate(world.sim.now, { ...candidate, address: '127.0.0.1', port: 5_000 })
    expect(a.agent.pairs).toHaveLength(1)
  })

  test('dual stack: servers and candidates of the other family are not for a socket', () => {
    const world = new World()
    const hosts = ['2001:db8::1', '198.51.100.11', 'fe80::1'].map((address) => world.network.host(address))
    const a = new Peer(world.sim, { role: 'controlling', hosts, servers: [world.servers.stun] })
    a.gather()
    world.sim.advance(200)
    expect(a.agent.gatheringState).toBe('complete')
    const candidate = { ...a.agent.localCandidates[0]!, usernameFragment: 'peer' }
    for (const [foundation, address] of ['2001:DB8:0::2', '198.51.100.12', 'fe80::2'].entries())
      a.agent.addRemoteCandidate(world.sim.now, { ...candidate, foundation: `${foundation}`, address })
    expect(a.agent.pairs.map(({ local, remote }) => [local.address, remote.address])).toEqual([
      ['2001:db8::1', '2001:DB8:0::2'],
      ['198.51.100.11', '198.51.100.12'],
      ['fe80::1', 'fe80::2'],
    ])
  })

  test('transactions start Ta apart', () => {
    const world = new World()
    const hosts = [1, 2, 3, 4, 5].map((i) => world.network.host(`198.51.100.${10 + i}`))
    const a = new Peer(world.sim, { role: 'controlling', hosts, servers: [world.servers.stun] })
    const times: number[] = []
    for (const host of hosts)
      host.link.intercept(() => {
        times.push(world.sim.now)
        return 'pass'
      })
    a.gather()
    world.sim.advance(400)
    expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual([50, 50, 50, 50])
  })

  test('a server that does not answer is reported with 701, and does not hold up the rest', () => {
    const world = new World()
    const dead = { family: 'IPv4', address: '198.51.100.99', port: 3478 } as const
    const a = new Peer(world.sim, {
      role: 'controlling',
      hosts: [world.network.host('198.51.100.11')],
      servers: [
        { kind: 'stun', address: dead, url: 'stun:dead' },
        { kind: 'turn', address: dead, username: 'u', password: 'p', url: 'turn:dead' },
        world.servers.turn,
      ],
    })
    a.gather()
    world.sim.advance(1_000)
    expect(a.candidates.map((candidate) => candidate?.type)).toEqual(['host', 'relay'])
    expect(world.run(() => a.agent.gatheringState === 'complete', 11_000)).toBe(true)
    expect(a.errors.map(({ code, url }) => [code, url])).toEqual(
      expect.arrayContaining([
        [701, 'stun:dead'],
        [701, 'turn:dead'],
      ]),
    )
    expect(a.candidates.at(-1)).toBeNull()
  })

  test('wrong TURN credentials are reported with the server’s code', () => {
    const world = new World({ turn: { authenticate: () => null } })
    const a = world.peer({ role: 'controlling', uses: 'turn' })
    a.gather()
    expect(world.run(() => a.agent.gatheringState === 'complete', 5_000)).toBe(true)
    expect(a.errors).toMatchObject([{ code: 401, url: 'turn:198.51.100.1' }])
  })

  test('a peer that the TURN server refuses to relay to: 403', () => {
    const world = new World({ turn: { allowPeer: () => false } })
    const a = world.peer({ role: 'controlling', uses: 'turn', policy: 'relay' })
    const b = world.peer({ role: 'controlled' })
    introduce(world.sim, a, b)
    expect(world.run(() => a.agent.state === 'failed', 60_000)).toBe(true)
    expect(a.failures).toEqual(['403'])
  })

  test('bindings stay open until they are used: an answer that comes after ten minutes', () => {
    const world = new World()
    const nat = () => world.nat('port-restricted', { mappingLifetime: 30_000 })
    const a = world.peer({ role: 'controlling', uses: 'stun', nat: nat() })
    const b = world.peer({ role: 'controlled', uses: 'stun', nat: nat() })
    a.gather()
    b.gather()
    world.sim.advance(600_000)
    for (const [to, from] of [
      [a, b],
      [b, a],
    ] as const) {
      to.agent.setRemoteCredentials(world.sim.now, from.agent.localCredentials)
      for (const candidate of from.agent.localCandidates)
        to.agent.addRemoteCandidate(world.sim.now, candidate)
      to.agent.addRemoteCandidate(world.sim.now, null)
    }
    expect(world.run(() => isConnected(a, b), 5_000)).toBe(true)
    expect([a.local, a.remote]).toEqual(['srflx', 'srflx'])
  })

  test('allocations that the selected pair does not need are given back', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'both' })
    const b = world.peer({ role: 'controlled', uses: 'both' })
    introduce(world.sim, a, b)
    expect(world.run(() => isCompleted(a, b))).toBe(true)
    expect(world.turn.allocations).toHaveLength(2)
    // RFC 8445 §8.3.1: three seconds later, for the peer may still be at work.
    world.sim.advance(2_900)
    expect(world.turn.allocations).toHaveLength(2)
    world.sim.advance(1_100)
    expect(world.turn.allocations).toHaveLength(0)
    expect([...a.failures, ...b.failures]).toEqual([])
    a.send('still')
    world.sim.advance(100)
    expect(b.received).toEqual(['still'])
  })

  test.each([2_999, 3_000, 3_005, 3_015, 3_025, 3_100])(
    'a restart %i ms after completion, while they are being given back, has relayed candidates again',
    (delay) => {
      const world = new World()
      const a = world.peer({ role: 'controlling', uses: 'both' })
      const b = world.peer({ role: 'controlled', uses: 'both' })
      introduce(world.sim, a, b)
      expect(world.run(() => isCompleted(a, b))).toBe(true)
      world.sim.advance(delay)
      for (const { agent } of [a, b]) agent.restart(world.sim.now)
      introduce(world.sim, a, b)
      expect(world.run(() => isCompleted(a, b))).toBe(true)
      for (const { agent } of [a, b])
        expect(agent.localCandidates.map(({ type }) => type)).toEqual(['host', 'relay'])
      expect(a.errors).toEqual([])
    },
  )

  test('those that it needs are kept, and given back by close()', () => {
    const world = new World()
    const options = { uses: 'both', nat: 'symmetric' } as const
    const a = world.peer({ role: 'controlling', ...options })
    const b = world.peer({ role: 'controlled', ...options })
    introduce(world.sim, a, b)
    expect(world.run(() => isCompleted(a, b), 40_000)).toBe(true)
    world.sim.advance(3_600_000 / 4)
    a.send('after a quarter of an hour')
    world.sim.advance(100)
    expect(b.received).toEqual(['after a quarter of an hour'])
    expect(world.turn.allocations.length).toBeGreaterThan(0)
    for (const { agent } of [a, b]) agent.close(world.sim.now)
    expect(world.run(() => a.isReleased && b.isReleased, 5_000)).toBe(true)
    expect(world.turn.allocations).toHaveLength(0)
    expect([a.agent.nextTimeout, b.agent.nextTimeout]).toEqual([Infinity, Infinity])
  })

  test('servers may be named later', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', nat: 'port-restricted' })
    const sockets = a.sockets.map(({ local }, id) => ({ id, address: local }))
    a.agent.gather(world.sim.now, sockets, { awaitsServers: true })
    world.sim.advance(500)
    expect(a.agent.gatheringState).toBe('gathering')
    expect(a.candidates).toHaveLength(1)
    a.agent.setServers(world.sim.now, [world.servers.stun])
    expect(world.run(() => a.agent.gatheringState === 'complete', 1_000)).toBe(true)
    expect(a.candidates.map((candidate) => candidate?.type)).toEqual(['host', 'srflx', undefined])
  })

  test('gathering twice finds nothing twice', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'both', nat: 'port-restricted' })
    for (let i = 0; i < 2; i++) {
      a.agent.gather(
        world.sim.now,
        a.sockets.map(({ local }, id) => ({ id, address: local })),
        { awaitsServers: true },
      )
      a.agent.setServers(world.sim.now, [world.servers.stun, world.servers.turn])
      expect(world.run(() => a.agent.gatheringState === 'complete')).toBe(true)
    }
    expect(a.agent.localCandidates.map(({ type }) => type)).toEqual(['host', 'srflx', 'relay'])
  })

  test('a lost allocation fails its pairs; a restart gets a new one', () => {
    const world = new World()
    const options = { uses: 'turn', policy: 'relay' } as const
    const a = world.peer({ role: 'controlling', ...options })
    const b = world.peer({ role: 'controlled' })
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    world.turn.close()
    world.network.intercept(() => 'drop')
    expect(world.run(() => a.agent.state === 'failed', 60_000)).toBe(true)
    expect(a.send('nothing')).toBe(false)
  })
})
