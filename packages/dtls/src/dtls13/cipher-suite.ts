import type { CipherSuite } from '../protocol/cipher-suite.ts'

/** A suite of DTLS 1.3, RFC 8446 §B.4: key exchange and signature are agreed on apart from it. */
export interface CipherSuite13 extends CipherSuite {
  readonly name: CipherSuite13Name
  /** Records that one key may protect, and forgeries it may withstand, RFC 9147 §4.5.3. */
  readonly sealLimit: number
  readonly forgeryLimit: number
}

export type CipherSuite13Name =
  'TLS_AES_128_GCM_SHA256' | 'TLS_AES_256_GCM_SHA384' | 'TLS_CHACHA20_POLY1305_SHA256'

/** All there are, best first. */
export const cipherSuites: readonly CipherSuite13[] = [
  {
    id: 0x1301,
    name: 'TLS_AES_128_GCM_SHA256',
    aead: 'aes-128-gcm',
    hash: 'sha256',
    sealLimit: Math.floor(2 ** 24.5),
    forgeryLimit: 2 ** 36,
  },
  {
    id: 0x1302,
    name: 'TLS_AES_256_GCM_SHA384',
    aead: 'aes-256-gcm',
    hash: 'sha384',
    sealLimit: Math.floor(2 ** 24.5),
    forgeryLimit: 2 ** 36,
  },
  {
    id: 0x1303,
    name: 'TLS_CHACHA20_POLY1305_SHA256',
    aead: 'chacha20-poly1305',
    hash: 'sha256',
    // No limit but that of sequence numbers.
    sealLimit: 2 ** 48 - 1,
    forgeryLimit: 2 ** 36,
  },
]

export const cipherSuiteById = (id: number): CipherSuite13 | undefined =>
  cipherSuites.find((suite) => suite.id === id)
