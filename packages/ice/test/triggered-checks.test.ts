import { describe, expect, test } from '@jest/globals'

import type { ScriptedPeer } from './support/scripted-peer.ts'
import { scripted } from './support/scripted-world.ts'

/** An agent that has forty other candidates to check, all of them better, at which nobody is. */
function busy() {
  const scene = scripted('controlled')
  const { world, agent, script, signal } = scene
  signal()
  for (let i = 1; i <= 40; i++)
    agent.agent.addRemoteCandidate(world.sim.now, {
      ...script.candidate,
      ...{ foundation: `${i + 1}`, priority: 2_130_706_431, address: `198.51.120.${i}` },
    })
  return scene
}

const worst = ({ candidate }: ScriptedPeer) => ({ ...candidate, foundation: '99', priority: 1 })

describe('triggered checks, RFC 8445 §7.3.1.4', () => {
  test('a pair that waits is checked next', () => {
    const { world, agent, script, other, to } = busy()
    agent.agent.addRemoteCandidate(world.sim.now, worst(other))
    other.respond = (request, from) => other.success(request, from, script.key)
    world.sim.advance(100)
    expect(other.requests).toHaveLength(0)
    const username = `${agent.agent.localCredentials.usernameFragment}:script`
    other.send(to, other.request({ controlling: 1n, username }))
    // Half a round trip there, the rest of Ta, half a round trip back.
    world.sim.advance(10 + 50 + 10)
    expect(other.requests).toHaveLength(1)
    const pair = agent.agent.pairs.find(({ remote }) => remote.address === other.socket.local.address)
    expect(pair).toMatchObject({ state: 'succeeded', remote: { type: 'host' } })
  })

  test('one in progress is checked anew, its first check is sent no more, and an answer to either counts', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    const answers: (() => void)[] = []
    script.respond = (request, from) => {
      const answer = script.success(request.copy(), from)
      answers.push(() => script.send(from, answer))
      return null
    }
    signal()
    world.sim.advance(100)
    expect(script.requests).toHaveLength(1)
    script.send(to, script.request({ controlling: 1n }))
    world.sim.advance(100)
    expect(script.requests).toHaveLength(2)
    const [first, second] = script.requests.map(({ transactionId }) => transactionId.join())
    expect(first).not.toBe(second)
    world.sim.advance(5_000)
    const repeated = script.requests.slice(2).map(({ transactionId }) => transactionId.join())
    expect(new Set(repeated)).toEqual(new Set([second]))
    answers[0]?.()
    world.sim.advance(100)
    expect(agent.agent.pairs.map(({ state }) => state)).toEqual(['succeeded'])
  })

  test('one that failed is checked again, and works', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    const answer = script.respond
    script.respond = () => null
    other.respond = () => null
    signal()
    world.sim.advance(10_000)
    // Something that is still being checked, or the agent would fail.
    agent.agent.addRemoteCandidate(world.sim.now, worst(other))
    expect(world.run(() => agent.failures.length > 0, 10_000)).toBe(true)
    expect(agent.agent.pairs.map(({ state }) => state)).toEqual(['failed', 'in-progress'])
    script.respond = answer
    script.send(to, script.request({ controlling: 1n, nominate: true }))
    world.sim.advance(200)
    expect(agent.agent.selectedPair).toMatchObject({ state: 'succeeded', nominated: true })
  })

  test('one that works is not checked again', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    signal()
    world.sim.advance(100)
    expect(agent.agent.pairs.map(({ state }) => state)).toEqual(['succeeded'])
    const { length } = script.requests
    for (let i = 0; i < 5; i++) script.send(to, script.request({ controlling: 1n }))
    world.sim.advance(1_000)
    expect(script.responses).toHaveLength(5)
    expect(script.requests).toHaveLength(length)
  })
})
