import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import type { KeyKind } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import * as x509 from '@peculiar/x509'

import { type Certificate, createCertificate } from '../src/index.ts'

/** What a test wants of a certificate. */
export interface Wish {
  readonly kind?: KeyKind
  /** RSA signs with PSS instead of PKCS#1. */
  readonly pss?: boolean
  /** What it is signed with; of an RSA key, also what the key signs with. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'
  /** dNSNames, and iPAddresses where they look like one. */
  readonly hosts?: readonly string[]
  /** Whether it may sign others, and through how many. */
  readonly authority?: boolean | number
  readonly keyUsage?: x509.KeyUsageFlags
  readonly purposes?: readonly string[]
  readonly extensions?: readonly x509.Extension[]
  /** Days from today. */
  readonly days?: readonly [from: number, to: number]
  readonly modulusLength?: number
}

/** A certificate, with what it takes to sign others. */
export interface Issued {
  readonly name: string
  readonly der: Uint8Array
  readonly keys: webcrypto.CryptoKeyPair
  readonly pkcs8: Uint8Array
  readonly kind: KeyKind
  readonly pss: boolean
  /** As an identity of ours, with these for its chain. */
  identity(...chain: readonly Issued[]): Certificate
}

/** Makes a certificate by @peculiar/x509, signed by `issuer` or by its own key. */
export async function issue(name: string, wish: Wish = {}, issuer?: Issued): Promise<Issued> {
  const { kind = 'ec-p256', pss = false, days = [-1, 30] } = wish
  const keys = await generateKeys(kind, pss, wish)
  const signer = issuer ?? { name, keys, kind, pss }
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: [{ CN: [name] }],
      issuer: [{ CN: [signer.name] }],
      publicKey: keys.publicKey,
      signingKey: signer.keys.privateKey,
      signingAlgorithm: signingAlgorithm(signer.kind, signer.pss, wish.hash),
      notBefore: new Date(Date.now() + days[0] * day),
      notAfter: new Date(Date.now() + days[1] * day),
      extensions: [...extensionsOf(wish)],
    },
    webcrypto,
  )
  const der = new Uint8Array(certificate.rawData)
  const pkcs8 = new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const identity = (...chain: readonly Issued[]): Certificate =>
    createCertificate({ crypto: nodeCrypto, der, pkcs8, chain: chain.map((one) => one.der) })
  return { name, der, keys, pkcs8, kind, pss, identity }
}

/** RFC 7468: `CERTIFICATE` or `PRIVATE KEY`. */
export const toPem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`

function* extensionsOf(wish: Wish): Iterable<x509.Extension> {
  const { authority = false, hosts = [], keyUsage, purposes } = wish
  if (authority !== false)
    yield new x509.BasicConstraintsExtension(true, authority === true ? undefined : authority, true)
  if (keyUsage !== undefined) yield new x509.KeyUsagesExtension(keyUsage, true)
  if (purposes !== undefined) yield new x509.ExtendedKeyUsageExtension([...purposes])
  if (hosts.length > 0)
    yield new x509.SubjectAlternativeNameExtension(
      hosts.map((value) => ({ type: /^[0-9.]+$|:/.test(value) ? 'ip' : 'dns', value })),
    )
  yield* wish.extensions ?? []
}

async function generateKeys(
  kind: KeyKind,
  pss: boolean,
  { modulusLength = 2_048, hash = 'SHA-256' }: Wish,
): Promise<webcrypto.CryptoKeyPair> {
  const uses: webcrypto.KeyUsage[] = ['sign', 'verify']
  if (kind === 'ed25519')
    return (await webcrypto.subtle.generateKey('Ed25519', true, uses)) as webcrypto.CryptoKeyPair
  if (kind !== 'rsa') {
    const namedCurve = kind === 'ec-p256' ? 'P-256' : 'P-384'
    return await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, uses)
  }
  const name = pss ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const publicExponent = Uint8Array.of(1, 0, 1)
  return await webcrypto.subtle.generateKey({ name, modulusLength, publicExponent, hash }, true, uses)
}

function signingAlgorithm(
  kind: KeyKind,
  pss: boolean,
  hash = kind === 'ec-p384' ? 'SHA-384' : 'SHA-256',
): Algorithm {
  if (kind === 'ed25519') return { name: 'Ed25519' }
  if (kind !== 'rsa') return { name: 'ECDSA', hash } as Algorithm
  return pss
    ? ({ name: 'RSA-PSS', hash, saltLength: 32 } as Algorithm)
    : ({ name: 'RSASSA-PKCS1-v1_5', hash } as Algorithm)
}

interface Algorithm {
  readonly name: string
}

const day = 86_400_000

/** Imported here, behind the polyfill that it needs. */
export { x509 }
