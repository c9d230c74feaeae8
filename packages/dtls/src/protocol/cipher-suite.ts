import type { AeadAlgorithm, HashAlgorithm, SignatureScheme } from '@purertc/crypto'

/** Everything that depends on the negotiated suite; another suite is another row of {@link cipherSuites}. */
export interface CipherSuite {
  readonly id: number
  /** The registry's name. */
  readonly name: string
  readonly aead: AeadAlgorithm
  /** Hash of the PRF and of the transcript. */
  readonly hash: HashAlgorithm
  readonly keyLength: number
  /** The part of the nonce that comes from the key block: `fixed_iv_length`, RFC 5246 §6.2.3.3. */
  readonly fixedIvLength: number
  /** What may sign the key exchange. */
  readonly signatureSchemes: readonly SignatureScheme[]
}

/** What we offer and accept, best first. */
export const cipherSuites: readonly CipherSuite[] = [
  {
    id: 0xc02b,
    name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', // RFC 5289 §3.2, nonce of RFC 5288 §3
    aead: 'aes-128-gcm',
    hash: 'sha256',
    keyLength: 16,
    fixedIvLength: 4,
    signatureSchemes: ['ecdsa_secp256r1_sha256'],
  },
]

/** Signals RFC 5746 support where a client does not send the extension, §3.3. */
export const emptyRenegotiationInfoScsv = 0x00ff
