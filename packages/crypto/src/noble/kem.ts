import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'

import { CryptoError } from '../crypto-error.ts'
import type { Kem } from '../kem.ts'

/** ML-KEM-768 in JavaScript; all its entropy comes from `randomFill`. */
export function createNobleKem(randomFill: (into: Uint8Array) => void): Kem {
  return {
    generate: () => {
      const seed = new Uint8Array(64)
      randomFill(seed)
      const { publicKey, secretKey } = ml_kem768.keygen(seed)
      return { publicKey, decapsulate: (ciphertext) => ml_kem768.decapsulate(ciphertext, secretKey) }
    },
    encapsulate: (publicKey) => {
      const message = new Uint8Array(32)
      randomFill(message)
      try {
        const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, message)
        return { ciphertext: cipherText, secret: sharedSecret }
      } catch (cause) {
        // Lengths are right: a coefficient that is not reduced, FIPS 203 §7.2.
        throw new CryptoError('invalid-public-key', 'no encapsulation key of ML-KEM-768', { cause })
      }
    },
  }
}
