import {
  createPublicKey,
  diffieHellman,
  ECDH,
  createECDH,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'

import { CryptoError } from '../crypto-error.ts'
import type { KeyExchange, KeyExchangeGroup } from '../key-exchange.ts'

export function createNodeKeyExchange(group: KeyExchangeGroup): KeyExchange {
  return group === 'x25519' ? new X25519() : new NistCurve(group)
}

/** SubjectPublicKeyInfo of id-X25519 up to the key's 32 bytes, RFC 8410 §4. */
const x25519SpkiPrefix = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00)

class X25519 implements KeyExchange {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #privateKey: KeyObject

  constructor() {
    const pair = generateKeyPairSync('x25519')
    this.#privateKey = pair.privateKey
    const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
    this.publicKey = new Uint8Array(spki.subarray(x25519SpkiPrefix.length))
  }

  agree(peerPublicKey: Uint8Array): Uint8Array {
    if (peerPublicKey.length !== 32) throw new CryptoError('invalid-public-key', 'an X25519 key has 32 bytes')
    const spki = Buffer.concat([x25519SpkiPrefix, peerPublicKey])
    let secret: Uint8Array
    try {
      const publicKey = createPublicKey({ key: spki, type: 'spki', format: 'der' })
      secret = diffieHellman({ privateKey: this.#privateKey, publicKey })
    } catch (cause) {
      // OpenSSL refuses low-order points, whose secret would be all zero (RFC 7748 §6.1).
      throw new CryptoError('invalid-public-key', 'no shared secret with this X25519 key', { cause })
    }
    if (secret.every((byte) => byte === 0))
      throw new CryptoError('invalid-public-key', 'all-zero shared secret')
    return secret
  }
}

const curveNames = { 'p-256': 'prime256v1', 'p-384': 'secp384r1' } as const

class NistCurve implements KeyExchange {
  readonly group: 'p-256' | 'p-384'
  readonly publicKey: Uint8Array
  readonly #ecdh: ECDH

  constructor(group: 'p-256' | 'p-384') {
    this.group = group
    this.#ecdh = createECDH(curveNames[group])
    this.publicKey = new Uint8Array(this.#ecdh.generateKeys())
  }

  agree(peerPublicKey: Uint8Array): Uint8Array {
    // Only the uncompressed form is allowed on the wire (RFC 8422 §5.4.1).
    if (peerPublicKey.length !== this.publicKey.length || peerPublicKey[0] !== 4)
      throw new CryptoError('invalid-public-key', `not an uncompressed point of ${this.group}`)
    try {
      return this.#ecdh.computeSecret(peerPublicKey)
    } catch (cause) {
      throw new CryptoError('invalid-public-key', `not a point of ${this.group}`, { cause })
    }
  }
}
