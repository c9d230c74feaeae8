import { createHash, createSecretKey } from 'node:crypto'

import { type Aead, type AeadAlgorithm, checkKey } from '../aead.ts'
import type { Hash, HashAlgorithm } from '../hash.ts'
import type { CryptoProvider } from '../provider.ts'
import { NodeAead } from './aead.ts'
import { NodeAesGcm, SharedGcm } from './aes-gcm.ts'
import { plain } from './bytes.ts'
import { Entropy } from './entropy.ts'
import { NodeHmac } from './hmac.ts'
import { answerNodeKeyExchange, createNodeKeyExchange } from './key-exchange.ts'
import { createNodeSampleMask } from './sample-mask.ts'
import { importNodePrivateKey, importNodePublicKey } from './signature.ts'

/** The provider on node:crypto (OpenSSL, or BoringSSL on Bun and ring on Deno). */
export const nodeCrypto: CryptoProvider = {
  name: 'node',
  keyKinds: ['ec-p256', 'ec-p384', 'ed25519', 'rsa'],
  randomFill: (into) => entropy.fill(into),
  hash: (algorithm, ...parts) => {
    const hash = createHash(algorithm)
    for (const part of parts) hash.update(part)
    return plain(hash.digest())
  },
  createHash: (algorithm) => new NodeHash(algorithm),
  hmac: (algorithm, key, ...parts) => hmac.compute(algorithm, key, parts),
  createHmac: (algorithm, key) => hmac.create(algorithm, key),
  createAead,
  createSampleMask: createNodeSampleMask,
  createKeyExchange: createNodeKeyExchange,
  answerKeyExchange: answerNodeKeyExchange,
  importPrivateKey: importNodePrivateKey,
  importPublicKey: importNodePublicKey,
}

function createAead(algorithm: AeadAlgorithm, key: Uint8Array): Aead {
  if (algorithm === 'aes-128-gcm' || algorithm === 'aes-256-gcm')
    return new NodeAesGcm(algorithm, key, sharedGcm)
  checkKey(algorithm, key)
  return new NodeAead(algorithm, createSecretKey(key))
}

const entropy = new Entropy()

const hmac = new NodeHmac()

/** Scratch memory, and tables that can be made again. */
const sharedGcm = new SharedGcm()

class NodeHash implements Hash {
  readonly #hash: ReturnType<typeof createHash>

  constructor(algorithm: HashAlgorithm) {
    this.#hash = createHash(algorithm)
  }

  update(data: Uint8Array): void {
    this.#hash.update(data)
  }

  digest(): Uint8Array {
    return plain(this.#hash.copy().digest())
  }
}
