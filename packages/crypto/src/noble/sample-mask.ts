import { ecb } from '@noble/ciphers/aes.js'
import { chacha20 } from '@noble/ciphers/chacha.js'

import { type AeadAlgorithm, checkKey } from '../aead.ts'
import { type SampleMask, sampleLength } from '../sample-mask.ts'

export function createNobleSampleMask(algorithm: AeadAlgorithm, key: Uint8Array): SampleMask {
  checkKey(algorithm, key)
  const secret = new Uint8Array(key)
  if (algorithm === 'chacha20-poly1305')
    return {
      of: (sample, at) => {
        const nonce = sample.slice(at + 4, at + sampleLength)
        const counter =
          (sample[at]! | (sample[at + 1]! << 8) | (sample[at + 2]! << 16) | (sample[at + 3]! << 24)) >>> 0
        return chacha20(secret, nonce, new Uint8Array(5), undefined, counter)
      },
    }
  return {
    of: (sample, at) => ecb(secret, { disablePadding: true }).encrypt(sample.slice(at, at + sampleLength)),
  }
}
