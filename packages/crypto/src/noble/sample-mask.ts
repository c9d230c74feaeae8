import { ecb } from '@noble/ciphers/aes.js'
import { chacha20 } from '@noble/ciphers/chacha.js'

import { type AeadAlgorithm, checkKey } from '../aead.ts'
import { type SampleMask, sampleOf } from '../sample-mask.ts'

export function createNobleSampleMask(algorithm: AeadAlgorithm, key: Uint8Array): SampleMask {
  checkKey(algorithm, key)
  const secret = new Uint8Array(key)
  if (algorithm === 'chacha20-poly1305')
    return {
      of: (bytes, at) => {
        const sample = new Uint8Array(sampleOf(bytes, at))
        const counter = (sample[0]! | (sample[1]! << 8) | (sample[2]! << 16) | (sample[3]! << 24)) >>> 0
        return chacha20(secret, sample.subarray(4), new Uint8Array(5), undefined, counter)
      },
    }
  return {
    of: (bytes, at) => ecb(secret, { disablePadding: true }).encrypt(new Uint8Array(sampleOf(bytes, at))),
  }
}
