import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { Network, Simulation } from '@purertc/netsim'

import {
  AlternateServer,
  type BindingResult,
  MessageBuilder,
  MessageClass,
  Method,
  StunClient,
  type StunMessage,
  StunServer,
  transportAddress,
  XorMappedAddress,
} from '../src/index.ts'
import { otherAddress, Pair, serverAddress } from './pair.ts'

const account = { kind: 'long-term', username: 'user', password: 'secret' } as const
const longTerm = { realm: 'example.org', password: (name: string) => (name === 'user' ? 'secret' : null) }

describe('a Binding request', () => {
  test('tells a host behind a NAT how it looks from outside', () => {
    const simulation = new Simulation({ seed: 1 })
    const network = new Network(simulation, { latency: 20 })
    const nat = network.nat({ kind: 'port-restricted', address: '198.51.100.77' })
    const serverSocket = network.host(serverAddress.address).bind({
      port: serverAddress.port,
      received: (now, from, bytes) => server.handleDatagram(now, from, serverAddress, bytes),
    })
    const server = new StunServer(
      { crypto: nodeCrypto },
      { transmit: (to, bytes) => serverSocket.send(to, bytes) },
    )
    const seen: BindingResult[] = []
    const clientSocket = network.host('10.0.0.2', { nat }).bind({
      received: (now, _from, bytes) => void client.handleDatagram(now, bytes),
    })
    const client = new StunClient(
      { crypto: simulation.seeded(nodeCrypto), server: serverAddress },
      {
        transmit: (to, bytes) => clientSocket.send(to, bytes),
        succeeded: (_now, _request, result) => seen.push(result),
        failed: (_now, _request, error) => {
          throw error
        },
      },
    )
    simulation.attach(client)
    client.bind(simulation.now)
    simulation.run()
    expect(seen).toHaveLength(1)
    expect(seen[0]!.mapped.address).toBe('198.51.100.77')
    expect(seen[0]!.server).toEqual(serverAddress)
  })

  test('gets through where half of the datagrams are lost, the same way for the same seed', () => {
    const once = (): string => {
      const pair = new Pair({ link: { latency: 30, loss: 0.5, duplicate: 0.2 }, seed: 5 })
      pair.client.bind(pair.now)
      pair.simulation.run()
      expect(pair.outcomes).toEqual([{ request: 1, mapped: pair.clientAddress }])
      return pair.simulation.trace
    }
    expect(once()).toBe(once())
  })

  test('times out where there is no server', () => {
    const pair = new Pair({ link: { loss: 1 } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toEqual([{ request: 1, code: 'timeout', at: 39_500 }])
    expect(pair.client.nextTimeout).toBe(Infinity)
  })

  test('can be cancelled, alone or with all others', () => {
    const pair = new Pair({ link: { loss: 1 } })
    for (let i = 0; i < 3; i++) pair.client.bind(pair.now)
    pair.client.cancel(pair.now, 2)
    pair.client.cancel(pair.now)
    expect(pair.outcomes.map(({ request, code }) => [request, code])).toEqual([
      [2, 'cancelled'],
      [1, 'cancelled'],
      [3, 'cancelled'],
    ])
    expect(pair.client.nextTimeout).toBe(Infinity)
  })

  test('is forgotten by close', () => {
    const pair = new Pair()
    pair.client.bind(pair.now)
    pair.client.close()
    pair.simulation.run()
    expect(pair.outcomes).toEqual([])
    expect(() => pair.client.bind(pair.now)).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  test('carries SOFTWARE both ways, and FINGERPRINT unless it is switched off', () => {
    for (const fingerprint of [true, false]) {
      const pair = new Pair({
        client: { software: 'ours', fingerprint },
        server: { software: 'theirs', fingerprint },
      })
      pair.client.bind(pair.now)
      pair.simulation.run()
      expect(pair.results[0]?.software).toBe('theirs')
      expect(pair.toServer[0]!.hasFingerprint).toBe(fingerprint)
      expect(pair.toClient[0]!.hasFingerprint).toBe(fingerprint)
    }
  })

  test('can be given more attributes before it is signed', () => {
    const pair = new Pair({ client: { credentials: { ...account, kind: 'short-term' } } })
    pair.prepare = (builder) => void builder.add(XorMappedAddress, otherAddress)
    pair.client.bind(pair.now)
    expect(pair.toServer[0]!.get(XorMappedAddress)).toEqual(otherAddress)
  })
})

describe('long-term credentials', () => {
  test('one challenge, then the address; the next request needs no challenge', () => {
    const pair = new Pair({ client: { credentials: account }, server: { longTerm } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toEqual([{ request: 1, mapped: pair.clientAddress }])
    expect(pair.server.answered.snapshot()).toEqual({ '401': 1, success: 1 })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.server.answered.snapshot()).toEqual({ '401': 1, success: 2 })
  })

  test('a stale nonce costs one more round trip', () => {
    const pair = new Pair({
      client: { credentials: account },
      server: { longTerm: { ...longTerm, nonceLifetime: 60 } },
    })
    pair.client.bind(pair.now)
    pair.simulation.run()
    pair.simulation.advance(61_000)
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toHaveLength(2)
    expect(pair.server.answered.snapshot()).toEqual({ '401': 1, '438': 1, success: 2 })
  })

  test('a server that finds every nonce stale is left', () => {
    const pair = new Pair({
      client: { credentials: account },
      server: { longTerm: { ...longTerm, nonceLifetime: 0 } },
    })
    // A new nonce each time, or the client would notice at once that it got the same again.
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toEqual([{ request: 1, code: 438, at: expect.any(Number) }])
    expect(pair.server.answered.get('438')).toBeLessThanOrEqual(5)
  })

  test.each([
    { name: 'a wrong password', credentials: { ...account, password: 'wrong' } },
    { name: 'no credentials', credentials: undefined },
  ])('$name: 401 with its reason', ({ credentials }) => {
    const pair = new Pair({ client: credentials === undefined ? {} : { credentials }, server: { longTerm } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toEqual([{ request: 1, code: 401, at: expect.any(Number) }])
    expect(pair.errors[0]).toMatchObject({ reason: 'Unauthenticated', message: '401 Unauthenticated' })
  })

  test('an answer that is not signed is as if it never came', () => {
    const pair = new Pair({ client: { credentials: account }, server: { longTerm } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    pair.alter = (answer) => MessageBuilder.success(answer).add(XorMappedAddress, otherAddress).finish()
    pair.client.bind(pair.now)
    const from = pair.now
    pair.simulation.run()
    expect(pair.outcomes[1]).toEqual({ request: 2, code: 'unauthenticated', at: from + 7_900 })
    expect(pair.client.discarded.get('unauthenticated')).toBe(7)
  })

  test('a forged answer does not keep the true one from being heard', () => {
    const pair = new Pair({ client: { credentials: account }, server: { longTerm } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    pair.client.bind(pair.now)
    const asked = pair.toServer.at(-1)!
    for (const forged of [
      MessageBuilder.success(asked).add(XorMappedAddress, otherAddress),
      MessageBuilder.success(asked).add(XorMappedAddress, otherAddress).sign(nodeCrypto, new Uint8Array(16)),
      MessageBuilder.error(asked, 400),
      MessageBuilder.error(asked, 500),
    ])
      expect(pair.client.handleDatagram(pair.now, forged.finish())).toBe(true)
    pair.simulation.run()
    expect(pair.outcomes[1]).toEqual({ request: 2, mapped: pair.clientAddress })
  })
})

describe('the client and strange answers', () => {
  const answered = (answer: (request: StunMessage) => MessageBuilder): Pair => {
    const pair = new Pair()
    pair.alter = (response) => answer(response).finish()
    pair.client.bind(pair.now)
    pair.simulation.run()
    return pair
  }

  test('a success without an address, or with an attribute that must be understood, is malformed', () => {
    const unknown = { type: 0x7777, name: 'X', decode: () => null, encode: () => undefined }
    expect(answered((request) => MessageBuilder.success(request)).outcomes).toMatchObject([
      { code: 'malformed' },
    ])
    expect(
      answered((request) =>
        MessageBuilder.success(request).add(XorMappedAddress, otherAddress).add(unknown, null),
      ).outcomes,
    ).toMatchObject([{ code: 'malformed' }])
  })

  test('an error without ERROR-CODE is malformed; one with it says code and reason', () => {
    const { method } = { method: Method.binding }
    expect(
      answered((request) => new MessageBuilder(method, MessageClass.errorResponse, request.transactionId))
        .outcomes,
    ).toMatchObject([{ code: 'malformed' }])
    expect(answered((request) => MessageBuilder.error(request, 500, 'out of order')).errors[0]).toMatchObject(
      {
        code: 500,
        reason: 'out of order',
      },
    )
  })

  test('what answers nothing of ours is left to others', () => {
    const pair = new Pair()
    pair.client.bind(pair.now)
    const id = pair.toServer[0]!.transactionId
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(100),
      new MessageBuilder(Method.binding, MessageClass.successResponse, new Uint8Array(12)).finish(),
      new MessageBuilder(Method.binding, MessageClass.indication, id).finish(),
      new MessageBuilder(Method.allocate, MessageClass.successResponse, id).finish(),
    ])
      expect(pair.client.handleDatagram(pair.now, bytes)).toBe(false)
    expect(pair.client.discarded.snapshot()).toEqual({ malformed: 2, unmatched: 3 })
  })

  test('§10: the alternate server is asked, once', () => {
    const pair = new Pair({ server: { alternateServer: () => otherAddress } })
    pair.client.bind(pair.now)
    pair.simulation.run({ until: () => pair.sentTo.length === 2, deadline: 1_000 })
    expect(pair.sentTo).toEqual([serverAddress, otherAddress])
    // That one is the same server here, which refers to itself.
    pair.simulation.run()
    expect(pair.outcomes).toMatchObject([{ code: 300 }])
  })

  test.each([
    ['of the other family', transportAddress('::1', 3478)],
    ['without a port', transportAddress('198.51.100.2', 0)],
    ['that is the same', serverAddress],
  ])('§10: an alternate server %s is not asked', (_case, alternate) => {
    const pair = new Pair()
    pair.alter = (answer) => MessageBuilder.error(answer, 300).add(AlternateServer, alternate).finish()
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.sentTo).toEqual([serverAddress])
    expect(pair.outcomes).toMatchObject([{ code: 300 }])
  })
})
