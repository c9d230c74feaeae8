import { describe, expect, test } from '@jest/globals'
import { concatBytes, toHex } from '@purertc/bytes'

import { Pair, only12, upTo13 } from '../pair.ts'
import { Trial } from './liar.ts'
import { serverHello } from './lies.ts'

/** RFC 8446 §4.1.3: "DOWNGRD" and the version below 1.3 that was agreed on. */
const toVersion12 = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 1)
const toVersion11 = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0)

const endingWith = (sentinel: Uint8Array): ReturnType<typeof serverHello> =>
  serverHello(({ random }) => ({ random: concatBytes(random.subarray(0, 24), sentinel) }))

describe('a client that offered DTLS 1.3 and is answered by 1.2', () => {
  const honest = { versions: upTo13 }

  test('believes a server that knows no better', () => {
    expect(new Trial('client', (_type, body) => body, { honest }).verdict).toBe('connected')
  })

  test.each([
    ['1.2', toVersion12],
    ['1.1', toVersion11],
  ])('ends where the random says that 1.3 was taken out of its offer, down to %s', (_version, sentinel) => {
    expect(new Trial('client', endingWith(sentinel), { honest }).verdict).toBe(
      'illegal-parameter: illegal_parameter',
    )
  })
})

test('a client that did not offer DTLS 1.3 minds the signature over the random alone', () => {
  expect(new Trial('client', endingWith(toVersion12)).verdict).toBe('bad-signature: decrypt_error')
})

test.each([
  ['could have spoken DTLS 1.3 says so in its random', upTo13, true],
  ['speaks DTLS 1.2 at most has nothing to say', only12, false],
])('a server that %s', (_name, versions, expected) => {
  const pair = new Pair({ server: { versions } })
  let seen = ''
  pair.toClient.intercept((_index, bytes) => {
    seen += toHex(bytes)
    return 'pass'
  })
  pair.client.association.connect(pair.sim.now)
  pair.sim.run({ until: () => pair.isConnected })
  expect(pair.isConnected).toBe(true)
  expect(seen.includes(toHex(toVersion12))).toBe(expected)
})
