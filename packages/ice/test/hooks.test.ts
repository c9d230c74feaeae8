import { describe, expect, test } from '@jest/globals'

import type { CandidatePair, ReceivedCheck } from '../src/index.ts'
import { introduce, isCompleted, isConnected, Peer } from './support/peer.ts'
import { World } from './support/world.ts'

/** Two agents, the first with two interfaces, so that there is a second best pair. */
function multihomed(hooksA: ConstructorParameters<typeof Peer>[1]['hooks'] = {}, hooksB: typeof hooksA = {}) {
  const world = new World({ seed: 6 })
  const hosts = ['198.51.100.11', '198.51.100.12'].map((address) => world.network.host(address))
  const a = new Peer(world.sim, { role: 'controlling', hosts, hooks: hooksA })
  const b = world.peer({ role: 'controlled', hooks: hooksB })
  introduce(world.sim, a, b)
  return { world, a, b }
}

describe('the application’s say', () => {
  test('a pair that the controlling side refuses is not nominated; the next best is', () => {
    const asked: string[] = []
    const acceptPair = ({ local }: CandidatePair): boolean => {
      asked.push(local.address)
      return local.address !== '198.51.100.11'
    }
    const { world, a, b } = multihomed({ acceptPair })
    expect(world.run(() => isCompleted(a, b))).toBe(true)
    expect(a.agent.selectedPair?.local.address).toBe('198.51.100.12')
    expect(b.agent.selectedPair?.remote.address).toBe('198.51.100.12')
    expect(asked).toEqual(['198.51.100.11', '198.51.100.12'])
  })

  test('a pair that the controlled side refuses fails at the peer with 403; the next best is nominated', () => {
    const acceptPair = ({ remote }: CandidatePair): boolean => remote.address !== '198.51.100.11'
    const { world, a, b } = multihomed({}, { acceptPair })
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(a.failures).toEqual(['403'])
    expect(a.agent.selectedPair?.local.address).toBe('198.51.100.12')
    expect(b.agent.selectedPair?.remote.address).toBe('198.51.100.12')
    world.sim.advance(100)
    a.send('over the second')
    world.sim.advance(100)
    expect(b.received).toEqual(['over the second'])
  })

  test('when all pairs are refused the agent fails', () => {
    const { world, a, b } = multihomed({ acceptPair: () => false })
    expect(world.run(() => a.agent.state === 'failed', 60_000)).toBe(true)
    expect(a.selected).toEqual([])
    expect(b.selected).toEqual([])
  })

  test('refused local candidates are neither signalled nor used', () => {
    const { world, a, b } = multihomed({ acceptLocalCandidate: ({ address }) => address !== '198.51.100.11' })
    expect(world.run(() => isCompleted(a, b))).toBe(true)
    expect(a.candidates.map((candidate) => candidate?.address)).toEqual(['198.51.100.12', undefined])
    expect(a.agent.pairs.map(({ local }) => local.address)).toEqual(['198.51.100.12'])
  })

  test('refused remote candidates are not checked', () => {
    const { world, a, b } = multihomed(
      {},
      { acceptRemoteCandidate: ({ address }) => address !== '198.51.100.11' },
    )
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(b.agent.discarded.get('refused-candidate')).toBe(1)
  })

  test('refused checks are not answered', () => {
    const seen: ReceivedCheck[] = []
    const acceptCheck = (check: ReceivedCheck): boolean => {
      seen.push(check)
      return check.from.address !== '198.51.100.11'
    }
    const { world, a, b } = multihomed(
      {},
      { acceptCheck, acceptRemoteCandidate: ({ address }) => address !== '198.51.100.11' },
    )
    expect(world.run(() => isConnected(a, b), 40_000)).toBe(true)
    expect(b.agent.selectedPair?.remote.address).toBe('198.51.100.12')
    expect(seen.some(({ from, isNominating }) => isNominating && from.address === '198.51.100.12')).toBe(true)
    expect(seen.every(({ to }) => to.address === b.sockets[0]!.local.address)).toBe(true)
  })

  test.each([
    'candidateGathered',
    'stateChanged',
    'pairSelected',
    'received',
    'gatheringStateChanged',
  ] as const)('close() within %s is safe', (event) => {
    const world = new World()
    const b = world.peer({ role: 'controlled', uses: 'both' })
    const a: Peer = world.peer({
      role: 'controlling',
      uses: 'both',
      hooks: { [event]: () => a.agent.close(world.sim.now) },
    })
    introduce(world.sim, a, b)
    const tick = (): void => {
      b.send('data')
      if (a.agent.state !== 'closed') world.sim.after(100, tick)
    }
    tick()
    world.sim.advance(40_000)
    expect(a.agent.state).toBe('closed')
    expect(a.agent.nextTimeout).toBe(Infinity)
    expect(world.turn.allocations.length).toBeLessThanOrEqual(1)
  })

  test('a callback that throws passes to the caller and breaks nothing', () => {
    let throws = 1
    const world = new World()
    const a = world.peer({
      role: 'controlling',
      hooks: {
        candidateGathered: () => {
          if (throws-- > 0) throw new Error('application')
        },
      },
    })
    const b = world.peer({ role: 'controlled' })
    expect(() => introduce(world.sim, a, b)).toThrow('application')
    b.gather()
    a.agent.addRemoteCandidate(world.sim.now, b.agent.localCandidates[0]!)
    expect(world.run(() => isConnected(a, b))).toBe(true)
  })
})
