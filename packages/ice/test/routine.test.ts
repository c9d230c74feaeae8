import { describe, expect, jest, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  authenticate,
  ErrorCode,
  IceControlled,
  IceControlling,
  MessageBuilder,
  MessageClass,
  MessageSeal,
  MetaDtlsInStun,
  Method,
  Nomination,
  opaqueAttribute,
  Priority,
  SEAL_LENGTH,
  shortTermKey,
  Software,
  StunMessage,
  UseCandidate,
  Username,
  XorMappedAddress,
} from '@purertc/stun'
import fc from 'fast-check'

import { DtlsInStun } from '../src/index.ts'
import { readCheck } from '../src/inbound-check.ts'
import { isRoutineRequest } from '../src/routine-messages.ts'
import type { Pair } from '../src/pair.ts'
import { Routine } from '../src/routine.ts'
import { asked, idle, type IdleScene, TIE_BREAKER } from './support/idle-scene.ts'
import { introduce, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

describe('the peer’s routine requests', () => {
  test('are answered by the short cut as the long way does it', () => {
    const [short, long] = [idle(), idle({ hooks: { acceptCheck: () => true } })]
    expect([short.takes(short.routine()), long.takes(long.routine())]).toEqual([true, false])
    long.script.send(long.to, long.routine())
    for (const { world } of [short, long]) world.sim.advance(40)
    const answers = [short, long].map(({ script }) => script.responses[0]!)
    for (const [i, { script, agent }] of [short, long].entries()) {
      const answer = answers[i]!
      expect(answer.class).toBe(MessageClass.successResponse)
      expect(answer.get(XorMappedAddress)).toEqual({ ...script.socket.local })
      expect(
        authenticate(nodeCrypto, answer, shortTermKey(agent.agent.localCredentials.password)),
      ).not.toBeNull()
      expect(answer.hasFingerprint).toBe(true)
    }
    expect(short.agent.agent.stats.responsesSent).toBe(long.agent.agent.stats.responsesSent)
    expect(answers[0]!.wire.length).toBe(answers[1]!.wire.length)
  })

  test.each([
    ['a nomination', { controlling: TIE_BREAKER, nominate: true }],
    ['a conflict of roles', { controlled: TIE_BREAKER }],
    ['both roles', { controlling: 1n, controlled: 1n }],
    ['no role', {}],
    ['no priority', { controlling: TIE_BREAKER, priority: null }],
    ['no integrity', { controlling: TIE_BREAKER, integrity: 'none' }],
    ['a wrong password', { controlling: TIE_BREAKER, password: 'wrong'.repeat(6) }],
    ['another fragment', { controlling: TIE_BREAKER, username: 'other:script' }],
  ] as const)('%s takes the long way', (_what, options) => {
    const { takes, script, world } = idle()
    expect(takes(script.request(options))).toBe(false)
    world.sim.advance(40)
    expect(script.responses).toEqual([])
  })

  test('from elsewhere, at a broken end, or of a pair that fell silent: the long way', () => {
    const { takes, routine, other, world, agent } = idle()
    expect(takes(routine(), other)).toBe(false)
    const broken = Uint8Array.from(routine())
    broken[broken.length - 1]! ^= 1
    expect(takes(broken)).toBe(false)
    expect(takes(routine().subarray(0, -8))).toBe(false)
    world.network.intercept(() => 'drop')
    world.sim.advance(8_000)
    expect(agent.agent.state).toBe('disconnected')
    expect(takes(routine())).toBe(false)
    agent.agent.close(world.sim.now)
    expect(takes(routine())).toBe(false)
  })

  test('a conflict of roles and an unknown attribute are refused amid routine', () => {
    const { takes, routine, script, to, world, agent } = idle()
    expect(takes(routine())).toBe(true)
    script.send(to, script.request({ controlled: 2n ** 64n - 1n }))
    const unknown = new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12).fill(5))
    const name = StunMessage.decode(routine())!.get(Username)!
    unknown.add(Username, name).add(Priority, 1).add(IceControlling, TIE_BREAKER)
    unknown.add(opaqueAttribute(0x7f00, 'X'), new Uint8Array(4))
    const key = shortTermKey(agent.agent.localCredentials.password)
    const request = Uint8Array.from(unknown.sign(nodeCrypto, key).finish())
    expect(takes(request)).toBe(false)
    script.send(to, request)
    world.sim.advance(40)
    const codes = script.responses.flatMap((response) => response.get(ErrorCode)?.code ?? [])
    expect(codes).toEqual([487, 420])
    expect(takes(routine())).toBe(true)
  })

  test('amid another handler: the long way, which tells and sends in order', () => {
    const taken: boolean[] = []
    const received = (): void => void taken.push(scene.takes(scene.routine()))
    const scene: IdleScene = idle({ hooks: { received } })
    for (let i = 0; i < 2; i++) {
      scene.script.send(scene.to, 'data')
      scene.world.sim.advance(40)
      expect(scene.takes(scene.routine())).toBe(true)
    }
    scene.script.send(scene.to, 'data')
    scene.world.sim.advance(40)
    expect(taken).toEqual([false, false, false])
  })

  test('what looks like routine is: nothing that acts on an agent hides in it', () => {
    const username = 'agent:peer'
    const key = shortTermKey('a key that both ends have')
    const seal = new MessageSeal(nodeCrypto, key)
    type Part = (builder: MessageBuilder) => void
    const usual = fc.shuffledSubarray<Part>(
      [
        (builder) => builder.add(Username, username),
        (builder) => builder.add(Priority, 5),
        (builder) => builder.add(IceControlling, 7n),
      ],
      { minLength: 2 },
    )
    const other = fc.constantFrom<Part>(
      (builder) => builder.add(Username, 'agent:pear'),
      (builder) => builder.add(Username, username),
      (builder) => builder.add(IceControlled, 7n),
      (builder) => builder.add(UseCandidate, true),
      (builder) => builder.add(Nomination, 3),
      (builder) => builder.add(Software, 'abc'),
      (builder) => builder.add(opaqueAttribute(0x0024, 'short PRIORITY'), new Uint8Array(3)),
      (builder) => builder.add(opaqueAttribute(0x7f00, 'unknown'), new Uint8Array(3)),
    )
    let routine = 0
    fc.assert(
      fc.property(
        usual,
        fc.array(other, { maxLength: 2 }),
        fc.nat(90),
        fc.nat(3),
        (usual, others, at, flip) => {
          const builder = new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12))
          for (const add of [...others, ...usual]) add(builder)
          const bytes = Uint8Array.from(builder.sign(nodeCrypto, key).finish())
          if (flip > 0 && at < bytes.length - SEAL_LENGTH) {
            bytes[at]! ^= flip
            seal.apply(bytes)
          }
          if (!isRoutineRequest(bytes, username, 'controlling') || seal.verify(bytes) === null) return
          routine++
          const message = StunMessage.decode(bytes)
          const proven = message === null ? null : authenticate(nodeCrypto, message, key)
          expect(proven?.get(Username)).toBe(username)
          const check = proven === null ? null : readCheck(proven)
          expect(check).toMatchObject({ isNominating: false, claim: { role: 'controlling' } })
          expect(check).toHaveProperty('nomination', undefined)
        },
      ),
      { numRuns: 5_000 },
    )
    expect(routine).toBeGreaterThan(100)
  })
})

describe('which pairs there is a short cut for', () => {
  test('none over a relay', () => {
    const ask = jest.spyOn(Routine.prototype, 'ask')
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'turn', policy: 'relay' })
    const b = world.peer({ role: 'controlled' })
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    world.sim.advance(10_000)
    // Who sends data asks first, and its peer has no turn.
    a.send('data')
    ask.mockClear()
    const before = a.agent.selectedPair?.responsesReceived ?? 0
    for (let i = 0; i < 500; i++) {
      a.send('data')
      world.sim.advance(100)
    }
    const { results, contexts } = ask.mock
    const asked = results.filter((_, i) => contexts[i] === contexts[0]).map(({ value }) => value)
    ask.mockRestore()
    expect(asked.length).toBeGreaterThanOrEqual(8)
    expect(asked).not.toContain(true)
    expect(a.agent.selectedPair?.responsesReceived).toBe(before + asked.length)
  })

  test('none that is being checked: a request makes the agent check it at once (RFC 8445 §7.3.1.4)', () => {
    const scene = idle()
    const { agent } = scene.agent
    const pair = agent.activePair as Pair
    for (const state of ['waiting', 'in-progress', 'failed'] as const) {
      pair.state = state
      scene.script.send(scene.to, 'data')
      scene.world.sim.advance(40)
      expect(scene.takes(scene.routine())).toBe(false)
      pair.state = 'succeeded'
      expect(scene.takes(scene.routine())).toBe(true)
    }
  })
})

describe('while checks carry DTLS', () => {
  test('each takes the long way, with what is to be said now; afterwards none does', () => {
    const embedding = new DtlsInStun(() => undefined)
    const scene = idle({ dtlsInStun: embedding })
    expect(scene.takes(scene.routine())).toBe(true)
    expect(scene.takes(scene.script.success(asked(scene), scene.to))).toBe(true)
    embedding.agree()
    for (const fill of [1, 2]) {
      embedding.beginFlight()
      embedding.keep(new Uint8Array(30).fill(fill).fill(22, 0, 1), false)
      const request = asked(scene)
      expect(request.get(MetaDtlsInStun)?.[1]).toBe(fill)
      expect(scene.takes(scene.routine())).toBe(false)
      scene.script.send(scene.to, scene.script.success(request, scene.to))
      scene.world.sim.advance(40)
    }
    embedding.complete()
    scene.script.send(scene.to, scene.routine())
    scene.world.sim.advance(40)
    expect(embedding.isActive).toBe(false)
    expect(scene.takes(scene.routine())).toBe(true)
  })
})
