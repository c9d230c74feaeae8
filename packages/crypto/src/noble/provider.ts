import type { CryptoProvider } from '../provider.ts'
import { NobleAead } from './aead.ts'
import { createNobleHash, createNobleHmac, nobleHash, nobleHmac } from './hash.ts'
import { answerNobleKeyExchange, createNobleKeyExchange } from './key-exchange.ts'
import { createNobleSampleMask } from './sample-mask.ts'
import { importNoblePrivateKey, importNoblePublicKey } from './signature.ts'

/**
 * The provider in pure JavaScript. `randomFill` is its only entropy: it must fill the array from a CSPRNG. Everything
 * else follows from it (ECDSA is RFC 6979), so that a seeded generator makes a whole handshake repeatable in tests.
 *
 * It has no RSA: keys of that kind throw `CryptoError` `unsupported`. JavaScript promises no constant time; where
 * node:crypto exists, prefer `@purertc/crypto/node`, which is also ten to twenty times as fast.
 *
 * @example
 * const provider = createNobleCrypto((into) => crypto.getRandomValues(into))
 */
export function createNobleCrypto(randomFill: (into: Uint8Array) => void): CryptoProvider {
  return {
    name: 'noble',
    keyKinds: ['ec-p256', 'ec-p384', 'ed25519'],
    randomFill,
    hash: nobleHash,
    createHash: createNobleHash,
    hmac: nobleHmac,
    createHmac: createNobleHmac,
    createAead: (algorithm, key) => new NobleAead(algorithm, key),
    createSampleMask: createNobleSampleMask,
    createKeyExchange: (group) => createNobleKeyExchange(group, randomFill),
    answerKeyExchange: (group, peerPublicKey) => answerNobleKeyExchange(group, randomFill, peerPublicKey),
    importPrivateKey: importNoblePrivateKey,
    importPublicKey: importNoblePublicKey,
  }
}
