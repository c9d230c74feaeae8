import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

import { concatBytes, fromHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { type Certificate, createCertificate, encodeSelfSigned } from '@purertc/dtls'

/**
 * The certificate of one connection that was given none. It is what `generateCertificate` of `@purertc/dtls/node`
 * makes, in less than a millisecond in place of six, and without loading a library of X.509 for the first one. The key
 * is made off the main thread.
 */
export async function generateEphemeralCertificate(crypto: CryptoProvider): Promise<Certificate> {
  const { pkcs8, subjectPublicKeyInfo } = await generateKey()
  const now = Date.now()
  const der = encodeSelfSigned({
    crypto,
    privateKey: crypto.importPrivateKey(pkcs8),
    subjectPublicKeyInfo,
    commonName: 'PureRTC',
    // A day back, for peers whose clocks are slow; 30 days of validity, W3C WebRTC §4.9.
    notBefore: now - day,
    notAfter: now + 30 * day,
  })
  return createCertificate({ crypto, der, pkcs8 })
}

/** A P-256 key in DER, which is put together here: OpenSSL 3 takes longer to encode a key than to make it. */
async function generateKey(): Promise<{ pkcs8: Uint8Array; subjectPublicKeyInfo: Uint8Array }> {
  const { privateKey } = await generateKeyPairAsync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '', d = '' } = privateKey.export({ format: 'jwk' })
  const bytes = (number: string): Uint8Array => new Uint8Array(Buffer.from(number, 'base64url'))
  return {
    pkcs8: concatBytes(pkcs8Prefix, bytes(d)),
    subjectPublicKeyInfo: concatBytes(spkiPrefix, bytes(x), bytes(y)),
  }
}

const generateKeyPairAsync = promisify(generateKeyPair)

/** id-ecPublicKey with secp256r1, RFC 5480 §2.1.1. */
const algorithm = '3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107'
/** PrivateKeyInfo (RFC 5208 §5) with an ECPrivateKey (RFC 5915 §3) up to its 32 bytes. */
const pkcs8Prefix = fromHex(`3041 020100 ${algorithm} 0427 3025 020101 0420`)
/** SubjectPublicKeyInfo up to the 64 bytes of an uncompressed point. */
const spkiPrefix = fromHex(`3059 ${algorithm} 0342 00 04`)
const day = 86_400_000
