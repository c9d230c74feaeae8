import { describe, expect, test } from '@jest/globals'

import { introduce, isConnected, Peer } from './support/peer.ts'
import { World } from './support/world.ts'

/** `a` is on the worse of `b`'s two addresses, for the better one was not to be reached. */
function onTheWorseOne(renomination: boolean) {
  const world = new World()
  const better = '198.51.102.11'
  const hosts = [better, '198.51.102.12'].map((address) => world.network.host(address))
  const a = world.peer({ role: 'controlling', renomination })
  const b = new Peer(world.sim, { role: 'controlled', renomination, hosts })
  world.network.intercept(({ from, to }) =>
    from.address === better || to.address === better ? 'drop' : 'pass',
  )
  introduce(world.sim, a, b)
  return { world, a, b }
}

describe('renomination', () => {
  test.each([
    [true, '198.51.102.11'],
    [false, '198.51.102.12'],
  ])('%s: a pair that works later is moved to, or not', (renomination, expected) => {
    const { world, a, b } = onTheWorseOne(renomination)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(a.agent.selectedPair?.remote.address).toBe('198.51.102.12')
    world.network.intercept(null)
    world.sim.advance(30_000)
    expect(a.agent.selectedPair?.remote.address).toBe(expected)
    expect(b.agent.selectedPair?.local.address).toBe(expected)
    a.send('over it')
    world.sim.advance(1_000)
    expect(b.received).toEqual(['over it'])
  })
})

describe('interfaces that come and go', () => {
  test('a new one is gathered on, the old one is removed: the pair moves, and gathering never ends', () => {
    const world = new World()
    const a = new Peer(world.sim, {
      role: 'controlling',
      continualGathering: true,
      hosts: ['198.51.102.11', '198.51.102.12'].map((address) => world.network.host(address)),
    })
    const b = world.peer({ role: 'controlled', continualGathering: true })
    const [first, second] = a.sockets.map(({ local }, id) => ({ id, address: local }))
    if (first === undefined || second === undefined) throw new Error('there are two sockets')
    a.gather = () => a.agent.gather(world.sim.now, [first])
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    world.sim.advance(5_000)
    expect(a.agent.gatheringState).toBe('gathering')
    expect(a.candidates).not.toContain(null)
    a.agent.gather(world.sim.now, [second])
    world.sim.advance(1_000)
    expect(a.candidates.map((candidate) => candidate?.address)).toEqual(['198.51.102.11', '198.51.102.12'])
    a.agent.removeSocket(world.sim.now, first.id)
    expect(a.failures).toContain('interface-lost')
    expect(world.run(() => a.agent.selectedPair?.local.address === '198.51.102.12', 5_000)).toBe(true)
    a.send('from elsewhere')
    world.sim.advance(1_000)
    expect(b.received).toEqual(['from elsewhere'])
    expect(a.agent.state).toMatch(/connected|completed/)
    world.sim.advance(60_000)
    expect(b.agent.selectedPair?.remote.address).toBe('198.51.102.12')
    expect(b.states).not.toContain('failed')
  })
})

describe('names of mDNS', () => {
  const NAME = '0a1b2c3d-0000-4000-8000-000000000000.local'

  test('are resolved once, and the end of candidates waits for it', () => {
    const world = new World()
    const asked: string[] = []
    const b = world.peer({ role: 'controlled' })
    const a = world.peer({ role: 'controlling', hooks: { resolveName: (name) => void asked.push(name) } })
    introduce(world.sim, a, b)
    const { signal } = b
    b.signal = (candidate) => signal(candidate && { ...candidate, address: NAME })
    world.network.intercept(({ from }) => (from.address === b.sockets[0]?.local.address ? 'drop' : 'pass'))
    world.sim.advance(2_000)
    const [host] = b.agent.localCandidates
    if (host === undefined) throw new Error('b has a candidate')
    for (const port of [host.port, host.port + 1])
      a.agent.addRemoteCandidate(world.sim.now, { ...host, address: NAME, port })
    a.agent.addRemoteCandidate(world.sim.now, null)
    expect(asked).toEqual([NAME])
    world.network.intercept(null)
    a.agent.nameResolved(world.sim.now, NAME, [host.address])
    expect(world.run(() => isConnected(a, b))).toBe(true)
  })

  test('an end of candidates that was told counts when the last name is resolved', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', hooks: { resolveName: () => undefined } })
    const b = world.peer({ role: 'controlled' })
    for (const peer of [a, b]) peer.gather()
    const { now } = world.sim
    b.agent.addRemoteCandidate(now, a.agent.localCandidates[0]!)
    b.agent.setRemoteCredentials(now, a.agent.localCredentials)
    a.agent.setRemoteCredentials(now, b.agent.localCredentials)
    a.agent.addRemoteCandidate(now, b.agent.localCandidates[0]!)
    a.agent.addRemoteCandidate(now, { ...b.agent.localCandidates[0]!, address: NAME })
    a.agent.addRemoteCandidate(now, null)
    world.sim.advance(5_000)
    expect(a.agent.state).toBe('connected')
    a.agent.nameResolved(world.sim.now, NAME, [])
    expect(a.agent.state).toBe('completed')
  })

  test('unknown ones are counted, and ten thousand are few questions', () => {
    const world = new World()
    const asked: string[] = []
    const a = world.peer({ role: 'controlling', hooks: { resolveName: (name) => void asked.push(name) } })
    a.gather()
    const [own] = a.agent.localCandidates
    if (own === undefined) throw new Error('a has a candidate')
    for (let i = 0; i < 10_000; i++)
      a.agent.addRemoteCandidate(world.sim.now, { ...own, address: `${i}.local` })
    expect(asked).toHaveLength(32)
    expect(a.agent.discarded.get('too-many-candidates')).toBe(10_000 - 32)
    a.agent.nameResolved(world.sim.now, '0.local', [])
    a.agent.nameResolved(world.sim.now, 'never-asked.local', ['198.51.100.9'])
    expect(a.agent.discarded.get('unresolved-candidate')).toBe(1)
    expect(a.agent.pairs).toEqual([])
  })
})

test('a static 1:1 NAT: the public address is a candidate with the socket’s port, and a hidden host tells no address', () => {
  const world = new World()
  const a = world.peer({ role: 'controlling' })
  const local = a.sockets[0]?.local
  if (local === undefined) throw new Error('a has a socket')
  const mapped = [{ family: 'IPv4', address: '198.51.100.99', port: local.port } as const]
  a.agent.gather(world.sim.now, [{ id: 0, address: local, name: 'hidden.local', mapped }])
  expect(a.agent.localCandidates).toEqual([
    expect.objectContaining({ type: 'host', address: 'hidden.local', port: local.port }),
    expect.objectContaining({
      ...{ type: 'srflx', address: '198.51.100.99', port: local.port },
      ...{ relatedAddress: '0.0.0.0', relatedPort: 9 },
    }),
  ])
})
