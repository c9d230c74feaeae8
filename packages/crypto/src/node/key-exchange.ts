import { createECDH, diffieHellman, type ECDH, generateKeyPairSync, type KeyObject } from 'node:crypto'

import { equalConstantTime } from '../constant-time.ts'
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
import { plain } from './bytes.ts'
import { nodeKem } from './kem.ts'
import { x25519PublicKey } from './key-object.ts'

export function createNodeKeyExchange(group: KeyExchangeGroup): KeyExchange {
  if (group === 'x25519mlkem768') return createHybridKeyExchange(nodeKem, new X25519())
  return group === 'x25519' ? new X25519() : new NistCurve(group)
}

export function answerNodeKeyExchange(group: KeyExchangeGroup, peerPublicKey: Uint8Array): KeyExchangeAnswer {
  if (group === 'x25519mlkem768') return answerHybridKeyExchange(nodeKem, new X25519(), peerPublicKey)
  return answerOnCurve(createNodeKeyExchange(group), peerPublicKey)
}

class X25519 implements KeyExchange {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #privateKey: KeyObject

  constructor() {
    const pair = generateKeyPairSync('x25519')
    this.#privateKey = pair.privateKey
    const { x = '' } = pair.publicKey.export({ format: 'jwk' })
    this.publicKey = new Uint8Array(Buffer.from(x, 'base64url'))
  }

  agree(peerPublicKey: Uint8Array): Uint8Array {
    checkKeyShare(this.group, peerPublicKey)
    // OpenSSL refuses low-order points, whose secret would be all zero (RFC 7748 §6.1); an engine may not.
    const secret = agree(this.group, () =>
      diffieHellman({ privateKey: this.#privateKey, publicKey: x25519PublicKey(peerPublicKey) }),
    )
    if (equalConstantTime(secret, new Uint8Array(secret.length)))
      throw new CryptoError('invalid-public-key', 'all-zero shared secret')
    return secret
  }
}

class NistCurve implements KeyExchange {
  readonly group: 'p-256' | 'p-384'
  readonly publicKey: Uint8Array
  readonly #ecdh: ECDH

  constructor(group: 'p-256' | 'p-384') {
    this.group = group
    this.#ecdh = createECDH(curveNames[group])
    this.publicKey = plain(this.#ecdh.generateKeys())
  }

  agree(peerPublicKey: Uint8Array): Uint8Array {
    checkKeyShare(this.group, peerPublicKey)
    return agree(this.group, () => this.#ecdh.computeSecret(peerPublicKey))
  }
}

function agree(group: CurveGroup, compute: () => Uint8Array): Uint8Array {
  try {
    return plain(compute())
  } catch (cause) {
    throw new CryptoError('invalid-public-key', `no shared secret with this ${group} key`, { cause })
  }
}

const curveNames = { 'p-256': 'prime256v1', 'p-384': 'secp384r1' } as const
