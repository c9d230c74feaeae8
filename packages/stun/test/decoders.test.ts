/** Attributes and messages are fuzzed by codec-fuzz.test.ts, streams by stream-framer.test.ts; here is what else reads. */
import { expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import * as stun from '../src/index.ts'

const key = new Uint8Array(16).fill(1)
const grant = { macKey: new Uint8Array(20).fill(2), issuedAt: 1_000.5, lifetime: 60 }

/** Each takes hostile text or bytes, and throws where its reader is deceived. */
const readers: Readonly<Record<string, () => void>> = {
  parseStunUri: () => {
    fc.assert(
      fc.property(uris('stun', 'stuns'), (text) => {
        const uri = stun.parseStunUri(text)
        if (uri !== null) expect(stun.parseStunUri(stun.formatStunUri(uri))).toEqual(uri)
      }),
      { numRuns: 2_000 },
    )
  },
  parseIpAddress: () => addresses((text) => stun.parseIpAddress(text)),
  parseIpv4: () =>
    addresses((text) => {
      const bits = stun.parseIpv4(text)
      return bits < 0 ? null : stun.parseIpAddress(stun.formatIpv4(bits))
    }),
  openAccessToken: () => {
    const random = new Random(7635)
    const good = stun.sealAccessToken(nodeCrypto, key, 'here', grant)
    expect(stun.openAccessToken(nodeCrypto, key, 'here', good, 1_010)).toEqual(grant)
    for (let i = 0; i < 5_000; i++) {
      const token = i % 2 === 0 ? good.slice(0, random.int(good.length)) : good.slice()
      if (i % 2 === 1) token[random.int(token.length)]! ^= 1 << random.int(8)
      if (i % 4 === 0) random.fill(token)
      expect(stun.openAccessToken(nodeCrypto, key, 'here', token, 1_010)).toBeNull()
    }
  },
}

test('every reader of text or bytes is in the list', () => {
  const names = Object.keys(stun).filter((name) => /^(parse|read|open|decode)[A-Z]/.test(name))
  expect(Object.keys(readers).sort()).toEqual(names.sort())
})

test.each(Object.keys(readers))('%s: null, or what it reads', (name) => {
  readers[name]?.()
})

function addresses(parse: (text: string) => Uint8Array | null): void {
  const part = fc.constantFrom(
    '0',
    '1',
    '255',
    '256',
    '01',
    'ffff',
    '10000',
    'g',
    '.',
    ':',
    '::',
    '%1',
    ' ',
    '',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(part, { maxLength: 18 }).map((parts) => parts.join('')),
        fc.string(),
      ),
      (text) => {
        const bytes = parse(text)
        if (bytes !== null) expect(parse(stun.formatIpAddress(bytes))).toEqual(bytes)
      },
    ),
    { numRuns: 2_000 },
  )
}

function uris(...schemes: string[]): fc.Arbitrary<string> {
  const part = fc.constantFrom(
    ':',
    '[',
    ']',
    '::1',
    'example.org',
    '192.0.2.1',
    '3478',
    '65536',
    '?',
    '@',
    '/',
    ' ',
  )
  return fc
    .tuple(fc.constantFrom(...schemes, 'STUN', 'http', ''), fc.array(part, { maxLength: 6 }))
    .map(([scheme, parts]) => `${scheme}:${parts.join('')}`)
}
