import { createCipheriv, createSecretKey } from 'node:crypto'

import { type AeadAlgorithm, checkKey } from '../aead.ts'
import { type SampleMask, sampleOf } from '../sample-mask.ts'

export function createNodeSampleMask(algorithm: AeadAlgorithm, key: Uint8Array): SampleMask {
  checkKey(algorithm, key)
  const secret = createSecretKey(key)
  if (algorithm === 'chacha20-poly1305')
    return {
      // OpenSSL's IV is the counter, little-endian, and the nonce: just what the sample holds.
      of: (sample, at) => createCipheriv('chacha20', secret, sampleOf(sample, at)).update(zeros),
    }
  // ECB has no state between blocks: one cipher serves as long as the key.
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', secret, null)
  return { of: (sample, at) => cipher.update(sampleOf(sample, at)) }
}

const zeros = new Uint8Array(5)
