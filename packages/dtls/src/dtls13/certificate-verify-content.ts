import { concatBytes, toUtf8 } from '@purertc/bytes'

/**
 * What CertificateVerify signs, RFC 8446 §4.4.3: 64 blanks, a text that says who signs, a zero, and the hash of all
 * messages before. No signature of one role, or of DTLS 1.2, is a signature of this.
 */
export function certificateVerifyContent(
  signer: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array {
  return concatBytes(toUtf8(`${' '.repeat(64)}TLS 1.3, ${signer} CertificateVerify\0`), transcriptHash)
}
