import { describe, expect, test } from '@jest/globals'

import type { IceCandidate } from '../src/index.ts'
import { introduce, isConnected, type Peer } from './support/peer.ts'
import { World } from './support/world.ts'

const BAD = { latency: 40, jitter: 30, loss: 0.2, reorder: 0.1, duplicate: 0.1 }

/** One connection over a network that loses one datagram in five; `null` where it did not come about. */
function connect(seed: number): { a: Peer; b: Peer; world: World; took: number } | null {
  const world = new World({ seed, conditions: BAD })
  const kinds = ['full-cone', 'port-restricted', 'symmetric'] as const
  const a = world.peer({ role: 'controlling', uses: 'both', nat: kinds[seed % 3]! })
  const b = world.peer({ role: 'controlled', uses: 'both', nat: kinds[Math.floor(seed / 3) % 3]! })
  const start = world.sim.now
  introduce(world.sim, a, b)
  const isThere = world.run(() => isConnected(a, b) && a.agent.activePair === a.agent.selectedPair, 60_000)
  return isThere ? { a, b, world, took: world.sim.now - start } : null
}

describe('20 % loss, jitter, reordering and duplicates', () => {
  test('100 seeds connect and carry data', () => {
    const times: number[] = []
    for (let seed = 0; seed < 100; seed++) {
      const connection = connect(seed)
      if (connection === null) throw new Error(`seed ${seed} does not connect`)
      const { a, b, world, took } = connection
      times.push(took)
      const hasAll = () => a.received.includes('to a') && b.received.includes('to b')
      const sends = setInterval(world, 100, () => {
        a.send('to b')
        b.send('to a')
      })
      expect(world.run(hasAll, 20_000)).toBe(true)
      // Both come to talk over the same path, however often the loss makes one of them move.
      const isSamePath = (): boolean =>
        a.agent.selectedPair?.remote.address === b.agent.selectedPair?.local.address
      expect(world.run(isSamePath, 30_000)).toBe(true)
      sends.stop()
    }
    times.sort((x, y) => x - y)
    expect(times[50]).toBeLessThan(3_000)
    expect(times[99]).toBeLessThan(30_000)
  })

  test('1,000 seeds, idle or with data: nobody fails, and both ends soon mean the same pair', () => {
    const apart: number[] = []
    for (let seed = 0; seed < 1_000; seed++) {
      const connection = connect(seed)
      if (connection === null) throw new Error(`seed ${seed} does not connect`)
      const { a, b, world } = connection
      let since = world.sim.now
      let longest = 0
      const ticks = setInterval(world, 500, () => {
        if (meansSamePair(a, b)) since = world.sim.now
        longest = Math.max(longest, world.sim.now - since)
        if (seed % 2 === 0) for (const peer of [a, b]) peer.send('data')
      })
      world.sim.advance(40_000)
      ticks.stop()
      apart.push(longest)
      expect([seed, a.agent.state, b.agent.state]).not.toContain('failed')
      // Four of five arrive, whichever way they take.
      if (seed % 2 === 0)
        for (const { received } of [a, b]) expect(received.length).toBeGreaterThan(0.65 * 80)
    }
    apart.sort((x, y) => x - y)
    expect(apart[990]).toBeLessThan(2_000)
    // A check may take as long, and one that nominates may have its answers lost.
    expect(apart[999]).toBeLessThan(17_500)
  })

  test('the same seed gives the same trace', () => {
    const traces = [7, 7, 8].map((seed) => connect(seed)?.world.sim.trace)
    expect(traces[0]).toBe(traces[1])
    expect(traces[0]).not.toBe(traces[2])
  })
})

/** Whether what one end has selected is what the other has. */
function meansSamePair(a: Peer, b: Peer): boolean {
  const [ours, theirs] = [a.agent.selectedPair, b.agent.selectedPair]
  if (ours === null || theirs === null) return ours === theirs
  const isSame = (x: IceCandidate, y: IceCandidate): boolean => x.address === y.address && x.port === y.port
  return isSame(ours.local, theirs.remote) && isSame(ours.remote, theirs.local)
}

/** Calls `action` every `interval` ms of virtual time. */
function setInterval(world: World, interval: number, action: () => void): { stop(): void } {
  let isRunning = true
  const tick = (): void => {
    if (!isRunning) return
    action()
    world.sim.after(interval, tick)
  }
  tick()
  return { stop: () => (isRunning = false) }
}
