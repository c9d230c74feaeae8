import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  authenticate,
  ErrorCode,
  MessageBuilder,
  MessageClass,
  Method,
  Realm,
  shortTermKey,
  StunMessage,
  UnknownAttributes,
  Username,
} from '@purertc/stun'

import { scripted } from './support/scripted-world.ts'

describe('requests that must not be believed', () => {
  test('without integrity: no answer, nothing learned', () => {
    const { world, agent, script, to } = scripted('controlled')
    script.send(to, script.request({ integrity: 'none', nominate: true }))
    world.sim.advance(500)
    expect(script.responses).toEqual([])
    expect(agent.agent.pairs).toEqual([])
    expect(agent.agent.discarded.snapshot()).toEqual({ unauthenticated: 1 })
  })

  test.each([
    ['a wrong password', { password: 'wrong'.repeat(6) }, 'unauthenticated'],
    ['a wrong username fragment', { username: 'wrong:script' }, 'unknown-username'],
    ['the fragments in the wrong order', { username: 'script:wrong' }, 'unknown-username'],
  ] as const)('%s: 401, nothing learned', (_what, options, reason) => {
    const { world, agent, script, to } = scripted('controlled')
    const request = script.request({ ...options, nominate: true })
    script.send(to, request)
    world.sim.advance(500)
    expect(script.responses.map((response) => response.get(ErrorCode)?.code)).toEqual([401])
    expect(script.responses[0]!.wire.length).toBeLessThan(request.length)
    expect(agent.agent.pairs).toEqual([])
    expect(agent.agent.discarded.snapshot()).toEqual({ [reason]: 1 })
  })

  test('a username without a colon: no answer', () => {
    const { world, agent, script, to } = scripted('controlled')
    script.send(to, script.request({ username: 'nonsense' }))
    world.sim.advance(500)
    expect(script.responses).toEqual([])
    expect(agent.agent.discarded.snapshot()).toEqual({ unauthenticated: 1 })
  })

  test('a flipped bit anywhere up to the end of the integrity: never a pair, never a success response', () => {
    const { world, agent, script, to } = scripted('controlled')
    const request = script.request()
    for (let bit = 0; bit < 8 * (request.length - 8); bit++) {
      const flipped = request.slice()
      flipped[bit >>> 3]! ^= 1 << (bit & 7)
      script.send(to, flipped)
    }
    world.sim.advance(1_000)
    expect(script.responses.filter((response) => response.class === MessageClass.successResponse)).toEqual([])
    expect(agent.agent.pairs).toEqual([])
  })

  test('USE-CANDIDATE behind MESSAGE-INTEGRITY does not nominate', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    signal()
    world.sim.advance(200)
    expect(agent.agent.pairs[0]?.state).toBe('succeeded')
    const request = script.request({ controlling: 1n })
    // FINGERPRINT off, USE-CANDIDATE on; the integrity still holds.
    const forged = new Uint8Array(request.length - 8 + 4)
    forged.set(request.subarray(0, -8))
    forged.set([0x00, 0x25, 0x00, 0x00], request.length - 8)
    new DataView(forged.buffer).setUint16(2, forged.length - 20)
    script.send(to, forged)
    world.sim.advance(200)
    expect(script.responses).toHaveLength(1)
    expect(agent.agent.selectedPair).toBeNull()
  })

  test('an unknown comprehension-required attribute: 420, authenticated', () => {
    const { world, agent, script, to } = scripted('controlled')
    const { usernameFragment, password } = agent.agent.localCredentials
    const request = new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12))
      .add(Username, `${usernameFragment}:script`)
      .add(Realm, 'example.org')
      .sign(nodeCrypto, shortTermKey(password))
      .finish()
    script.send(to, request)
    world.sim.advance(100)
    const response = authenticate(nodeCrypto, script.responses[0]!, shortTermKey(password))
    expect(response?.get(ErrorCode)?.code).toBe(420)
    expect(response?.get(UnknownAttributes)).toEqual([Realm.type])
    expect(agent.agent.pairs).toEqual([])
  })

  test('no PRIORITY from an unknown address, or two roles at once: 400', () => {
    const { world, agent, script, to } = scripted('controlled')
    script.send(to, script.request({ priority: null }))
    script.send(to, script.request({ controlling: 1n, controlled: 2n }))
    world.sim.advance(100)
    expect(script.responses.map((response) => response.get(ErrorCode)?.code)).toEqual([400, 400])
    expect(agent.agent.pairs).toEqual([])
  })

  test('other methods, indications and half messages are dropped', () => {
    const { world, agent, script, to } = scripted('controlled')
    const id = new Uint8Array(12)
    script.send(to, new MessageBuilder(Method.allocate, MessageClass.request, id).finish())
    script.send(to, new MessageBuilder(Method.binding, MessageClass.indication, id).finish())
    const half = script.request().subarray(0, 60)
    new DataView(half.buffer).setUint16(2, 40)
    script.send(to, half)
    world.sim.advance(100)
    expect(script.responses).toEqual([])
    expect(agent.agent.discarded.snapshot()).toEqual({ 'not-binding': 2, malformed: 1 })
  })

  test('2,000 requests from 2,000 ports: bounded pairs, bounded checks', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    signal()
    for (let port = 1; port <= 2_000; port++)
      world.network.inject({ ...script.socket.local, port }, to, script.request())
    world.sim.advance(1_000)
    expect(agent.agent.pairs.length).toBeLessThanOrEqual(100)
    expect(agent.agent.stats.responsesSent).toBe(2_000)
    // One check each Ta, and what retransmissions there are.
    expect(agent.agent.stats.requestsSent).toBeLessThan(100)
    expect(agent.agent.discarded.get('too-many-candidates')).toBeGreaterThan(1_900)
  })

  test('replayed from addresses that asked for nothing: they get answers and a few checks, never data', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    signal()
    const genuine = script.request({ controlling: 1n, nominate: true })
    script.send(to, genuine)
    world.sim.advance(500)
    const selected = agent.agent.selectedPair
    expect(selected).not.toBeNull()
    const victim = other.socket.local
    let answers = 0
    let checks = 0
    let data = 0
    world.network.intercept(({ to: { address } }, bytes) => {
      if (address !== victim.address) return 'pass'
      // No amplification: what is caused is no larger than what causes it.
      expect(bytes.length).toBeLessThanOrEqual(genuine.length)
      const message = StunMessage.decode(bytes)
      if (message === null) data++
      else if (message.class === MessageClass.request) checks++
      else answers++
      return 'drop'
    })
    for (let port = 1; port <= 1_000; port++) world.network.inject({ ...victim, port }, to, genuine)
    for (let i = 0; i < 100; i++) {
      agent.send('for the peer')
      script.send(to, script.request({ controlling: 1n }))
      world.sim.advance(1_000)
    }
    expect(answers).toBe(1_000)
    // Fifty addresses are learned, and each is checked six times in 17.5 s.
    expect(checks).toBeGreaterThan(0)
    expect(checks).toBeLessThanOrEqual(50 * 6)
    expect(data).toBe(0)
    expect(agent.agent.selectedPair).toBe(selected)
    const soFar = checks
    world.sim.advance(600_000)
    expect([checks, data]).toEqual([soFar, 0])
  })

  test('from another than the peer, though with this agent’s password: refused, not learned', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    signal()
    world.sim.advance(200)
    const { usernameFragment } = agent.agent.localCredentials
    other.send(
      to,
      other.request({ username: `${usernameFragment}:stranger`, controlling: 1n, nominate: true }),
    )
    script.send(
      to,
      script.request({ username: `${usernameFragment}:stranger`, controlling: 1n, nominate: true }),
    )
    world.sim.advance(200)
    expect([other, script].map(({ responses }) => responses[0]?.get(ErrorCode)?.code)).toEqual([401, 401])
    expect(agent.agent.discarded.get('unknown-username')).toBe(2)
    expect(agent.agent.selectedPair).toBeNull()
    expect(agent.agent.pairs.map(({ remote }) => remote.type)).toEqual(['host'])
    other.send(to, 'hello')
    world.sim.advance(100)
    expect(agent.received).toEqual([])
  })

  test.each(['closed', 'failed'] as const)('a %s agent neither answers nor listens', (end) => {
    const { world, agent, script, to, signal } = scripted('controlled')
    signal()
    script.send(to, script.request({ controlling: 1n, nominate: true }))
    world.sim.advance(500)
    expect(agent.agent.selectedPair).not.toBeNull()
    if (end === 'closed') {
      agent.agent.close(world.sim.now)
    } else {
      script.respond = () => null
      expect(world.run(() => agent.agent.state === 'failed', 60_000)).toBe(true)
    }
    script.responses.length = 0
    script.send(to, script.request({ controlling: 1n }))
    script.send(to, 'hello')
    world.sim.advance(500)
    expect(script.responses).toEqual([])
    expect(agent.received).toEqual([])
    expect(agent.agent.discarded.get('inactive')).toBe(2)
    expect(agent.send('hello')).toBe(false)
  })

  test('data before any check, from an address that is nobody’s', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    signal()
    other.send(to, 'hello')
    world.sim.advance(100)
    expect(agent.received).toEqual([])
    script.send(to, 'hello')
    world.sim.advance(100)
    expect(agent.received).toEqual(['hello'])
    expect(agent.agent.discarded.get('unknown-peer')).toBe(1)
  })

  test('data from a candidate that was signalled and has proven nothing', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    script.respond = () => null
    signal()
    world.sim.advance(100)
    expect(agent.agent.pairs.map(({ state }) => state)).toEqual(['in-progress'])
    script.send(to, 'hello')
    world.sim.advance(100)
    expect([agent.received, agent.agent.discarded.get('unknown-peer')]).toEqual([[], 1])
    // Its own authenticated check proves as much as an answer.
    script.send(to, script.request({ controlling: 1n }))
    script.send(to, 'hello')
    world.sim.advance(100)
    expect(agent.received).toEqual(['hello'])
  })
})
