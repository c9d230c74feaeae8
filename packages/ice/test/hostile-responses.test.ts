import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { MessageBuilder, type StunMessage, type TransportAddress, XorMappedAddress } from '@purertc/stun'

import { scripted } from './support/scripted-world.ts'

const WRONG_KEY = new TextEncoder().encode('thisIsNotThePasswordOfThePeer')

describe('responses that must not be believed', () => {
  test('without integrity: the pair does not succeed', () => {
    const { world, agent, script, signal } = scripted('controlling')
    script.respond = (request, from) => MessageBuilder.success(request).add(XorMappedAddress, from).finish()
    signal()
    world.sim.advance(1_000)
    expect(agent.agent.pairs[0]?.state).toBe('in-progress')
    expect(agent.send('anything')).toBe(false)
    expect(agent.agent.discarded.get('unauthenticated')).toBeGreaterThan(0)
  })

  test('with another key: the pair does not succeed', () => {
    const { world, agent, script, signal } = scripted('controlling')
    script.respond = (request, from) => script.success(request, from, WRONG_KEY)
    signal()
    expect(world.run(() => agent.agent.state === 'failed', 40_000)).toBe(true)
    expect(agent.failures).toEqual(['timeout'])
  })

  test('a forged error does not end a check, but names the reason when it times out', () => {
    const { world, agent, script, signal } = scripted('controlling')
    let answers = 0
    script.respond = (request) => (answers++ === 0 ? MessageBuilder.error(request, 401).finish() : null)
    signal()
    expect(world.run(() => agent.agent.state === 'failed', 40_000)).toBe(true)
    expect(script.requests.length).toBeGreaterThan(3)
    expect(agent.failures).toEqual(['401'])
  })

  test('a forged error before the genuine success changes nothing', () => {
    const { world, agent, script, signal } = scripted('controlling')
    script.respond = (request, from) => {
      script.send(from, MessageBuilder.error(request, 500).finish())
      script.send(from, script.error(request, 500, WRONG_KEY))
      return script.success(request, from)
    }
    signal()
    expect(world.run(() => agent.agent.selectedPair !== null, 5_000)).toBe(true)
    expect(agent.failures).toEqual([])
  })

  test('from another address than the request went to: the pair fails (RFC 8445 §7.2.5.2.1)', () => {
    const { world, agent, script, other, signal } = scripted('controlling')
    script.respond = (request, from) => {
      other.send(from, script.success(request, from))
      return null
    }
    signal()
    world.sim.advance(1_000)
    expect(agent.failures).toEqual(['asymmetric-response'])
    expect(agent.send('anything')).toBe(false)
  })

  test('unauthenticated, from another address: no trace', () => {
    const { world, agent, script, other, signal } = scripted('controlling')
    script.respond = (request, from) => {
      other.send(from, script.success(request, from, WRONG_KEY))
      other.send(from, MessageBuilder.error(request, 401).finish())
      return script.success(request, from)
    }
    signal()
    expect(world.run(() => agent.agent.selectedPair !== null, 5_000)).toBe(true)
    expect(agent.failures).toEqual([])
  })

  test('replayed: counts once', () => {
    const { world, agent, script, signal } = scripted('controlling')
    const recorded: [Uint8Array, TransportAddress][] = []
    script.respond = (request, from) => {
      const response = script.success(request, from)
      recorded.push([response, from])
      return response
    }
    signal()
    expect(world.run(() => agent.agent.selectedPair !== null, 5_000)).toBe(true)
    const accepted = agent.agent.stats.responsesReceived
    // From now on nothing but replays: consent must run out.
    script.respond = () => null
    const replay = (): void => {
      for (const [response, from] of recorded) script.send(from, response)
      world.sim.after(1_000, replay)
    }
    replay()
    expect(world.run(() => agent.agent.state === 'failed', 60_000)).toBe(true)
    expect(agent.agent.stats.responsesReceived).toBe(accepted)
    expect(agent.failures).toEqual(['consent-expired'])
  })

  test('without a mapped address, or with an unknown attribute that must be understood: the pair fails', () => {
    for (const craft of [
      (request: StunMessage): MessageBuilder => MessageBuilder.success(request),
      (request: StunMessage, from: TransportAddress): MessageBuilder =>
        MessageBuilder.success(request)
          .add(XorMappedAddress, from)
          .add({ type: 0x7abc, name: 'X', decode: () => true, encode: () => {} }, true),
    ]) {
      const { world, agent, script, signal } = scripted('controlling')
      script.respond = (request, from) => craft(request, from).sign(nodeCrypto, script.key).finish()
      signal()
      world.sim.advance(1_000)
      expect(agent.failures).toEqual(['malformed-response'])
    }
  })

  test('487 without end: the pair fails, the agent lives', () => {
    const { world, agent, script, signal } = scripted('controlling')
    script.respond = (request) => script.error(request, 487)
    signal()
    expect(world.run(() => agent.failures.length > 0, 10_000)).toBe(true)
    expect(agent.failures).toEqual(['487'])
    expect(script.requests.length).toBeLessThan(20)
    const { length } = script.requests
    world.sim.advance(10_000)
    expect(script.requests).toHaveLength(length)
  })

  test('a storm of requests that claim either role: answered, and no more than that', () => {
    const { world, agent, script, to, signal } = scripted('controlling')
    signal()
    for (let i = 0; i < 500; i++) {
      const tieBreaker = i % 3 === 0 ? 0n : 0xffff_ffff_ffff_ffffn
      script.send(to, script.request(i % 2 === 0 ? { controlling: tieBreaker } : { controlled: tieBreaker }))
    }
    expect(world.run(() => script.responses.length === 500, 10_000)).toBe(true)
    expect(agent.agent.stats.requestsSent).toBeLessThan(200)
    expect(
      world.run(() => agent.agent.state === 'connected' || agent.agent.state === 'completed', 5_000),
    ).toBe(true)
  })

  test('mapped addresses without end reveal a bounded number of local candidates', () => {
    const { world, agent, script, signal } = scripted('controlled')
    let port = 1
    script.respond = (request, from) => script.success(request, { ...from, port: port++ })
    signal()
    const poke = (): void => {
      if (agent.sockets[0] !== undefined)
        script.send(agent.sockets[0].local, script.request({ controlling: 1n }))
      world.sim.after(100, poke)
    }
    poke()
    world.sim.advance(40_000)
    expect(agent.agent.pairs).toHaveLength(1)
    expect(agent.agent.pairs[0]?.local.type).toBe('prflx')
    expect(agent.agent.state).toBe('connected')
  })
})
