import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'

import { checkHmac, type Hash, type HashAlgorithm, hashSizes, type Hmac } from '../hash.ts'

export function nobleHash(algorithm: HashAlgorithm, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = hashes[algorithm].create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function nobleHmac(
  algorithm: HashAlgorithm,
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const mac = hmac.create(hashes[algorithm], key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

export function createNobleHmac(algorithm: HashAlgorithm, key: Uint8Array): Hmac {
  const kept = Uint8Array.from(key)
  return {
    compute: (message, length, into) => {
      checkHmac(hashSizes[algorithm], message, length, into)
      into.set(nobleHmac(algorithm, kept, message.subarray(0, length)))
    },
  }
}

export function createNobleHash(algorithm: HashAlgorithm): Hash {
  const hash: Cloneable = hashes[algorithm].create()
  return {
    update: (data) => {
      hash.update(data)
    },
    digest: () => hash.clone().digest(),
  }
}

interface Cloneable extends Hash {
  clone(): Cloneable
}

const hashes = { md5, sha1, sha256, sha384, sha512 } as const
