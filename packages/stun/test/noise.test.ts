import { expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'

import { LongTermCredentials, StunServer, type TransportAddress, transportAddress } from '../src/index.ts'
import { decode, otherAddress, Pair, request, serverAddress } from './pair.ts'

const account = { kind: 'long-term', username: 'user', password: 'secret' } as const
const longTerm = { realm: 'example.org', password: (name: string) => (name === 'user' ? 'secret' : null) }

test('10,000 hostile datagrams on each side: each is answered or counted, and the request succeeds', () => {
  const pair = new Pair({ client: { credentials: account }, server: { longTerm } })
  const random = new Random(1)
  pair.client.bind(pair.now)
  pair.simulation.run()
  // Captured from both directions, so that the mutations know the realm, the nonce and the true form of everything.
  const captured = [...pair.toServer, ...pair.toClient].map(({ wire }) => wire)
  pair.client.bind(pair.now)
  captured.push(pair.toServer.at(-1)?.wire ?? new Uint8Array())
  const server = new StunServer({ crypto: nodeCrypto, longTerm }, { transmit: () => undefined })
  for (let i = 0; i < 10_000; i++) {
    const bytes = mutated(random, captured[random.int(captured.length)]!)
    server.handleDatagram(Millis(i), otherAddress, serverAddress, bytes)
    pair.client.handleDatagram(pair.now, bytes)
  }
  expect(server.answered.total + server.discarded.total).toBe(10_000)
  expect(server.answered.get('success')).toBe(0)
  pair.simulation.run()
  expect(pair.outcomes[1]).toEqual({ request: 2, mapped: pair.clientAddress })
})

test('a replayed request of another address is refused, and nobody else’s name helps', () => {
  const answers: number[] = []
  const server = new StunServer(
    { crypto: nodeCrypto, longTerm },
    {
      transmit: () => undefined,
      answering: (_client: TransportAddress, code) => {
        answers.push(code ?? 0)
        return true
      },
    },
  )
  const credentials = new LongTermCredentials(nodeCrypto, 'user', 'secret')
  const victim = transportAddress('192.0.2.7', 4242)
  const learning = new StunServer(
    { crypto: nodeCrypto, longTerm },
    { transmit: (_to, bytes) => void credentials.learn(decode(bytes), false) },
  )
  learning.handleDatagram(Millis(0), victim, serverAddress, request().finish())
  const captured = credentials.sign(request()).finish()
  server.handleDatagram(Millis(0), victim, serverAddress, captured)
  server.handleDatagram(Millis(0), otherAddress, serverAddress, captured)
  // Nonces of one server mean nothing to another.
  expect(answers).toEqual([438, 438])
})

function mutated(random: Random, seed: Uint8Array): Uint8Array {
  const bytes = seed.slice(0, random.chance(0.1) ? random.int(seed.length) : seed.length)
  for (let flips = 1 + random.int(4); flips > 0 && bytes.length > 0; flips--)
    bytes[random.int(bytes.length)]! ^= 1 << random.int(8)
  return bytes
}
