import type { Aead, AeadAlgorithm } from './aead.ts'
import type { Hash, HashAlgorithm, Hmac } from './hash.ts'
import type { KeyExchange, KeyExchangeAnswer, KeyExchangeGroup } from './key-exchange.ts'
import type { SampleMask } from './sample-mask.ts'
import type { KeyKind, PrivateKey, PublicKey } from './signature.ts'

/**
 * All cryptography that a protocol machine may use. Every call is synchronous, so that a handler runs from the first
 * byte to the last without yielding. `@purertc/crypto/node` is the fast provider, `@purertc/crypto/noble` the one
 * that runs wherever JavaScript does.
 *
 * A provider is a plain object of functions, so that one part can be replaced: `{ ...nodeCrypto, randomFill }`. What a
 * call returns is the caller's to keep, and a true `Uint8Array`, never a Buffer, whose `slice()` would not copy.
 */
export interface CryptoProvider {
  readonly name: string
  /** The kinds of keys that `importPublicKey` takes. */
  readonly keyKinds: readonly KeyKind[]
  /** Fills `into` from a CSPRNG. */
  readonly randomFill: (into: Uint8Array) => void
  /** The hash of the concatenated parts. */
  readonly hash: (algorithm: HashAlgorithm, ...parts: readonly Uint8Array[]) => Uint8Array
  /** A hash to update step by step. */
  readonly createHash: (algorithm: HashAlgorithm) => Hash
  /** RFC 2104 over the concatenated parts. */
  readonly hmac: (algorithm: HashAlgorithm, key: Uint8Array, ...parts: readonly Uint8Array[]) => Uint8Array
  /** The same for many messages under one key, which is copied. */
  readonly createHmac: (algorithm: HashAlgorithm, key: Uint8Array) => Hmac
  /** Throws `CryptoError` `invalid-key` for a key of the wrong length. */
  readonly createAead: (algorithm: AeadAlgorithm, key: Uint8Array) => Aead
  /** The cipher beside an AEAD that hides record numbers; the key is as long as the AEAD's. Throws as `createAead`. */
  readonly createSampleMask: (algorithm: AeadAlgorithm, key: Uint8Array) => SampleMask
  /** A fresh ephemeral key pair. */
  readonly createKeyExchange: (group: KeyExchangeGroup) => KeyExchange
  /**
   * The other end of a key exchange: a fresh answer to a peer's public key, and the secret. Throws `CryptoError`
   * `invalid-public-key` as `agree` does.
   */
  readonly answerKeyExchange: (group: KeyExchangeGroup, peerPublicKey: Uint8Array) => KeyExchangeAnswer
  /** `pkcs8` is the DER of an unencrypted PrivateKeyInfo, RFC 5208. Throws `CryptoError` `invalid-key` or `unsupported`. */
  readonly importPrivateKey: (pkcs8: Uint8Array) => PrivateKey
  /** `spki` is a DER SubjectPublicKeyInfo, points uncompressed. Throws `CryptoError` `invalid-key` or `unsupported`. */
  readonly importPublicKey: (spki: Uint8Array) => PublicKey
}
