import { generateKeyPairSync, type KeyObject, sign, type webcrypto } from 'node:crypto'

import { toHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { type Certificate, createMatchingCertificate } from '../certificate/certificate.ts'

export interface GenerateCertificateOptions {
  /** Draws the serial number, and signs handshakes with the new key; node:crypto by default. */
  readonly crypto?: CryptoProvider
  /** Common name of subject and issuer, `PureRTC` by default. It says nothing about who we are. */
  readonly commonName?: string
  /** Days of validity, 30 by default (W3C WebRTC §4.9). It begins a day back, for peers whose clocks are slow. */
  readonly days?: number
}

/**
 * A new ECDSA P-256 key and a self-signed certificate for it.
 *
 * @example
 * const certificate = await generateCertificate()
 * formatFingerprint(certificate.fingerprint()) // 'sha-256 4A:AD:…' for `a=fingerprint`
 */
export async function generateCertificate(options: GenerateCertificateOptions = {}): Promise<Certificate> {
  const { crypto = nodeCrypto, commonName = 'PureRTC', days = 30 } = options
  const { X509CertificateGenerator } = await importX509()
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Date.now()
  // In this form nothing in the name is taken for syntax.
  const name = [{ CN: [commonName] }]
  const certificate = await X509CertificateGenerator.create(
    {
      subject: name,
      issuer: name,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      signingKey: { type: 'private', algorithm: ecdsa, extractable: true, usages: ['sign'] },
      signingAlgorithm: ecdsa,
      serialNumber: randomSerialNumber(crypto),
      notBefore: new Date(now - day),
      notAfter: new Date(now + days * day),
    },
    signerFor(privateKey),
  )
  return createMatchingCertificate({
    crypto,
    der: new Uint8Array(certificate.rawData),
    pkcs8: new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })),
  })
}

/**
 * What the generator asks of Web Cryptography, a signature with the one key, done at once: what takes a tenth of a
 * millisecond is not worth four turns through the thread pool, which take several while a process is busy.
 */
function signerFor(key: KeyObject): { readonly subtle: Pick<webcrypto.SubtleCrypto, 'sign'> } {
  return {
    subtle: {
      sign: (_algorithm, _key, data) => {
        const bytes = new Uint8Array(data as ArrayBuffer)
        const signature = sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
        // A copy, for a Buffer's memory is others' as well.
        return Promise.resolve(new Uint8Array(signature).buffer)
      },
    },
  }
}

/** 127 bits in hexadecimal, positive and of one length, RFC 5280 §4.1.2.2. */
function randomSerialNumber(crypto: CryptoProvider): string {
  const serial = new Uint8Array(16)
  crypto.randomFill(serial)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return toHex(serial)
}

/**
 * Imported when it is needed: the library patches the global `Reflect`, which importing us must not do. And once, for a
 * module loader in a thread of its own takes milliseconds each time to find that it has the library already.
 */
function importX509(): Promise<typeof import('@peculiar/x509')> {
  library ??= import('reflect-metadata').then(() => import('@peculiar/x509'))
  return library
}

let library: Promise<typeof import('@peculiar/x509')> | undefined
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const day = 86_400_000
