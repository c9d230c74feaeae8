import { describe, expect, test } from '@jest/globals'
import { ErrorCode, Lifetime, type MessageBuilder, Method, RequestedTransport } from '@purertc/stun'

import { Places } from '../src/node/bin/places.ts'
import { ann, bob, ServerBench } from './server-bench.ts'

const udp = (message: MessageBuilder): unknown => message.add(RequestedTransport, 17)

describe('a server that shares its users with others', () => {
  test('opens no relay before the place is granted, and tells when it is over', () => {
    const [claimed, released]: [[number, string][], number[]] = [[], []]
    const bench = new ServerBench(
      { account: (username) => `account of ${username}` },
      {
        claimPlace: (place, account) => claimed.push([place, account]),
        releasePlace: (place) => released.push(place),
      },
    )
    bench.deliver(bench.request(Method.allocate, udp))
    expect(claimed).toEqual([[1, 'account of ann']])
    expect([bench.opened, bench.toClients]).toEqual([[], []])
    bench.server.placeClaimed(1, null)
    expect(bench.events).toEqual(['created ann'])
    bench.toClients.length = 0
    expect(bench.codeOf(Method.refresh, (message) => message.add(Lifetime, 0))).toBe(0)
    expect(released).toEqual([1])
  })

  test('refuses with the code that it is given, and forgets whom it cannot open a relay for', () => {
    const released: number[] = []
    const bench: ServerBench = new ServerBench(
      {},
      {
        claimPlace: (place) => bench.server.placeClaimed(place, place === 1 ? 486 : place === 2 ? 508 : null),
        releasePlace: (place) => released.push(place),
      },
    )
    expect(bench.ask(Method.allocate, udp, ann).get(ErrorCode)?.code).toBe(486)
    expect(bench.ask(Method.allocate, udp, bob).get(ErrorCode)?.code).toBe(508)
    bench.opensRelays = false
    bench.deliver(bench.request(Method.allocate, udp))
    for (let tries = 0; tries < 8; tries++) bench.server.relayFailed(bench.now, 3)
    expect(bench.reply().get(ErrorCode)?.code).toBe(508)
    expect(released).toEqual([1, 2, 3])
    expect(bench.server.load.ports).toBe(0)
  })

  test('gives a place back whose client has gone before the answer, which then means nothing', () => {
    const released: number[] = []
    const bench = new ServerBench(
      {},
      { claimPlace: () => undefined, releasePlace: (place) => released.push(place) },
    )
    bench.deliver(bench.request(Method.allocate, udp))
    bench.server.listenerClosed(0)
    expect(released).toEqual([1])
    bench.server.placeClaimed(1, null)
    expect([bench.opened, bench.server.load.opening]).toEqual([[], 0])
  })
})

describe('the places of several processes', () => {
  test('are counted over all: 486 for the user, 508 for everybody', () => {
    const places = new Places({ perUser: 2, total: 3 })
    expect(places.claim(0, 1, 'ann')).toBeNull()
    expect(places.claim(1, 1, 'ann')).toBeNull()
    expect(places.claim(0, 2, 'ann')).toBe(486)
    places.release(0, 2)
    expect(places.claim(0, 3, 'bob')).toBeNull()
    expect(places.claim(1, 2, 'eve')).toBe(508)
    places.release(0, 1)
    expect(places.claim(1, 3, 'ann')).toBeNull()
    expect(places.size).toEqual({ places: 3, accounts: 2 })
  })

  test('of a process that has died are free', () => {
    const places = new Places({ perUser: 2, total: 2 })
    places.claim(0, 1, 'ann')
    places.claim(0, 2, 'ann')
    places.forget(0)
    expect(places.size).toEqual({ places: 0, accounts: 0 })
    expect(places.claim(0, 1, 'ann')).toBeNull()
  })
})
