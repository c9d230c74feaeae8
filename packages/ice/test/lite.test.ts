import { describe, expect, test } from '@jest/globals'

import { pairPriority } from '../src/index.ts'
import { introduce, isCompleted, isConnected } from './support/peer.ts'
import { scripted } from './support/scripted-world.ts'
import { World } from './support/world.ts'

describe('a lite agent, RFC 8445 §2.5', () => {
  test.each(['controlling', 'controlled'] as const)('a full agent that starts %s connects to it', (role) => {
    const world = new World()
    const full = world.peer({ role, nat: 'symmetric', uses: 'both' })
    const lite = world.peer({ role: 'controlling', lite: true, uses: 'both' })
    introduce(world.sim, full, lite)
    full.agent.setRemoteCredentials(world.sim.now, lite.agent.localCredentials, { isLite: true })
    expect(world.run(() => isCompleted(full, lite))).toBe(true)
    expect([full.agent.role, lite.agent.role]).toEqual(['controlling', 'controlled'])
    expect(lite.agent.stats.requestsSent).toBe(0)
    expect(lite.candidates.map((candidate) => candidate?.type)).toEqual(['host', undefined])
    lite.send('from the server')
    full.send('from the client')
    world.sim.advance(1_000)
    expect([full.received, lite.received]).toEqual([['from the server'], ['from the client']])
    // The full agent's consent checks are what the lite one's consent stands on.
    world.sim.advance(120_000)
    expect([full.agent.state, lite.agent.state]).toEqual(['completed', 'completed'])
    full.agent.close(world.sim.now)
    world.sim.advance(10_000)
    expect(lite.agent.state).toBe('disconnected')
    expect(lite.send('anybody there?')).toBe(true)
    world.sim.advance(30_000)
    expect(lite.agent.state).toBe('failed')
    expect(lite.send('anybody there?')).toBe(false)
  })

  test('the conflict with a full agent that does not know: the full one gives way', () => {
    const world = new World()
    const full = world.peer({ role: 'controlled' })
    const lite = world.peer({ role: 'controlled', lite: true })
    introduce(world.sim, full, lite)
    expect(world.run(() => isConnected(full, lite))).toBe(true)
    expect(full.agent.role).toBe('controlling')
  })

  test('a full agent leads as soon as it knows, and its pairs have the priorities of that role', () => {
    const { world, agent, script } = scripted('controlled')
    agent.agent.addRemoteCandidate(world.sim.now, { ...script.candidate, priority: 100 })
    const [local] = agent.agent.localCandidates
    expect(agent.agent.pairs[0]?.priority).toBe(pairPriority(100, local!.priority))
    agent.agent.setRemoteCredentials(world.sim.now, script.credentials, { isLite: true })
    expect(agent.agent.role).toBe('controlling')
    expect(agent.agent.pairs[0]?.priority).toBe(pairPriority(local!.priority, 100))
  })

  test('two lite agents never send anything, and fail', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', lite: true })
    const b = world.peer({ role: 'controlled', lite: true })
    introduce(world.sim, a, b)
    expect(world.run(() => a.agent.state === 'failed' && b.agent.state === 'failed', 30_000)).toBe(true)
    expect(a.agent.stats.requestsSent + b.agent.stats.requestsSent).toBe(0)
  })

  test('nothing is sent to who has not nominated, and strangers get nowhere', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled', { lite: true })
    signal()
    script.send(to, script.request({ controlling: 1n }))
    other.send(to, other.request({ controlling: 1n, password: 'x'.repeat(24) }))
    world.sim.advance(1_000)
    expect(script.responses).toHaveLength(1)
    expect(agent.send('too early')).toBe(false)
    script.send(to, script.request({ controlling: 1n, nominate: true }))
    world.sim.advance(1_000)
    expect(agent.send('now')).toBe(true)
    world.sim.advance(1_000)
    expect([script.data, other.data]).toEqual([['now'], []])
    expect(agent.agent.stats.requestsSent).toBe(0)
  })

  test('the application may refuse what is nominated', () => {
    const { world, agent, script, to, signal } = scripted('controlled', {
      lite: true,
      hooks: { acceptPair: () => false },
    })
    signal()
    script.send(to, script.request({ controlling: 1n, nominate: true }))
    script.send(to, script.request({ controlling: 1n, nominate: true }))
    world.sim.advance(1_000)
    expect(agent.send('no')).toBe(false)
    expect(agent.selected).toEqual([])
  })
})
