import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  authenticate,
  integrityOf,
  MessageBuilder,
  shortTermKey,
  Username,
  XorMappedAddress,
} from '../src/index.ts'
import { Pair } from './pair.ts'

const account = { kind: 'long-term', username: 'user', password: 'secret' } as const

describe('short-term credentials', () => {
  const key = shortTermKey('secret')

  test('both kinds of integrity first, then the one that the server answered with', () => {
    const pair = new Pair({ client: { credentials: { ...account, kind: 'short-term' } } })
    pair.alter = (answer) =>
      MessageBuilder.success(answer).add(XorMappedAddress, pair.clientAddress).sign(nodeCrypto, key).finish()
    pair.client.bind(pair.now)
    pair.simulation.run()
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toHaveLength(2)
    const [first, second] = pair.toServer
    expect(first!.get(Username)).toBe('user')
    expect([first!.integrityAt > 0, first!.integritySha256At > 0]).toEqual([true, true])
    expect(authenticate(nodeCrypto, first!, key)).not.toBeNull()
    expect([second!.integrityAt > 0, second!.integritySha256At > 0]).toEqual([true, false])
    expect(integrityOf(second!)).toBe('sha1')
  })

  test('RFC 8489 §9.1.4: an answer of the other kind is dropped after that', () => {
    const pair = new Pair({ client: { credentials: { ...account, kind: 'short-term' } } })
    let integrity: 'sha1' | 'sha256' = 'sha256'
    pair.alter = (answer) =>
      MessageBuilder.success(answer)
        .add(XorMappedAddress, pair.clientAddress)
        .sign(nodeCrypto, key, integrity)
        .finish()
    pair.client.bind(pair.now)
    pair.simulation.run()
    integrity = 'sha1'
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes[1]).toMatchObject({ code: 'unauthenticated' })
  })

  test('a server that does not sign is not believed', () => {
    const pair = new Pair({ client: { credentials: { ...account, kind: 'short-term' } } })
    pair.client.bind(pair.now)
    pair.simulation.run()
    expect(pair.outcomes).toEqual([{ request: 1, code: 'unauthenticated', at: 39_500 }])
    expect(pair.errors[0]!.reason).toContain('a success response')
  })
})
