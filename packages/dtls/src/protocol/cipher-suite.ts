import type { AeadAlgorithm, HashAlgorithm } from '@purertc/crypto'

/** What every suite has, of whatever version. */
export interface CipherSuite {
  readonly id: number
  /** The registry's name. */
  readonly name: string
  readonly aead: AeadAlgorithm
  /** Hash of the key schedule and of the transcript. */
  readonly hash: HashAlgorithm
}

/** How the secret comes about, and who vouches for it: a signature by a key of the suite's kind, or a shared key. */
export type KeyExchangeMethod = 'ecdhe_ecdsa' | 'ecdhe_rsa' | 'ecdhe_psk' | 'psk'

/** Everything that depends on the negotiated suite of DTLS 1.2; another suite is another row of {@link cipherSuites}. */
export interface CipherSuite12 extends CipherSuite {
  readonly name: CipherSuite12Name
  readonly keyExchange: KeyExchangeMethod
}

export type CipherSuite12Name = (typeof table)[number]['name']

/** Signals RFC 5746 support where a client does not send the extension, §3.3. */
export const emptyRenegotiationInfoScsv = 0x00ff

/**
 * Best first: elliptic curves before bare shared keys, which have no forward secrecy, and CCM with its short tag last.
 * RFC 5289 (GCM), 7905 (ChaCha20), 7251 (CCM with ECDSA), 8442 (ECDHE_PSK), 5487 and 6655 (PSK).
 */
const table = [
  {
    id: 0xc02b,
    name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    keyExchange: 'ecdhe_ecdsa',
    aead: 'aes-128-gcm',
    hash: 'sha256',
  },
  {
    id: 0xc02f,
    name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    keyExchange: 'ecdhe_rsa',
    aead: 'aes-128-gcm',
    hash: 'sha256',
  },
  {
    id: 0xcca9,
    name: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    keyExchange: 'ecdhe_ecdsa',
    aead: 'chacha20-poly1305',
    hash: 'sha256',
  },
  {
    id: 0xcca8,
    name: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    keyExchange: 'ecdhe_rsa',
    aead: 'chacha20-poly1305',
    hash: 'sha256',
  },
  {
    id: 0xc02c,
    name: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    keyExchange: 'ecdhe_ecdsa',
    aead: 'aes-256-gcm',
    hash: 'sha384',
  },
  {
    id: 0xc030,
    name: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    keyExchange: 'ecdhe_rsa',
    aead: 'aes-256-gcm',
    hash: 'sha384',
  },
  {
    id: 0xd001,
    name: 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
    keyExchange: 'ecdhe_psk',
    aead: 'aes-128-gcm',
    hash: 'sha256',
  },
  {
    id: 0xccac,
    name: 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256',
    keyExchange: 'ecdhe_psk',
    aead: 'chacha20-poly1305',
    hash: 'sha256',
  },
  {
    id: 0x00a8,
    name: 'TLS_PSK_WITH_AES_128_GCM_SHA256',
    keyExchange: 'psk',
    aead: 'aes-128-gcm',
    hash: 'sha256',
  },
  {
    id: 0xccab,
    name: 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256',
    keyExchange: 'psk',
    aead: 'chacha20-poly1305',
    hash: 'sha256',
  },
  {
    id: 0xd003,
    name: 'TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256',
    keyExchange: 'ecdhe_psk',
    aead: 'aes-128-ccm-8',
    hash: 'sha256',
  },
  {
    id: 0xc0a8,
    name: 'TLS_PSK_WITH_AES_128_CCM_8',
    keyExchange: 'psk',
    aead: 'aes-128-ccm-8',
    hash: 'sha256',
  },
  {
    id: 0xc0ae,
    name: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
    keyExchange: 'ecdhe_ecdsa',
    aead: 'aes-128-ccm-8',
    hash: 'sha256',
  },
] as const

export const cipherSuites: readonly CipherSuite12[] = table

/**
 * What is used where the configuration names no suites: all but ECDHE_ECDSA with CCM_8, which whoever wants it
 * (RFC 7925 §4.4) asks for. A tag of 8 bytes is for devices that have nothing else.
 */
export const defaultCipherSuites: readonly CipherSuite12[] = cipherSuites.filter(({ id }) => id !== 0xc0ae)
