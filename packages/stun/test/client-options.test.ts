import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'

import {
  AlternateServer,
  MessageBuilder,
  MessageClass,
  RtoEstimator,
  StunError,
  transportAddress,
  XorMappedAddress,
} from '../src/index.ts'
import { otherAddress, Pair, serverAddress } from './pair.ts'

const account = { kind: 'long-term', username: 'user', password: 'secret' } as const
const longTerm = { realm: 'example.org', password: (name: string) => (name === 'user' ? 'secret' : null) }

describe('what the host can do about requests', () => {
  test('retransmission off: one datagram, and 39.5 s of patience', () => {
    const pair = new Pair({ client: { retransmit: false }, link: { loss: 1 } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.toServer).toHaveLength(1)
    expect(pair.outcomes).toEqual([{ request: 1, code: 'timeout', at: 39_500 }])
  })

  test('each request may have its own server, policy and attributes', () => {
    const pair = new Pair({ link: { loss: 1 } })
    pair.client.bind(pair.now, {
      server: otherAddress,
      retransmit: { rto: 10, rc: 2, rm: 1 },
      preparing: (builder) => void builder.add(XorMappedAddress, otherAddress),
    })
    pair.simulation.run()
    expect(pair.sentTo).toEqual([otherAddress, otherAddress])
    expect(pair.toServer[0]!.get(XorMappedAddress)).toEqual(otherAddress)
    expect(pair.outcomes).toEqual([{ request: 1, code: 'timeout', at: 20 }])
  })

  test('what waits for a server that cannot be reached any more fails at once, the rest goes on', () => {
    const pair = new Pair()
    pair.client.bind(pair.now)
    pair.client.bind(pair.now, { server: otherAddress })
    pair.client.abandon(pair.now, new StunError('transport', 'reset'), serverAddress)
    expect(pair.outcomes).toEqual([{ request: 1, code: 'transport', at: 0 }])
    pair.simulation.run()
    expect(pair.outcomes[1]).toMatchObject({ request: 2, mapped: pair.clientAddress })
    pair.client.bind(pair.now)
    pair.client.abandon(pair.now, new StunError('transport', 'gone'))
    expect(pair.outcomes[2]).toMatchObject({ request: 3, code: 'transport' })
    expect(pair.client.nextTimeout).toBe(Infinity)
  })

  test('a failed request may be asked again from the call that tells of it', () => {
    const pair = new Pair({ link: { loss: 1 } })
    let again = 0
    pair.onFailure = () => {
      if (++again < 3) pair.client.bind(pair.now)
    }
    pair.client.bind(pair.now)
    pair.client.cancel(pair.now)
    pair.client.cancel(pair.now)
    pair.simulation.run()
    expect(pair.outcomes.map(({ code }) => code)).toEqual(['cancelled', 'cancelled', 'timeout'])
  })

  test('an account is no obstacle where the server asks for none', () => {
    const pair = new Pair({ client: { credentials: account } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toEqual([{ request: 1, mapped: pair.clientAddress }])
    expect(pair.client.discarded.total).toBe(0)
  })

  test('what is known about more servers than anybody configures is forgotten', () => {
    const pair = new Pair({ client: { credentials: account }, server: { longTerm } })
    const ask = (port: number): number => {
      const before = pair.toServer.length
      pair.client.bind(pair.now, { server: transportAddress('198.51.100.2', port) })
      pair.simulation.run()
      return pair.toServer.length - before
    }
    // A challenge each, and none for who is known.
    expect([ask(1), ask(1)]).toEqual([2, 1])
    for (let port = 2; port <= 64; port++) expect(ask(port)).toBe(2)
    expect(ask(1)).toBe(1)
    expect([ask(65), ask(1)]).toEqual([2, 2])
  })

  test('§10: a 300 is not followed where that is switched off', () => {
    const pair = new Pair({
      client: { followAlternate: false },
      server: { alternateServer: () => otherAddress },
    })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.sentTo).toEqual([serverAddress])
    expect(pair.outcomes).toMatchObject([{ code: 300 }])
  })

  test('§10: servers that refer to each other in a circle are left; five is enough', () => {
    const pair = new Pair()
    const server = (port: number) => transportAddress('198.51.100.2', port)
    for (const hosts of [2, 100]) {
      let next = 0
      pair.alter = (answer) =>
        MessageBuilder.error(answer, 300)
          .add(AlternateServer, server(1 + (next++ % hosts)))
          .finish()
      pair.sentTo.length = 0
      pair.client.bind(pair.now)
      pair.simulation.run()
      expect(pair.sentTo).toHaveLength(hosts === 2 ? 3 : 5)
      expect(pair.outcomes.at(-1)).toMatchObject({ code: 300 })
    }
  })

  test('§10: the alternate server comes with its domain, or with the one that is known', () => {
    const server = { ...serverAddress, domain: 'example.org' }
    for (const [domain, expected] of [
      ['other.example.org', 'other.example.org'],
      [undefined, 'example.org'],
    ] as const) {
      const pair = new Pair({
        client: { server },
        server: {
          alternateServer: () => (domain === undefined ? otherAddress : { ...otherAddress, domain }),
        },
      })
      pair.client.bind(pair.now)
      pair.simulation.run({ until: () => pair.sentTo.length === 2 })
      expect(pair.sentTo[1]).toEqual({ ...otherAddress, domain: expected })
    }
  })

  test('§10: an unsigned 300 to a signed request is as if it never came', () => {
    const pair = new Pair({ client: { credentials: account }, server: { longTerm } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    pair.sentTo.length = 0
    pair.alter = (answer) => MessageBuilder.error(answer, 300).add(AlternateServer, otherAddress).finish()
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(new Set(pair.sentTo)).toEqual(new Set([serverAddress]))
    expect(pair.outcomes[1]).toMatchObject({ code: 'unauthenticated' })
  })

  test('a server that refers to ever new ones is not remembered with all of them', () => {
    const pair = new Pair()
    let port = 0
    pair.alter = (answer) =>
      MessageBuilder.error(answer, 300)
        .add(AlternateServer, transportAddress('198.51.100.2', ++port))
        .finish()
    for (let i = 0; i < 100; i++) {
      pair.client.bind(pair.now)
      pair.simulation.run()
    }
    expect(pair.outcomes.every(({ code }) => code === 300)).toBe(true)
    pair.alter = (answer) => answer.wire
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes.at(-1)).toMatchObject({ mapped: pair.clientAddress })
  })

  test('an indication keeps the mapping alive and is not answered', () => {
    const pair = new Pair()
    pair.client.indicate()
    pair.simulation.run()
    expect(pair.toServer[0]!.class).toBe(MessageClass.indication)
    expect(pair.server.discarded.snapshot()).toEqual({ 'not-a-request': 1 })
    expect(pair.client.nextTimeout).toBe(Infinity)
    pair.client.close()
    expect(() => pair.client.indicate()).toThrow(expect.objectContaining({ code: 'closed' }))
  })
})

describe('§6.2.1: the retransmission time-out', () => {
  test('follows the round-trip time of the server', () => {
    const pair = new Pair({ link: { latency: 400 } })
    // 800 ms there and back: the first request is sent again after 500, so the next one waits for 1000.
    for (let i = 0; i < 12; i++) {
      pair.client.bind(pair.now)
      pair.simulation.run()
    }
    expect(pair.outcomes).toHaveLength(12)
    expect(pair.toServer).toHaveLength(13)
  })

  test('is doubled by a request that had to be sent again, and takes no sample from it (Karn)', () => {
    const estimator = new RtoEstimator(500)
    estimator.rto(Millis(0))
    estimator.backOff()
    expect(estimator.rto(Millis(0))).toBe(1_000)
    estimator.sample(200)
    expect(estimator.rto(Millis(0))).toBe(600)
  })

  test('is computed by RFC 6298 §2 to the millisecond, between 100 ms and 3 s', () => {
    const estimator = new RtoEstimator(500)
    expect(estimator.rto(Millis(0))).toBe(500)
    estimator.sample(100)
    expect(estimator.rto(Millis(0))).toBe(300)
    estimator.sample(140)
    // SRTT 105, RTTVAR 0.75 * 50 + 0.25 * 40.
    expect(estimator.rto(Millis(0))).toBe(105 + 4 * 47.5)
    for (let i = 0; i < 50; i++) estimator.sample(1)
    expect(estimator.rto(Millis(0))).toBe(100)
    for (let i = 0; i < 9; i++) estimator.backOff()
    expect(estimator.rto(Millis(0))).toBe(3_000)
  })

  test('is not measured by a request that was sent twice', () => {
    const pair = new Pair({ client: { retransmit: { rto: 300 } } })
    const stray = MessageBuilder.success({ method: 1, transactionId: new Uint8Array(12) }).finish()
    pair.alter = (answer) => (pair.toClient.length === 0 ? stray : answer.wire)
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect([pair.toServer.length, pair.now]).toEqual([2, 320])
    const asked = pair.now
    pair.client.bind(asked)
    expect(pair.client.nextTimeout - asked).toBe(600)
  })

  test('is never shortened by a retransmission', () => {
    const estimator = new RtoEstimator(5_000)
    estimator.backOff()
    expect(estimator.rto(Millis(0))).toBe(5_000)
  })

  test('is forgotten after ten minutes', () => {
    const estimator = new RtoEstimator(500)
    estimator.rto(Millis(0))
    estimator.sample(100)
    expect(estimator.rto(Millis(600_000))).toBe(300)
    expect(estimator.rto(Millis(1_200_001))).toBe(500)
  })
})
