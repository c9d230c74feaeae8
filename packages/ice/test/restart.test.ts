import { describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/stun'

import { IceError } from '../src/index.ts'
import { introduce, isCompleted, isConnected, type Peer } from './support/peer.ts'
import { scripted } from './support/scripted-world.ts'
import { World } from './support/world.ts'

function connected(uses: 'stun' | 'turn' | 'both' = 'both') {
  const world = new World({ seed: 3 })
  const a = world.peer({ role: 'controlling', uses, nat: 'port-restricted' })
  const b = world.peer({ role: 'controlled', uses, nat: 'port-restricted' })
  introduce(world.sim, a, b)
  expect(world.run(() => isConnected(a, b))).toBe(true)
  return { world, a, b }
}

function restart(world: World, ...peers: Peer[]): void {
  for (const { agent } of peers) agent.restart(world.sim.now)
}

describe('restart, RFC 8445 §9', () => {
  test('data flows over the old pair until the new session has one', () => {
    const { world, a, b } = connected()
    const old = { ...a.agent.localCredentials }
    const oldPair = a.agent.activePair
    let sent = 0
    let isRunning = true
    const tick = (): void => {
      if (!isRunning) return
      expect(a.send(`${sent++}`)).toBe(true)
      world.sim.after(10, tick)
    }
    tick()
    restart(world, a, b)
    expect(a.agent.localCredentials.usernameFragment).not.toBe(old.usernameFragment)
    expect(a.agent.selectedPair).toBeNull()
    expect(a.agent.activePair).toBe(oldPair)
    world.sim.advance(500)
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(a.agent.activePair).not.toBe(oldPair)
    world.sim.advance(500)
    isRunning = false
    world.sim.advance(100)
    expect(b.received).toHaveLength(sent)
    expect(a.states).not.toContain('disconnected')
  })

  test('candidates of the old session are stale, and gathering starts over', () => {
    const { world, a, b } = connected()
    const old = b.agent.localCandidates[0]!
    const before = a.candidates.length
    restart(world, a, b)
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(a.candidates.length).toBeGreaterThan(before)
    a.agent.addRemoteCandidate(world.sim.now, old)
    expect(a.agent.discarded.get('stale-candidate')).toBe(1)
  })

  test('allocations are kept, not asked for again', () => {
    const { world, a, b } = connected('turn')
    const relays = world.turn.allocations.map(({ relayed }) => relayed.port)
    restart(world, a, b)
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(world.turn.allocations.map(({ relayed }) => relayed.port)).toEqual(relays)
  })

  test('a relay that fell silent is asked for anew; what it was selected for is over at once', () => {
    const world = new World({ seed: 3 })
    const [a, b] = (['controlling', 'controlled'] as const).map((role) =>
      world.peer({ role, uses: 'turn', nat: 'symmetric', policy: 'relay' }),
    )
    if (a === undefined || b === undefined) throw new Error('there are two peers')
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    world.network.intercept(() => 'drop')
    world.sim.advance(10_000)
    expect(a.agent.activePair).not.toBeNull()
    restart(world, a, b)
    expect([a.agent.activePair, a.agent.state]).toEqual([null, 'disconnected'])
    // Past the end of the old pair's consent.
    world.sim.advance(40_000)
    world.restartTurn()
    world.network.intercept(null)
    restart(world, a, b)
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
  })

  test('roles may be handed out anew', () => {
    const { world, a, b } = connected()
    a.agent.restart(world.sim.now, 'controlled')
    b.agent.restart(world.sim.now, 'controlling')
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect([a.agent.role, b.agent.role]).toEqual(['controlled', 'controlling'])
  })

  test('a failed connection can be restarted', () => {
    const { world, a, b } = connected()
    const blocked = (): 'drop' => 'drop'
    world.network.intercept(blocked)
    expect(world.run(() => a.agent.state === 'failed' && b.agent.state === 'failed', 60_000)).toBe(true)
    world.network.intercept(null)
    restart(world, a, b)
    expect(a.agent.state).toBe('new')
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
  })

  test('ten restarts in a row', () => {
    const { world, a, b } = connected()
    for (let i = 0; i < 10; i++) {
      restart(world, a, b)
      introduce(world.sim, a, b)
      if (i % 2 === 0) world.sim.advance(40 + 40 * i)
      else expect(world.run(() => isConnected(a, b))).toBe(true)
    }
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(world.run(() => isCompleted(a, b))).toBe(true)
  })

  test('new remote credentials without a restart are a misuse; the same ones are none', () => {
    const { world, a, b } = connected()
    a.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    const other = { usernameFragment: 'other', password: 'p'.repeat(22) }
    expect(() => a.agent.setRemoteCredentials(world.sim.now, other)).toThrow(IceError)
    expect(() => a.agent.setRemoteCredentials(world.sim.now, other)).toThrow(
      expect.objectContaining({ code: 'restart-needed' }),
    )
  })

  test('a check between one end’s new fragment and the other’s old one is of no session, and refused', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    signal()
    script.send(to, script.request({ controlling: 1n, nominate: true }))
    expect(world.run(() => agent.agent.selectedPair !== null, 1_000)).toBe(true)
    const { usernameFragment: old } = agent.agent.localCredentials
    const ask = (fragment: string): number | undefined => {
      script.send(to, script.request({ username: `${old}:${fragment}`, controlling: 1n, nominate: true }))
      world.sim.advance(100)
      return script.responses.at(-1)?.get(ErrorCode)?.code
    }
    // Before the peer's offer has come, and while this agent's answer is on its way.
    expect(ask('anew')).toBe(401)
    agent.agent.restart(world.sim.now)
    agent.gather()
    agent.agent.setRemoteCredentials(world.sim.now, { usernameFragment: 'anew', password: 'x'.repeat(22) })
    expect(ask('anew')).toBe(401)
    // The old session goes on until the new one has a pair.
    expect(ask(script.credentials.usernameFragment)).toBeUndefined()
    expect(agent.agent.discarded.get('unknown-username')).toBe(2)
  })
})
