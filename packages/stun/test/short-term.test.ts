import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  authenticate,
  ErrorCode,
  integrityOf,
  type MessageBuilder,
  shortTermKey,
  type StunMessage,
  StunServer,
  transportAddress,
  Username,
  XorMappedAddress,
} from '../src/index.ts'
import { decode, Pair, request, serverAddress } from './pair.ts'

const client = transportAddress('192.0.2.7', 4242)
const shortTerm = { password: (name: string) => (name === 'user' ? 'secret' : null) }
const key = shortTermKey('secret')

describe('RFC 8489 §9.1.3: a server with short-term credentials', () => {
  test.each(['sha1', 'sha256'] as const)('signs as the request was signed: %s', (algorithm) => {
    const answer = ask(request().add(Username, 'user').sign(nodeCrypto, key, algorithm))
    expect(answer.get(XorMappedAddress)).toEqual(client)
    expect(integrityOf(answer)).toBe(algorithm)
    expect(authenticate(nodeCrypto, answer, key)).not.toBeNull()
    expect(answer.has(Username)).toBe(false)
  })

  test('of both kinds of integrity the SHA-256 one counts', () => {
    const both = (sha1: Uint8Array, sha256: Uint8Array): StunMessage =>
      ask(request().add(Username, 'user').sign(nodeCrypto, sha1, 'sha1').sign(nodeCrypto, sha256, 'sha256'))
    expect(integrityOf(both(key, key))).toBe('sha256')
    expect(both(key, new Uint8Array(6)).get(ErrorCode)?.code).toBe(401)
  })

  const signed = (username: string | null, password: string): MessageBuilder => {
    const builder = request()
    if (username !== null) builder.add(Username, username)
    return builder.sign(nodeCrypto, shortTermKey(password))
  }

  test.each([
    ['no integrity', request().add(Username, 'user'), 400],
    ['no name', signed(null, 'secret'), 400],
    ['neither', request(), 400],
    ['an unknown name', signed('nobody', 'secret'), 401],
    ['an unknown name with what stands in for its password', signed('nobody', 'nobody'), 401],
    ['a wrong password', signed('user', 'wrong'), 401],
  ])('%s is refused, and the refusal is not signed', (_case, bare, code) => {
    const answer = ask(bare)
    expect(answer.get(ErrorCode)?.code).toBe(code)
    expect(integrityOf(answer)).toBeNull()
    expect(answer.has(Username)).toBe(false)
  })

  test('and our client agree on SHA-256', () => {
    const credentials = { kind: 'short-term', username: 'user', password: 'secret' } as const
    const pair = new Pair({ client: { credentials }, server: { shortTerm } })
    for (let i = 0; i < 2; i++) {
      pair.client.bind(pair.now)
      pair.simulation.run()
    }
    expect(pair.outcomes).toHaveLength(2)
    expect(pair.server.answered.snapshot()).toEqual({ success: 2 })
    const [first, second] = pair.toServer
    expect([first!.integrityAt > 0, second!.integrityAt > 0]).toEqual([true, false])
  })

  test('a client without credentials is told 400', () => {
    const pair = new Pair({ server: { shortTerm } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toMatchObject([{ code: 400 }])
  })

  test('does not take long-term credentials besides', () => {
    const longTerm = { realm: 'example.org', password: () => null }
    const both = (): unknown =>
      new StunServer({ crypto: nodeCrypto, shortTerm, longTerm }, { transmit: () => undefined })
    expect(both).toThrow(expect.objectContaining({ code: 'invalid-value' }))
  })
})

function ask(builder: MessageBuilder): StunMessage {
  const answers: StunMessage[] = []
  const server = new StunServer(
    { crypto: nodeCrypto, shortTerm },
    { transmit: (_to, bytes) => answers.push(decode(bytes)) },
  )
  server.handleDatagram(Millis(0), client, serverAddress, builder.finish())
  return answers[0]!
}
