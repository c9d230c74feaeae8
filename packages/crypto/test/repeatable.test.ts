import { toUtf8 } from '@purertc/bytes'
import { expect, test } from '@jest/globals'

import type { CryptoProvider, KeyExchangeGroup } from '../src/index.ts'
import { createNobleCrypto } from '../src/noble/index.ts'
import { nodeCrypto } from '../src/node/index.ts'
import { pkcs8 } from './keys.ts'

/** A generator that is far from random, but never twice the same. */
const counter = (seed: number): ((into: Uint8Array) => void) => {
  let next = seed
  return (into) => {
    for (let i = 0; i < into.length; i++) into[i] = next = (next * 5 + 3) & 0xff
  }
}

const portable = (seed: number): CryptoProvider => createNobleCrypto(counter(seed))

/** As the README has it: repeatable and fast. */
const composed = (seed: number): CryptoProvider => {
  const randomFill = counter(seed)
  const { createKeyExchange, answerKeyExchange, importPrivateKey } = createNobleCrypto(randomFill)
  return { ...nodeCrypto, randomFill, createKeyExchange, answerKeyExchange, importPrivateKey }
}

const transcript = (provider: CryptoProvider): string[] => {
  const random = new Uint8Array(32)
  provider.randomFill(random)
  const groups: KeyExchangeGroup[] = ['x25519', 'p-256', 'p-384']
  const pairs = groups.map(
    (group) => [provider.createKeyExchange(group), provider.createKeyExchange(group)] as const,
  )
  const key = provider.importPrivateKey(pkcs8('ec-p256', new Uint8Array(32).fill(7)))
  return [
    random,
    ...pairs.flatMap(([a, b]) => [a.publicKey, b.publicKey, a.agree(b.publicKey)]),
    key.sign('ecdsa_secp256r1_sha256', toUtf8('sample')),
  ].map((bytes) => bytes.join())
}

test.each([
  ['the portable provider', portable],
  ['node with keys and signatures of the portable one', composed],
])('%s repeats itself when its entropy does', (_, make) => {
  expect(transcript(make(1))).toEqual(transcript(make(1)))
  const [one, other] = [transcript(make(1)), transcript(make(2))]
  // The signature alone is the same: RFC 6979 takes no entropy.
  expect(one.map((value, i) => value === other[i])).toEqual([...new Array<boolean>(10).fill(false), true])
  expect(new Set(one).size).toBe(one.length)
})
