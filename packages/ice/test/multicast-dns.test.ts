import { randomUUID } from 'node:crypto'

import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import {
  IceSockets,
  MulticastDns,
  type MulticastReceived,
  NodeIceTransport,
  UdpMux,
} from '../src/node/index.ts'
import { decodeDnsMessage, DnsType, encodeQuery, encodeResponse } from '../src/node/mdns/dns-message.ts'

const NAME = '1f4712db-ea17-4bcf-a596-105139dfd8bf.local'

/** A link without a network: everybody hears what is said to all. */
class Link {
  readonly #stations: MulticastReceived[] = []
  readonly said: { readonly bytes: Uint8Array; readonly isAlone: boolean }[] = []

  station(): MulticastDns {
    return new MulticastDns({
      intervals: [500, 1_000],
      open: async (received) => {
        this.#stations.push(received)
        return {
          send: (bytes, to) => {
            this.said.push({ bytes: new Uint8Array(bytes), isAlone: to !== undefined })
            this.say(bytes)
          },
          close: () => void this.#stations.splice(this.#stations.indexOf(received), 1),
        }
      },
    })
  }

  say(bytes: Uint8Array, port = 5_353): void {
    for (const received of [...this.#stations]) received(bytes, { address: '192.168.1.9', port })
  }

  get size(): number {
    return this.#stations.length
  }
}

/** What comes of it when all time has passed that there is. */
async function atLast<T>(resolved: Promise<T>): Promise<T> {
  await jest.advanceTimersByTimeAsync(60_000)
  return resolved
}

describe('names over multicast', () => {
  beforeEach(stopClock)

  test.each(['192.168.1.5', '2001:db8::5'])(
    '%s is found by the name that was published for it',
    async (address) => {
      const link = new Link()
      const [ours, theirs] = [link.station(), link.station()]
      const name = ours.publish(address)
      expect(name).toMatch(/^[0-9a-f-]{36}\.local$/)
      expect(await theirs.resolve(name.toUpperCase().replace('LOCAL', 'local'))).toEqual([address])
      expect(ours.publish(address)).not.toBe(name)
    },
  )

  test('a name that nobody has is asked for as often as there are intervals, and given up', async () => {
    const link = new Link()
    expect(await atLast(link.station().resolve(NAME))).toEqual([])
    expect(link.said.map(({ bytes }) => decodeDnsMessage(bytes)?.questions.map(({ type }) => type))).toEqual([
      [DnsType.a, DnsType.aaaa],
      [DnsType.a, DnsType.aaaa],
    ])
  })

  test.each([
    'router.local',
    'a.1f4712db-ea17-4bcf-a596-105139dfd8bf.local',
    '1f4712db-ea17-1bcf-a596-105139dfd8bf.local',
    '1f4712db-ea17-4bcf-c596-105139dfd8bf.local',
    '1f4712db-ea17-4bcf-a596-105139dfd8bf.local.',
  ])('%s is not asked for: it is no UUID of version 4', async (name) => {
    const link = new Link()
    expect(await link.station().resolve(name)).toEqual([])
    expect(link.size).toBe(0)
  })

  test('no more than 32 names are asked for at a time', async () => {
    const link = new Link()
    const station = link.station()
    const all = Array.from({ length: 100 }, () => station.resolve(`${randomUUID()}.local`))
    await atLast(Promise.all(all))
    const asked = new Set(link.said.map(({ bytes }) => decodeDnsMessage(bytes)?.questions[0]?.name))
    expect(asked.size).toBe(32)
  })

  test('what is withdrawn is taken back, and nothing is left open', async () => {
    const link = new Link()
    const [ours, theirs] = [link.station(), link.station()]
    const name = ours.publish('192.168.1.5')
    const open = theirs.resolve(NAME)
    await jest.advanceTimersByTimeAsync(1)
    ours.close()
    theirs.close()
    expect(await open).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    expect(decodeDnsMessage(link.said.at(-1)?.bytes ?? new Uint8Array())?.answers).toEqual([
      { name, address: Uint8Array.of(192, 168, 1, 5), ttl: 0 },
    ])
    expect(link.size).toBe(0)
    expect(await ours.resolve(NAME)).toEqual([])
  })
})

describe('answers that must not be believed', () => {
  beforeEach(stopClock)

  const address = Uint8Array.of(192, 168, 1, 5)

  test.each([
    ['from another port', encodeResponse({ name: NAME, address, ttl: 120 }), 4_000],
    ['for another name', encodeResponse({ name: NAME.replace('1f', '2f'), address, ttl: 120 }), 5_353],
    ['that take the name back', encodeResponse({ name: NAME, address, ttl: 0 }), 5_353],
    ['that are cut off', encodeResponse({ name: NAME, address, ttl: 120 }).subarray(0, -1), 5_353],
  ])('those %s', async (_what, bytes, port) => {
    const link = new Link()
    const resolved = link.station().resolve(NAME)
    await jest.advanceTimersByTimeAsync(1)
    link.say(bytes, port)
    expect(await atLast(resolved)).toEqual([])
  })

  test('several addresses are none', async () => {
    const link = new Link()
    const resolved = link.station().resolve(NAME)
    await jest.advanceTimersByTimeAsync(1)
    const one = encodeResponse({ name: NAME, address, ttl: 120 })
    const two = encodeResponse({ name: NAME, address: Uint8Array.of(192, 168, 1, 6), ttl: 120 })
    const both = new Uint8Array([...one, ...two.subarray(12)])
    both[7] = 2
    link.say(both)
    expect(await resolved).toEqual([])
  })
})

describe('DNS messages', () => {
  test('a query and an answer, byte by byte', () => {
    expect(Buffer.from(encodeQuery('ab.local')).toString('hex')).toBe(
      '000000000002000000000000026162056c6f63616c0000010001026162056c6f63616c00001c0001',
    )
    const answer = encodeResponse({ name: 'ab.local', address: Uint8Array.of(10, 0, 0, 1), ttl: 120 })
    expect(Buffer.from(answer).toString('hex')).toBe(
      '000084000000000100000000026162056c6f63616c00000180010000007800040a000001',
    )
  })

  test('names may point back, and in no circles', () => {
    const query = encodeQuery('ab.local')
    // The second question's name becomes a pointer to the first.
    const pointed = new Uint8Array([...query.subarray(0, 26), 0xc0, 12, 0, 28, 0, 1])
    expect(decodeDnsMessage(pointed)?.questions.map(({ name }) => name)).toEqual(['ab.local', 'ab.local'])
    for (const target of [26, 27, 30, 255])
      expect(
        decodeDnsMessage(new Uint8Array([...query.subarray(0, 26), 0xc0, target, 0, 28, 0, 1])),
      ).toBeNull()
  })

  test('any bytes, and mutations of real ones, are null or a message', () => {
    const random = new Random(6_762)
    const seeds = [encodeQuery(NAME), encodeResponse({ name: NAME, address: new Uint8Array(16), ttl: 9 })]
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeDnsMessage(bytes)))
    for (let i = 0; i < 5_000; i++) {
      const bytes = new Uint8Array(seeds[i % 2] ?? [])
      for (let n = 0; n <= random.int(4); n++) bytes[random.int(bytes.length)] = random.int(256)
      const message = decodeDnsMessage(bytes.subarray(0, random.int(bytes.length + 1)))
      for (const { address } of message?.answers ?? []) expect([4, 16]).toContain(address.length)
    }
  })
})

test('the shared port of a mux is hidden, too, and by one name for each address', async () => {
  const mux = await UdpMux.bind({ addresses: ['127.0.0.1'], port: 0 })
  const ignore = (): void => undefined
  const sockets = new IceSockets(
    { addresses: ['127.0.0.1'], mux, udp: true, mdns: 'hide' },
    {
      handleDatagram: ignore,
      handleServerMessage: ignore,
      serverLost: ignore,
      connectionLost: ignore,
      nameResolved: ignore,
    },
  )
  const names = (await sockets.open()).map(({ name }) => name)
  expect(names).toHaveLength(2)
  expect(names[0]).toMatch(/^[0-9a-f-]{36}\.local$/)
  expect(names[1]).toBe(names[0])
  await sockets.close()
  await mux.close()
})

test('two agents that hide their addresses find each other over the loopback of this machine', async () => {
  const lines: string[] = []
  const received: string[] = []
  const open = (role: 'controlling' | 'controlled', other: () => NodeIceTransport): NodeIceTransport =>
    new NodeIceTransport(
      { role, addresses: ['127.0.0.1'], mdns: 'hide' },
      {
        candidateGathered: (candidate) => {
          if (candidate !== null) lines.push(candidate.address)
          other().addRemoteCandidate(candidate)
        },
        gatheringStateChanged: () => undefined,
        stateChanged: () => undefined,
        pairSelected: () => undefined,
        received: (_now, bytes) => received.push(new TextDecoder().decode(bytes)),
      },
    )
  const a: NodeIceTransport = open('controlling', () => b)
  const b: NodeIceTransport = open('controlled', () => a)
  a.setRemoteCredentials(b.agent.localCredentials)
  b.setRemoteCredentials(a.agent.localCredentials)
  await Promise.all([a.gather(), b.gather()])
  // A check that comes before the name is resolved makes a peer-reflexive candidate, until it is.
  await eventually(() => a.agent.pairs.some(({ remote }) => remote.type === 'host'))
  await eventually(() => a.send(new TextEncoder().encode('hello')))
  await eventually(() => received.includes('hello'))
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line).toMatch(/^[0-9a-f-]{36}\.local$/)
  expect(a.agent.discarded.snapshot()).not.toHaveProperty('unresolved-candidate')
  expect(a.agent.pairs.map(({ remote }) => [remote.type, remote.address])).toEqual([['host', '127.0.0.1']])
  await Promise.all([a.close(), b.close()])
})
