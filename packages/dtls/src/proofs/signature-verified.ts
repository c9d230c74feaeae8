import { PeerMisbehaved } from '../errors.ts'
import type { DigitallySigned } from '../messages/digitally-signed.ts'
import type { ProtocolVersion } from '../protocol/protocol-version.ts'
import { fitsKey, meaningIn, type NamedSignatureScheme } from '../protocol/signature-scheme.ts'
import type { PeerVerified } from './peer-verified.ts'

declare const proof: unique symbol

/** Proof that the peer holds the private key of its certificate, by a signature over this handshake. */
export interface SignatureVerified {
  readonly [proof]: 'signature'
}

/**
 * RFC 5246 §7.4.3 (ServerKeyExchange) and §7.4.8 (CertificateVerify), RFC 8446 §4.4.3. The only origin of
 * {@link SignatureVerified}: review this function, not its callers. `offered` are the schemes we told the peer to
 * choose from.
 */
export function verifySignature(
  version: ProtocolVersion,
  peer: PeerVerified,
  offered: readonly NamedSignatureScheme[],
  data: Uint8Array,
  signed: DigitallySigned,
): SignatureVerified {
  const named = offered.find(({ id }) => id === signed.scheme)
  const scheme = named === undefined ? null : meaningIn(version, named)
  if (scheme === null)
    throw new PeerMisbehaved('illegal-parameter', `signature scheme ${signed.scheme} was not offered`)
  if (!fitsKey(scheme, peer.publicKey.kind))
    throw new PeerMisbehaved('illegal-parameter', `${scheme} does not fit the certificate's key`)
  if (!peer.publicKey.verify(scheme, data, signed.signature))
    throw new PeerMisbehaved('bad-signature', 'the signature does not verify')
  return verified as SignatureVerified
}

const verified: unknown = Object.freeze({})
