import * as engine from 'node:crypto'

import { concatBytes, fromHex } from '@purertc/bytes'

import { CryptoError } from '../crypto-error.ts'
import type { Kem } from '../kem.ts'
import { createNobleKem } from '../noble/kem.ts'
import { plain } from './bytes.ts'

/** Of the engine where it has ML-KEM (Node 24.7 with OpenSSL 3.5), in JavaScript elsewhere. */
export const nodeKem: Kem =
  createNodeKem(engine) ?? createNobleKem((into) => void engine.randomFillSync(into))

/** Null where the engine has none. */
export function createNodeKem(module: object): Kem | null {
  const { encapsulate, decapsulate } = module as Partial<KemFunctions>
  if (encapsulate === undefined || decapsulate === undefined) return null
  const generate = engine.generateKeyPairSync as unknown as GenerateKeyPair
  return {
    generate: () => {
      const pair = generate('ml-kem-768')
      const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
      return {
        publicKey: new Uint8Array(spki.subarray(spkiPrefix.length)),
        decapsulate: (ciphertext) => plain(decapsulate(pair.privateKey, ciphertext)),
      }
    },
    encapsulate: (publicKey) => {
      try {
        const spki = Buffer.from(concatBytes(spkiPrefix, publicKey))
        const { ciphertext, sharedKey } = encapsulate(
          engine.createPublicKey({ key: spki, type: 'spki', format: 'der' }),
        )
        return { ciphertext: plain(ciphertext), secret: plain(sharedKey) }
      } catch (cause) {
        throw new CryptoError('invalid-public-key', 'no encapsulation key of ML-KEM-768', { cause })
      }
    },
  }
}

/** What node:crypto has had since 24.7; the types of an older one do not know it. */
interface KemFunctions {
  encapsulate(key: engine.KeyObject): { readonly ciphertext: Uint8Array; readonly sharedKey: Uint8Array }
  decapsulate(key: engine.KeyObject, ciphertext: Uint8Array): Uint8Array
}

type GenerateKeyPair = (type: 'ml-kem-768') => engine.KeyPairKeyObjectResult

/** SubjectPublicKeyInfo of id-alg-ml-kem-768 up to the key's 1,184 bytes, RFC 9935 §4. */
const spkiPrefix = fromHex('3082 04b2 300b 0609 6086480165030404 02 0382 04a1 00')
