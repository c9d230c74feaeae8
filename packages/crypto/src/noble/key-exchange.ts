import { x25519 } from '@noble/curves/ed25519.js'
import { p256, p384 } from '@noble/curves/nist.js'

import { CryptoError } from '../crypto-error.ts'
import { answerHybridKeyExchange, createHybridKeyExchange } from '../hybrid-key-exchange.ts'
import {
  answerOnCurve,
  checkKeyShare,
  type CurveGroup,
  type KeyExchange,
  type KeyExchangeAnswer,
  type KeyExchangeGroup,
} from '../key-exchange.ts'
import { createNobleKem } from './kem.ts'

/** The private key is made of the bytes that `randomFill` gives. */
export function createNobleKeyExchange(
  group: KeyExchangeGroup,
  randomFill: (into: Uint8Array) => void,
): KeyExchange {
  if (group === 'x25519mlkem768')
    return createHybridKeyExchange(createNobleKem(randomFill), createX25519(randomFill))
  return group === 'x25519' ? createX25519(randomFill) : createNistCurve(group, randomFill)
}

export function answerNobleKeyExchange(
  group: KeyExchangeGroup,
  randomFill: (into: Uint8Array) => void,
  peerPublicKey: Uint8Array,
): KeyExchangeAnswer {
  if (group === 'x25519mlkem768')
    return answerHybridKeyExchange(createNobleKem(randomFill), createX25519(randomFill), peerPublicKey)
  return answerOnCurve(createNobleKeyExchange(group, randomFill), peerPublicKey)
}

function createX25519(randomFill: (into: Uint8Array) => void): KeyExchange {
  const secretKey = new Uint8Array(x25519.lengths.secretKey ?? 32)
  randomFill(secretKey)
  return {
    group: 'x25519',
    publicKey: x25519.getPublicKey(secretKey),
    agree: (peerPublicKey) => {
      checkKeyShare('x25519', peerPublicKey)
      // It refuses low-order points, whose secret would be all zero (RFC 7748 §6.1).
      return agree('x25519', () => x25519.getSharedSecret(secretKey, peerPublicKey))
    },
  }
}

function createNistCurve(group: 'p-256' | 'p-384', randomFill: (into: Uint8Array) => void): KeyExchange {
  const curve = group === 'p-256' ? p256 : p384
  // More bytes than the scalar has, reduced: no bias to speak of, and no loop (FIPS 186-5 A.2.1).
  const seed = new Uint8Array(curve.lengths.seed ?? 72)
  randomFill(seed)
  const secretKey = curve.utils.randomSecretKey(seed)
  return {
    group,
    publicKey: curve.getPublicKey(secretKey, false),
    agree: (peerPublicKey) => {
      checkKeyShare(group, peerPublicKey)
      const point = agree(group, () => curve.getSharedSecret(secretKey, peerPublicKey, false))
      return point.slice(1, 1 + secretKey.length)
    },
  }
}

function agree(group: CurveGroup, compute: () => Uint8Array): Uint8Array {
  try {
    return compute()
  } catch (cause) {
    throw new CryptoError('invalid-public-key', `no shared secret with this ${group} key`, { cause })
  }
}
