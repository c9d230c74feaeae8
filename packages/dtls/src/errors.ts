import { AlertDescription } from './protocol/alert.ts'

/**
 * - `not-connected`: data was sent before the handshake completed, or after the end.
 * - `too-large`: data does not fit one record (16,384 bytes).
 * - `invalid-config`: a configuration that could never connect, or not safely.
 * - `invalid-certificate`: a certificate or key of our own that cannot be used.
 * - `invalid-argument`: an argument outside its range.
 */
export type DtlsFault =
  'not-connected' | 'too-large' | 'invalid-config' | 'invalid-certificate' | 'invalid-argument'

/** Thrown where the API is misused; never because of what a peer sends. */
export class DtlsError extends Error {
  override readonly name = 'DtlsError'
  readonly code: DtlsFault

  constructor(code: DtlsFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * What a peer did wrong; each kind ends the association with its alert.
 *
 * - `decode`: a message cannot be parsed.
 * - `unexpected-message`: a message that the state does not allow.
 * - `illegal-parameter`: a field that is well formed and not allowed: not offered, repeated, out of range.
 * - `unsupported-version`, `no-common-parameters`: no version, or no suite, group or signature scheme in common.
 * - `no-extended-master-secret`: RFC 7627 §5.2.
 * - `bad-renegotiation-info`: RFC 5746 §3.
 * - `missing-extension`: RFC 8446 §9.2.
 * - `certificate-required`: a client that has none, RFC 8446 §4.4.2.4.
 * - `no-certificate`: a client that has none, RFC 5246 §7.4.6.
 * - `unsolicited-extension`: an answer to an extension that was not offered.
 * - `bad-certificate`, `unsupported-certificate`: it cannot be parsed, or has a key that we cannot use.
 * - `certificate-refused`: it matches no fingerprint or known key, or the verifier does not want it.
 * - `certificate-expired`: it, or an authority on the way to it, is out of date or not yet valid.
 * - `unknown-authority`: no path leads from it to an authority that we trust.
 * - `wrong-host`: it is good, and another's.
 * - `unknown-psk-identity`: no shared key by this name.
 * - `no-application-protocol`: RFC 7301 §3.2.
 * - `invalid-public-key`: an ephemeral key that is no point on its curve, or yields an all-zero secret.
 * - `bad-signature`, `bad-finished`, `bad-binder`: the proofs of identity, of an unchanged handshake, of a shared key.
 * - `record-overflow`: an authentic record with more than 16,384 bytes of content.
 * - `too-many-connection-ids`: they are asked for again and again, RFC 9147 §9.
 */
export type PeerFault =
  | 'decode'
  | 'unexpected-message'
  | 'illegal-parameter'
  | 'unsupported-version'
  | 'no-common-parameters'
  | 'no-extended-master-secret'
  | 'bad-renegotiation-info'
  | 'missing-extension'
  | 'certificate-required'
  | 'no-certificate'
  | 'unsolicited-extension'
  | 'bad-certificate'
  | 'unsupported-certificate'
  | 'certificate-refused'
  | 'certificate-expired'
  | 'unknown-authority'
  | 'wrong-host'
  | 'unknown-psk-identity'
  | 'no-application-protocol'
  | 'invalid-public-key'
  | 'bad-signature'
  | 'bad-finished'
  | 'bad-binder'
  | 'record-overflow'
  | 'too-many-connection-ids'

/** A fault of the peer that ends the association. Found in `CloseReason`, never thrown out of the package. */
export class PeerMisbehaved extends Error {
  override readonly name = 'PeerMisbehaved'
  readonly code: PeerFault

  constructor(code: PeerFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** What the peer is told, RFC 5246 §7.2.2. */
  get alert(): AlertDescription {
    return alertFor[this.code]
  }
}

/** RFC 5246 §7.2.2. A fault without an alert does not compile. */
const alertFor: Readonly<Record<PeerFault, AlertDescription>> = {
  decode: AlertDescription.decodeError,
  'unexpected-message': AlertDescription.unexpectedMessage,
  'illegal-parameter': AlertDescription.illegalParameter,
  'unsupported-version': AlertDescription.protocolVersion,
  'no-common-parameters': AlertDescription.handshakeFailure,
  'no-extended-master-secret': AlertDescription.handshakeFailure,
  'bad-renegotiation-info': AlertDescription.handshakeFailure,
  'missing-extension': AlertDescription.missingExtension,
  'certificate-required': AlertDescription.certificateRequired,
  'no-certificate': AlertDescription.handshakeFailure,
  'unsolicited-extension': AlertDescription.unsupportedExtension,
  'bad-certificate': AlertDescription.badCertificate,
  'unsupported-certificate': AlertDescription.unsupportedCertificate,
  'certificate-refused': AlertDescription.badCertificate,
  'certificate-expired': AlertDescription.certificateExpired,
  'unknown-authority': AlertDescription.unknownCa,
  'wrong-host': AlertDescription.certificateUnknown,
  'unknown-psk-identity': AlertDescription.unknownPskIdentity,
  'no-application-protocol': AlertDescription.noApplicationProtocol,
  'invalid-public-key': AlertDescription.illegalParameter,
  'bad-signature': AlertDescription.decryptError,
  'bad-finished': AlertDescription.decryptError,
  'bad-binder': AlertDescription.decryptError,
  'record-overflow': AlertDescription.recordOverflow,
  'too-many-connection-ids': AlertDescription.tooManyCidsRequested,
}
