import { describe, expect, test } from '@jest/globals'
import { IceControlled, IceControlling, shortTermKey } from '@purertc/stun'

import { isRoutineAnswer } from '../src/routine-messages.ts'
import { asked, idle, type IdleScene } from './support/idle-scene.ts'

describe('answers to this agent’s consent checks', () => {
  const responses = ({ agent }: IdleScene): number => agent.agent.stats.responsesReceived

  test('one that says nothing new is taken once, and no request is like another', () => {
    const scene = idle()
    const ids = new Set<string>()
    const waits: number[] = []
    for (let i = 1; i <= 5; i++) {
      const request = asked(scene)
      ids.add(String(request.transactionId))
      const before = responses(scene)
      const answer = scene.script.success(request, scene.to)
      expect(isRoutineAnswer(answer)).toBe(true)
      expect(scene.takes(answer)).toBe(true)
      expect(scene.takes(answer)).toBe(false)
      expect(responses(scene)).toBe(before + 1)
      waits.push(scene.agent.agent.nextTimeout - scene.world.sim.now)
    }
    expect(ids.size).toBe(5)
    // The agent does not wake up to see whether an answer came, and hardly ever for anything else.
    expect(waits.filter((wait) => wait > 4_000).length).toBeGreaterThanOrEqual(4)
    scene.world.sim.advance(2_000)
    expect(scene.agent.states).not.toContain('disconnected')
  })

  test('a forged one changes nothing, and the true one still counts', () => {
    const scene = idle()
    const request = asked(scene)
    const forged = scene.script.success(request, scene.to, shortTermKey('wrong password of a stranger'))
    const before = responses(scene)
    expect(scene.takes(forged)).toBe(false)
    scene.script.send(scene.to, forged)
    scene.script.send(scene.to, scene.script.success(request, scene.to))
    scene.world.sim.advance(40)
    expect(scene.agent.agent.discarded.get('unauthenticated')).toBe(1)
    expect(responses(scene)).toBe(before + 1)
  })

  test('an error is judged: 487 to a consent check makes the agent give way', () => {
    const scene = idle()
    const request = asked(scene)
    expect(request.has(IceControlled)).toBe(true)
    scene.script.send(scene.to, scene.script.error(request, 487))
    scene.world.sim.advance(40)
    expect(scene.agent.agent.role).toBe('controlling')
    // The next one claims the new role, with another tie-breaker.
    expect(asked(scene).has(IceControlling)).toBe(true)
  })

  test('one from elsewhere is no consent', () => {
    const scene = idle()
    const request = asked(scene)
    const answer = scene.script.success(request, scene.to)
    expect(scene.takes(answer, scene.other)).toBe(false)
    scene.other.send(scene.to, answer)
    expect(scene.world.run(() => scene.agent.agent.state === 'disconnected', 9_000)).toBe(true)
  })

  test('one that takes longer than the next check still counts', () => {
    const scene = idle()
    const first = asked(scene)
    const second = asked(scene)
    expect(second.transactionId).not.toEqual(first.transactionId)
    const before = responses(scene)
    for (const request of [first, second]) {
      scene.script.send(scene.to, scene.script.success(request, scene.to))
      scene.world.sim.advance(40)
    }
    expect(responses(scene)).toBe(before + 2)
    expect(scene.agent.agent.discarded.get('unknown-transaction')).toBe(0)
  })

  test('one to a request from before a change of roles counts once', () => {
    const scene = idle()
    const request = asked(scene)
    scene.script.send(scene.to, scene.script.request({ controlled: 0n }))
    scene.world.sim.advance(40)
    expect(scene.agent.agent.role).toBe('controlling')
    const before = responses(scene)
    const answer = scene.script.success(request, scene.to)
    expect(scene.takes(answer)).toBe(false)
    for (let i = 0; i < 2; i++) scene.script.send(scene.to, answer)
    scene.world.sim.advance(40)
    expect(responses(scene)).toBe(before + 1)
    expect(scene.agent.agent.discarded.get('unknown-transaction')).toBe(1)
  })

  test('one over the pair that was followed before counts', () => {
    const scene = idle()
    const { world, script, other, agent, to } = scene
    const request = asked(scene)
    for (const nominate of [false, true]) {
      other.send(to, other.request({ controlling: 99n, priority: 2_130_706_431, nominate }))
      world.sim.advance(400)
    }
    expect(agent.agent.activePair?.remote.address).toBe(other.socket.local.address)
    expect(scene.takes(other.request({ controlling: 99n }), other)).toBe(true)
    const before = responses(scene)
    script.send(to, script.success(request, to))
    world.sim.advance(40)
    expect(responses(scene)).toBe(before + 1)
    expect(agent.agent.discarded.get('unknown-transaction')).toBe(0)
  })

  test('without any, the agent fails when consent has lasted 30 s', () => {
    const scene = idle()
    asked(scene)
    expect(scene.world.run(() => scene.agent.agent.state === 'failed', 40_000)).toBe(true)
    expect(scene.agent.failures).toContain('consent-expired')
  })
})
