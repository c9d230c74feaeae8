import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  authenticate,
  ErrorCode,
  IceControlled,
  IceControlling,
  MessageBuilder,
  MessageClass,
  MessageSeal,
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

import { readCheck } from '../src/inbound-check.ts'
import { isRoutineAnswer, isRoutineRequest } from '../src/routine-messages.ts'
import type { PeerOptions } from './support/peer.ts'
import { scripted, type ScriptedWorld } from './support/scripted-world.ts'

const TIE_BREAKER = 99n

/** An agent with a selected pair, whose peer does what the test says. */
function idle(options: Partial<PeerOptions> = {}): ScriptedWorld & {
  /** A request of the nominated pair's peer, as it asks for consent. */
  readonly routine: () => Uint8Array
  /** Whether the agent takes `bytes` by the short cut. */
  readonly takes: (bytes: Uint8Array, from?: ScriptedWorld['script']) => boolean
} {
  const scene = scripted('controlled', options)
  const { world, agent, script, to } = scene
  scene.signal()
  const nominate = (): void => script.send(to, script.request({ controlling: TIE_BREAKER, nominate: true }))
  nominate()
  world.sim.advance(200)
  nominate()
  world.sim.advance(200)
  expect(agent.agent.selectedPair).not.toBeNull()
  script.responses.length = 0
  script.requests.length = 0
  return {
    ...scene,
    routine: () => script.request({ controlling: TIE_BREAKER }),
    takes: (bytes, from = script) =>
      agent.agent.handleRoutine(world.sim.now, 0, from.socket.local, Uint8Array.from(bytes)),
  }
}

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

describe('answers to this agent’s consent checks', () => {
  /** Advances to the next request of the agent, which the script leaves without an answer. */
  function asked(scene: ReturnType<typeof idle>): StunMessage {
    const { world, script } = scene
    script.requests.length = 0
    script.respond = () => null
    expect(world.run(() => script.requests.length > 0, 20_000)).toBe(true)
    return script.requests[0]!
  }
  const responses = ({ agent }: ReturnType<typeof idle>): number => agent.agent.stats.responsesReceived

  test('one that says nothing new is taken once, and no request is like another', () => {
    const scene = idle()
    const ids = new Set<string>()
    for (let i = 1; i <= 5; i++) {
      const request = asked(scene)
      ids.add(String(request.transactionId))
      const before = responses(scene)
      const answer = scene.script.success(request, scene.to)
      expect(isRoutineAnswer(answer)).toBe(true)
      expect(scene.takes(answer)).toBe(true)
      expect(scene.takes(answer)).toBe(false)
      expect(responses(scene)).toBe(before + 1)
    }
    expect(ids.size).toBe(5)
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

  test('without any, the agent fails when consent has lasted 30 s', () => {
    const scene = idle()
    asked(scene)
    expect(scene.world.run(() => scene.agent.agent.state === 'failed', 40_000)).toBe(true)
    expect(scene.agent.failures).toContain('consent-expired')
  })
})
