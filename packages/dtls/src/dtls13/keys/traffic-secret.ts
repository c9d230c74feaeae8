import type { Aead, CryptoProvider, HashAlgorithm, SampleMask } from '@purertc/crypto'
import { aeadSizes, hashSizes } from '@purertc/crypto'

import type { CipherSuite13 } from '../cipher-suite.ts'
import { hkdfExpandLabel } from './hkdf.ts'

/** What protects the records of one epoch in one direction, RFC 8446 §7.3 and RFC 9147 §4.2.3. */
export interface RecordKeys {
  readonly suite: CipherSuite13
  readonly aead: Aead
  readonly iv: Uint8Array
  readonly mask: SampleMask
}

/** One end's secret for one epoch, and all that follows from it. */
export class TrafficSecret {
  readonly #crypto: CryptoProvider
  readonly #suite: CipherSuite13
  readonly #secret: Uint8Array

  constructor(crypto: CryptoProvider, suite: CipherSuite13, secret: Uint8Array) {
    this.#crypto = crypto
    this.#suite = suite
    this.#secret = secret
  }

  /** For key logs alone. */
  get bytes(): Uint8Array {
    return this.#secret
  }

  /** The secret of the epoch after this one, RFC 8446 §7.2. */
  next(): TrafficSecret {
    return new TrafficSecret(this.#crypto, this.#suite, this.#expand('traffic upd', this.#hashLength))
  }

  recordKeys(): RecordKeys {
    const { aead } = this.#suite
    const { key, nonce } = aeadSizes[aead]
    return {
      suite: this.#suite,
      aead: this.#crypto.createAead(aead, this.#expand('key', key)),
      iv: this.#expand('iv', nonce),
      mask: this.#crypto.createSampleMask(aead, this.#expand('sn', key)),
    }
  }

  /** `verify_data` of this end's Finished, RFC 8446 §4.4.4. */
  verifyData(transcriptHash: Uint8Array): Uint8Array {
    return finishedMac(this.#crypto, this.#suite.hash, this.#secret, transcriptHash)
  }

  get #hashLength(): number {
    return hashSizes[this.#suite.hash]
  }

  #expand(label: string, length: number): Uint8Array {
    return hkdfExpandLabel(this.#crypto, this.#suite.hash, this.#secret, label, noContext, length)
  }
}

/** The MAC of a Finished, and of a binder, by the secret that it stands for: RFC 8446 §4.4.4. */
export function finishedMac(
  crypto: CryptoProvider,
  hash: HashAlgorithm,
  secret: Uint8Array,
  transcriptHash: Uint8Array,
): Uint8Array {
  const key = hkdfExpandLabel(crypto, hash, secret, 'finished', noContext, hashSizes[hash])
  return crypto.hmac(hash, key, transcriptHash)
}

const noContext = new Uint8Array(0)
