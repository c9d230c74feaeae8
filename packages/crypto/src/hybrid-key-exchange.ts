import { concatBytes } from '@purertc/bytes'

import { CryptoError } from './crypto-error.ts'
import type { Kem } from './kem.ts'
import type { KeyExchange, KeyExchangeAnswer } from './key-exchange.ts'

/**
 * X25519MLKEM768, draft-ietf-tls-ecdhe-mlkem: a public key is ML-KEM's and X25519's, an answer ML-KEM's ciphertext and
 * X25519's public key, the secret both secrets, each time ML-KEM's first.
 */
export function createHybridKeyExchange(kem: Kem, x25519: KeyExchange): KeyExchange {
  const pair = kem.generate()
  return {
    group: 'x25519mlkem768',
    publicKey: concatBytes(pair.publicKey, x25519.publicKey),
    agree: (answer) => {
      checkLength(answer, kemSizes.ciphertext + curveShareLength)
      const curveSecret = x25519.agree(answer.subarray(kemSizes.ciphertext))
      return concatBytes(pair.decapsulate(answer.subarray(0, kemSizes.ciphertext)), curveSecret)
    },
  }
}

export function answerHybridKeyExchange(
  kem: Kem,
  x25519: KeyExchange,
  peerPublicKey: Uint8Array,
): KeyExchangeAnswer {
  checkLength(peerPublicKey, kemSizes.publicKey + curveShareLength)
  const curveSecret = x25519.agree(peerPublicKey.subarray(kemSizes.publicKey))
  const { ciphertext, secret } = kem.encapsulate(peerPublicKey.subarray(0, kemSizes.publicKey))
  return {
    publicKey: concatBytes(ciphertext, x25519.publicKey),
    secret: concatBytes(secret, curveSecret),
  }
}

function checkLength(share: Uint8Array, length: number): void {
  if (share.length !== length)
    throw new CryptoError('invalid-public-key', `this share of x25519mlkem768 has ${length} bytes`)
}

/** Bytes in ML-KEM-768, FIPS 203 §8. */
const kemSizes = { publicKey: 1_184, ciphertext: 1_088 } as const
const curveShareLength = 32
