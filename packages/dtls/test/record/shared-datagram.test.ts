import { describe, expect, test } from '@jest/globals'

import { only12, Pair, upTo13 } from '../pair.ts'

const versions = [
  ['1.2', only12],
  ['1.3', upTo13],
] as const

/** A connected pair, and the datagrams that the client sends from then on. */
function connected(range: typeof only12 | typeof upTo13): { pair: Pair; datagrams: Uint8Array[] } {
  const pair = new Pair({ client: { versions: range }, server: { versions: range, cookie: 'verified-path' } })
  pair.handshake().sim.advance(1_000)
  const datagrams: Uint8Array[] = []
  pair.client.send = (datagram) => {
    datagrams.push(datagram.slice())
    pair.toServer.send(datagram)
  }
  return { pair, datagrams }
}

const message = (content: number, length: number): Uint8Array => new Uint8Array(length).fill(content)

describe.each(versions)('records that share a datagram, DTLS %s', (_version, range) => {
  test('leave with the first one that is not followed, and arrive in order', () => {
    const { pair, datagrams } = connected(range)
    const { client, server } = pair
    for (let i = 0; i < 4; i++) client.association.send(pair.sim.now, message(i, 16_300), i < 3)
    client.association.send(pair.sim.now, message(4, 10))
    expect(datagrams.map(({ length }) => length > 65_000)).toEqual([true, false])
    pair.sim.advance(100)
    expect(server.messages.map(({ length }) => length)).toEqual([16_300, 16_300, 16_300, 16_300, 10])
    expect(server.messages.map((bytes) => bytes.at(-1))).toEqual([0, 1, 2, 3, 4])
    expect(server.association.discarded.total).toBe(0)
  })

  test('stand for themselves: one that is damaged costs none of the others', () => {
    const { pair } = connected(range)
    pair.toServer.intercept((_index, bytes) => {
      const damaged = bytes.slice()
      damaged[Math.floor(bytes.length / 2)]! ^= 1
      return damaged
    })
    for (let i = 0; i < 3; i++) pair.client.association.send(pair.sim.now, message(i, 500), i < 2)
    pair.sim.advance(100)
    expect(pair.server.messages.map((bytes) => bytes[0])).toEqual([0, 2])
    expect(pair.server.association.discarded.snapshot()).toEqual({ forged: 1 })
  })

  test('are each taken once, though the datagram comes twice', () => {
    const { pair, datagrams } = connected(range)
    for (let i = 0; i < 3; i++) pair.client.association.send(pair.sim.now, message(i, 500), i < 2)
    pair.toServer.send(datagrams[0]!)
    pair.sim.advance(100)
    expect(pair.server.messages).toHaveLength(3)
    expect(pair.server.association.discarded.snapshot()).toEqual({ replayed: 3 })
  })

  test('leave before the goodbye, whoever broke the promise of another', () => {
    const { pair, datagrams } = connected(range)
    pair.client.association.send(pair.sim.now, message(7, 100), true)
    expect(datagrams).toEqual([])
    pair.client.association.close(pair.sim.now)
    pair.sim.advance(100)
    expect(datagrams).toHaveLength(1)
    expect(pair.server.messages).toHaveLength(1)
    expect(pair.server.reason).toEqual({ kind: 'close-notify' })
  })

  test('leave before an answer to the peer', () => {
    const { pair } = connected(range)
    pair.client.association.send(pair.sim.now, message(7, 100), true)
    pair.server.association.send(pair.sim.now, message(8, 100))
    pair.sim.advance(100)
    expect(pair.server.messages).toHaveLength(1)
  })
})

test('a host that sends while a datagram leaves does not disturb it', () => {
  const { pair } = connected(upTo13)
  const { client, server } = pair
  const { send } = client
  let isFirst = true
  client.send = (datagram) => {
    if (isFirst) {
      isFirst = false
      client.association.send(pair.sim.now, message(9, 200), true)
    }
    send(datagram)
  }
  for (let i = 0; i < 3; i++) client.association.send(pair.sim.now, message(i, 500), i < 2)
  pair.sim.advance(100)
  expect(server.messages.map((bytes) => bytes[0]).sort()).toEqual([0, 1, 2, 9])
  expect(server.association.discarded.total).toBe(0)
})
