import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  AdditionalAddressFamily,
  AttributeType,
  authenticate,
  DontFragment,
  integrityOf,
  Lifetime,
  longTermKey,
  MessageBuilder,
  MessageClass,
  MessageIntegrity,
  Method,
  Nonce,
  opaqueAttribute,
  Realm,
  RequestedAddressFamily,
  RequestedTransport,
  Software,
  transportAddress,
  UnknownAttributes,
  XorMappedAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { ann, bob, NOTHING, ServerBench, udp } from './server-bench.ts'

const key = longTermKey(nodeCrypto, 'ann', 'example.org', 'secret')

describe('credentials', () => {
  const methods = [Method.allocate, Method.refresh, Method.createPermission, Method.channelBind]

  test.each(methods)('method %i without integrity gets a challenge, and nothing else', (method) => {
    const bench = new ServerBench({ software: 'test' })
    bench.deliver(udp(new MessageBuilder(method, MessageClass.request, bench.newTransactionId())).build())
    const answer = bench.reply()
    expect(answer.get(Realm)).toBe('example.org')
    expect(answer.get(Nonce)?.length).toBeGreaterThan(10)
    expect(answer.has(MessageIntegrity)).toBe(false)
    expect(answer.hasFingerprint).toBe(false)
    expect(answer.get(Software)).toBe('test')
    expect(bench.server.answered.snapshot()).toEqual({ 401: 1 })
    expect(bench.server.load).toEqual(NOTHING)
  })

  test('401 for a wrong password and for nobody; 400 for what is incomplete; 438 for a nonce that is not', () => {
    const bench = new ServerBench({ nonceLifetime: 100 })
    const code = (by: Parameters<ServerBench['codeOf']>[3]): number =>
      bench.codeOf(Method.allocate, udp, ann, by)
    expect(code({ password: 'guess' })).toBe(401)
    expect(code({ username: 'eve', password: '' })).toBe(401)
    expect(code({ without: 'username' })).toBe(400)
    expect(code({ without: 'realm' })).toBe(400)
    expect(code({ without: 'nonce' })).toBe(400)
    expect(code({ nonce: 'made up' })).toBe(438)
    expect(code({ nonce: bench.nonce(bob) })).toBe(438)
    const nonce = bench.nonce()
    bench.advance(100_000)
    expect(code({ nonce })).toBe(438)
    expect(bench.server.load).toEqual(NOTHING)
  })

  test('answers are signed with the key of the asker, and have a FINGERPRINT where the request has one', () => {
    const bench = new ServerBench()
    const answer = bench.ask(Method.allocate, udp)
    expect(integrityOf(answer)).toBe('sha1')
    expect(authenticate(nodeCrypto, answer, key)).not.toBeNull()
    expect(answer.hasFingerprint).toBe(true)
    const refusal = bench.ask(Method.createPermission)
    expect(authenticate(nodeCrypto, refusal, key)).not.toBeNull()
  })

  test('441 for another user than the one whose allocation it is', () => {
    const bench = new ServerBench().allocate()
    const by = { username: 'bob' }
    for (const method of [Method.refresh, Method.createPermission, Method.channelBind])
      expect(bench.codeOf(method, () => {}, ann, by)).toBe(441)
    expect(bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0), ann, by)).toBe(441)
    expect(bench.server.load.allocations).toBe(1)
  })
})

describe('Allocate', () => {
  const codeOf = (fill: (message: MessageBuilder) => unknown, bench = new ServerBench()): number =>
    bench.codeOf(Method.allocate, fill)

  test('gives a relayed address of the range, the mapped address and the lifetime', () => {
    const bench = new ServerBench({ portRange: { min: 50_000, max: 50_009 } })
    const answer = bench.ask(Method.allocate, udp)
    expect(answer.get(XorMappedAddress)).toEqual(ann)
    expect(answer.get(Lifetime)).toBe(600)
    const relayed = answer.get(XorRelayedAddress)
    expect(relayed?.port).toBe(bench.opened[0]?.port)
    expect(relayed?.port).toBeGreaterThanOrEqual(50_000)
    expect(relayed?.port).toBeLessThan(50_010)
    expect(bench.events).toEqual(['created ann'])
    expect(bench.server.allocations).toMatchObject([{ username: 'ann', client: ann, relayed, listener: 0 }])
  })

  test('400 without REQUESTED-TRANSPORT, 442 for TCP', () => {
    expect(codeOf(() => {})).toBe(400)
    expect(codeOf((m) => m.add(RequestedTransport, 6))).toBe(442)
  })

  test('440 for a family that the server has not, 400 for families that exclude each other', () => {
    expect(codeOf((m) => udp(m).add(RequestedAddressFamily, 'IPv6'))).toBe(440)
    expect(
      codeOf((m) =>
        udp(m).add(opaqueAttribute(AttributeType.requestedAddressFamily, ''), Uint8Array.of(3, 0, 0, 0)),
      ),
    ).toBe(440)
    expect(
      codeOf((m) => udp(m).add(RequestedAddressFamily, 'IPv4').add(AdditionalAddressFamily, 'IPv6')),
    ).toBe(400)
    expect(codeOf((m) => udp(m).add(RequestedAddressFamily, 'IPv4'))).toBe(0)
    const six = new ServerBench({ families: ['IPv6'] })
    expect(codeOf(udp, six)).toBe(440)
    const answer = six.ask(Method.allocate, (m) => udp(m).add(RequestedAddressFamily, 'IPv6'))
    expect(answer.get(XorRelayedAddress)?.address).toBe('2001:db8::1')
  })

  test('420 names what is not understood, DONT-FRAGMENT included', () => {
    const bench = new ServerBench()
    const strange = opaqueAttribute(0x7abc, 'STRANGE')
    const answer = bench.ask(Method.allocate, (m) =>
      udp(m).add(strange, Uint8Array.of(1)).add(DontFragment, true),
    )
    expect(answer.get(UnknownAttributes)).toEqual([0x7abc, AttributeType.dontFragment])
    expect(codeOf((m) => udp(m).add(opaqueAttribute(0x8abc, 'OPTIONAL'), Uint8Array.of(1)))).toBe(0)
  })

  test('400 for values that cannot be read', () => {
    const bad =
      (type: number): ((m: MessageBuilder) => unknown) =>
      (m) =>
        udp(m).add(opaqueAttribute(type, 'BAD'), new Uint8Array(3))
    for (const type of [AttributeType.lifetime, AttributeType.evenPort, AttributeType.reservationToken])
      expect(codeOf(bad(type))).toBe(400)
    expect(
      codeOf((m) => m.add(opaqueAttribute(AttributeType.requestedTransport, ''), new Uint8Array(1))),
    ).toBe(400)
  })

  test('437 for a second one; the same request again is answered again, without a second relay', () => {
    const bench = new ServerBench()
    const request = bench.request(Method.allocate, udp)
    bench.deliver(request)
    const first = bench.reply()
    bench.advance(100_500)
    bench.deliver(request)
    const again = bench.reply()
    expect(again.get(XorRelayedAddress)).toEqual(first.get(XorRelayedAddress))
    expect(again.get(Lifetime)).toBe(500)
    expect(bench.opened).toHaveLength(1)
    expect(codeOf(udp, bench)).toBe(437)
    expect(bench.codeOf(Method.allocate, udp, bob)).toBe(0)
  })

  test('while the relay is being opened, repetitions are silent and nothing else exists', () => {
    const bench = new ServerBench()
    bench.opensRelays = false
    const request = bench.request(Method.allocate, udp)
    for (let i = 0; i < 3; i++) bench.deliver(request)
    expect(bench.toClients).toHaveLength(0)
    expect(bench.opened).toHaveLength(1)
    expect(codeOf(udp, bench)).toBe(437)
    expect(bench.codeOf(Method.refresh)).toBe(437)
    const [opening] = bench.opened
    bench.server.relayOpened(
      bench.now,
      opening?.relay ?? 0,
      transportAddress('198.51.100.1', opening?.port ?? 0),
    )
    expect(bench.reply().class).toBe(MessageClass.successResponse)
    bench.server.relayOpened(bench.now, opening?.relay ?? 0, transportAddress('198.51.100.1', 1))
    bench.server.relayFailed(bench.now, opening?.relay ?? 0)
    expect(bench.toClients).toHaveLength(0)
    expect(bench.server.load).toEqual({
      allocations: 1,
      opening: 0,
      users: 1,
      ports: 1,
      waiting: 0,
      connections: 0,
    })
  })

  test('a relay that cannot be opened is tried on other ports, then refused with 508', () => {
    const bench = new ServerBench()
    bench.opensRelays = false
    bench.deliver(bench.request(Method.allocate, udp))
    for (let i = 0; i < 8; i++) bench.server.relayFailed(bench.now, 1)
    expect(bench.opened.map(({ relay }) => relay)).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
    expect(bench.server.answered.get('508')).toBe(1)
    expect(bench.server.load).toEqual(NOTHING)
    expect(bench.events).toEqual([])
  })

  test('lifetimes stay between default and maximum', () => {
    const bench = new ServerBench({ defaultLifetime: 300, maxLifetime: 1_000 })
    const granted = (asked: number | undefined): number | undefined => {
      const answer = bench.ask(Method.allocate, (m) => udp(m).addIf(Lifetime, asked))
      bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0))
      return answer.get(Lifetime)
    }
    expect([undefined, 0, 1, 301, 1_000, 0xffff_ffff].map(granted)).toEqual([
      300, 300, 300, 301, 1_000, 1_000,
    ])
  })

  test('486 beyond the user’s quota, 508 beyond the server’s, both until one is given back', () => {
    const clients = [1, 2, 3, 4].map((port) => transportAddress('198.51.100.7', port))
    const bench = new ServerBench({ allocationsPerUser: 2, maxAllocations: 3 })
    const codes = clients.map((client) => bench.codeOf(Method.allocate, udp, client))
    expect(codes).toEqual([0, 0, 486, 486])
    expect(bench.codeOf(Method.allocate, udp, bob)).toBe(0)
    expect(bench.codeOf(Method.allocate, udp, transportAddress('198.51.100.8', 9), { username: 'bob' })).toBe(
      508,
    )
    bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0), clients[0])
    expect(bench.codeOf(Method.allocate, udp, clients[2])).toBe(0)
  })

  test('508 when all ports are given away', () => {
    const bench = new ServerBench({ portRange: { min: 50_000, max: 50_001 } })
    const clients = [1, 2, 3].map((port) => transportAddress('198.51.100.7', port))
    expect(clients.map((client) => bench.codeOf(Method.allocate, udp, client))).toEqual([0, 0, 508])
    expect(new Set(bench.opened.map(({ port }) => port))).toEqual(new Set([50_000, 50_001]))
  })

  test('403 by the operator’s veto, who is told what is asked', () => {
    const asked: unknown[] = []
    const bench = new ServerBench({
      beforeAllocate: (request) => {
        asked.push(request)
        return false
      },
    })
    expect(codeOf(udp, bench)).toBe(403)
    expect(asked).toEqual([
      { listener: 0, client: ann, username: 'ann', family: 'IPv4', transport: 'udp', lifetime: 600 },
    ])
    expect(bench.server.load).toEqual(NOTHING)
  })

  test('listeners are told apart', () => {
    const bench = new ServerBench()
    const request = bench.request(Method.allocate, udp)
    bench.deliver(request, ann, 0)
    bench.deliver(request, ann, 1)
    expect(bench.toClients.map(({ listener }) => listener)).toEqual([0, 1])
    expect(bench.server.load.allocations).toBe(2)
  })
})

describe('what else comes to a listener', () => {
  test('Binding requests are answered without credentials', () => {
    const bench = new ServerBench()
    bench.deliver(
      new MessageBuilder(Method.binding, MessageClass.request, bench.newTransactionId()).build(),
      bob,
      3,
    )
    expect(bench.toClients[0]).toMatchObject({ listener: 3, client: bob })
    expect(bench.reply().get(XorMappedAddress)).toEqual(bob)
    expect(bench.server.answered.snapshot()).toEqual({ success: 1 })
  })

  test('responses, indications and methods that nobody expects are dropped', () => {
    const bench = new ServerBench()
    const id = bench.newTransactionId()
    for (const messageClass of [MessageClass.successResponse, MessageClass.errorResponse])
      bench.deliver(new MessageBuilder(Method.allocate, messageClass, id).build())
    bench.deliver(new MessageBuilder(Method.data, MessageClass.indication, id).build())
    bench.deliver(new MessageBuilder(Method.binding, MessageClass.indication, id).build())
    for (const method of [Method.connect, Method.send, Method.data, 0xabc])
      bench.deliver(new MessageBuilder(method, MessageClass.request, id).build())
    bench.deliver(new Uint8Array(0))
    bench.deliver(Uint8Array.of(22, 254, 253))
    expect(bench.server.discarded.snapshot()).toEqual({ unexpected: 8, malformed: 2 })
    expect(bench.toClients).toHaveLength(0)
  })

  test('options that make no sense are refused', () => {
    const code = { name: 'TurnError', code: 'invalid-config' }
    for (const options of [
      { defaultLifetime: 0 },
      { maxLifetime: 599 },
      { defaultLifetime: 1.5 },
      { families: [] },
      { allocationsPerUser: -1 },
      { permissionsPerAllocation: NaN },
      { portRange: { min: 0, max: 10 } },
      { portRange: { min: 1, max: 65_536 } },
    ])
      expect(() => new ServerBench(options)).toThrow(expect.objectContaining(code))
  })
})
