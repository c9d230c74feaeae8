export { type Aead, type AeadAlgorithm, aeadSizes } from './aead.ts'
export { equalConstantTime } from './constant-time.ts'
export { CryptoError, type CryptoFault } from './crypto-error.ts'
export { type Hash, type HashAlgorithm, hashSizes, type Hmac } from './hash.ts'
export type { CurveGroup, KeyExchange, KeyExchangeAnswer, KeyExchangeGroup } from './key-exchange.ts'
export type { CryptoProvider } from './provider.ts'
export type { SampleMask } from './sample-mask.ts'
export {
  keyKindsOf,
  type KeyKind,
  type PrivateKey,
  type PublicKey,
  type SignatureScheme,
} from './signature.ts'
