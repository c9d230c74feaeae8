import { describe, expect, test } from '@jest/globals'

import { scripted } from './support/scripted-world.ts'

/** When each transmission of the first candidate's check arrives, beside `others` that are checked, too. */
function transmissionsOf(others: number): number[] {
  const { world, agent, script, signal } = scripted('controlling')
  const times: number[] = []
  let first: string | undefined
  script.respond = ({ transactionId }) => {
    first ??= transactionId.join()
    if (transactionId.join() === first) times.push(world.sim.now)
    return null
  }
  for (let i = 1; i <= others; i++)
    agent.agent.addRemoteCandidate(world.sim.now, {
      ...script.candidate,
      ...{ foundation: `${i + 1}`, priority: 1_000 + i, address: `198.51.120.${i}` },
    })
  signal()
  world.sim.advance(60_000)
  expect(agent.agent.state).toBe('failed')
  return times.slice(1).map((time, i) => time - times[i]!)
}

describe('retransmissions of checks, RFC 8445 §14.3', () => {
  test.each([
    // RTO = max(500, Ta × checks that wait or are in progress), and each wait doubles.
    [0, [500, 1_000, 2_000, 4_000]],
    [5, [500, 1_000, 2_000, 4_000]],
    [15, [800, 1_600, 3_200]],
    // An upper limit of ours.
    [99, [1_500, 3_000]],
  ])('beside %i others', (others, expected) => {
    const gaps = transmissionsOf(others)
    expect(gaps.slice(0, expected.length)).toEqual(expected)
    // All of them, and the wait for the last answer, end within the 17.5 s that a check may take.
    expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeLessThan(17_500)
  })
})

test('what was sent again tells no round-trip time (Karn’s algorithm)', () => {
  for (const lost of [0, 1]) {
    const { world, agent, script, signal } = scripted('controlled')
    let requests = 0
    script.respond = (request, from) => (requests++ < lost ? null : script.success(request, from))
    signal()
    world.sim.advance(1_000)
    expect(agent.agent.pairs[0]).toMatchObject({
      state: 'succeeded',
      roundTripTime: lost === 0 ? 20 : undefined,
    })
  }
})

test('an agent that still gathers does not fail: something better may be found', () => {
  const { world, agent, script } = scripted('controlling', { gatherTimeout: 25_000 })
  const sockets = agent.sockets.map(({ local }, id) => ({ id, address: local }))
  agent.agent.restart(world.sim.now)
  agent.agent.gather(world.sim.now, sockets, { awaitsServers: true })
  script.respond = () => null
  agent.agent.setRemoteCredentials(world.sim.now, script.credentials)
  agent.agent.addRemoteCandidate(world.sim.now, script.candidate)
  world.sim.advance(24_000)
  expect([agent.failures, agent.agent.state]).toEqual([['timeout'], 'checking'])
  world.sim.advance(2_000)
  expect(agent.agent.state).toBe('failed')
})
