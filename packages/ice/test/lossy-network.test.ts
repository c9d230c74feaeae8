import { describe, expect, test } from '@jest/globals'

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
      const sends = setInterval(world, () => {
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

  test('the same seed gives the same trace', () => {
    const traces = [7, 7, 8].map((seed) => connect(seed)?.world.sim.trace)
    expect(traces[0]).toBe(traces[1])
    expect(traces[0]).not.toBe(traces[2])
  })
})

/** Calls `action` every 100 ms of virtual time. */
function setInterval(world: World, action: () => void): { stop(): void } {
  let isRunning = true
  const tick = (): void => {
    if (!isRunning) return
    action()
    world.sim.after(100, tick)
  }
  tick()
  return { stop: () => (isRunning = false) }
}
