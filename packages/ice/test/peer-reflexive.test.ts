import { describe, expect, test } from '@jest/globals'
import { Priority } from '@purertc/stun'

import { candidatePriority, pairPriority } from '../src/index.ts'
import { scripted } from './support/scripted-world.ts'

describe('peer-reflexive candidates', () => {
  test('PRIORITY says what one of this agent’s would have (RFC 8445 §7.1.1)', () => {
    const { world, script, signal } = scripted('controlling')
    signal()
    world.sim.advance(100)
    const [request] = script.requests
    expect(request?.get(Priority)).toBe(candidatePriority('prflx', 65_535))
  })

  test('one of this agent’s has the priority of its check, and so has its pair (§7.2.5.3)', () => {
    const { world, agent, script, signal } = scripted('controlling')
    script.respond = (request, from) => script.success(request, { ...from, port: 7_777 })
    signal()
    world.sim.advance(100)
    const [pair] = agent.agent.pairs
    expect(pair?.local).toMatchObject({
      ...{ type: 'prflx', port: 7_777, priority: candidatePriority('prflx', 65_535) },
      relatedPort: agent.sockets[0]?.local.port,
    })
    expect(pair?.priority).toBe(pairPriority(pair!.local.priority, script.candidate.priority))
    // Not the host candidate's: §5.1.1.3.
    expect(pair?.local.foundation).not.toBe(agent.agent.localCandidates[0]?.foundation)
    expect(agent.agent.localCandidates.map(({ type }) => type)).toEqual(['host'])
  })

  test('one of the peer’s has the priority that its check tells, and a foundation of its own (§7.3.1.3)', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    signal()
    const username = `${agent.agent.localCredentials.usernameFragment}:script`
    script.send(to, script.request({ priority: 12_345 }))
    other.send(to, other.request({ priority: 12_345, username }))
    world.sim.advance(100)
    const [known, learned] = agent.agent.pairs
    // What signalling has told counts.
    expect(known?.remote).toMatchObject({ type: 'host', priority: script.candidate.priority })
    expect(learned?.remote).toMatchObject({ type: 'prflx', priority: 12_345, port: other.socket.local.port })
    expect(learned?.remote.foundation).not.toBe(known?.remote.foundation)
    expect(learned?.priority).toBe(pairPriority(12_345, agent.agent.localCandidates[0]!.priority))
  })
})
