export { DtlsAssociation, type AssociationState } from './association.ts'
export { type Certificate, createCertificate } from './certificate/certificate.ts'
export {
  computeFingerprint,
  type Fingerprint,
  type FingerprintAlgorithm,
  formatFingerprint,
  parseFingerprint,
} from './certificate/fingerprint.ts'
export { type ChainPolicy, validateChain } from './certificate/chain.ts'
export { matchesHost } from './certificate/host-name.ts'
export { encodeSelfSigned, type SelfSignedOptions } from './certificate/self-signed.ts'
export { TrustStore } from './certificate/trust-store.ts'
export type { SubjectNames } from './certificate/x509-extensions.ts'
export type { DtlsConfig } from './config.ts'
export { HelloGate } from './cookie/hello-gate.ts'
export type { Discard } from './discard.ts'
export { DtlsError, type DtlsFault, type PeerFault, PeerMisbehaved } from './errors.ts'
export type { CloseReason, DtlsHost } from './host.ts'
export type { PeerIdentity } from './proofs/peer-authenticated.ts'
export type { KeyLog } from './keys/key-log.ts'
export type { PeerVerification } from './proofs/peer-verified.ts'
export { AlertDescription, alertName } from './protocol/alert.ts'
export { AlpnProtocol } from './protocol/alpn.ts'
export type { CipherSuite, CipherSuite12Name } from './protocol/cipher-suite.ts'
export type { NamedGroup } from './protocol/named-group.ts'
export { ProtocolVersion } from './protocol/protocol-version.ts'
export type { ClientPsk, PskCredential, ServerPsk } from './protocol/psk.ts'
export type { SignatureSchemeName } from './protocol/signature-scheme.ts'
export { SrtpProfile } from './protocol/srtp-profile.ts'
export type { ResumableSession } from './resumption/resumable-session.ts'
export { SessionVault, type SessionVaultOptions } from './resumption/session-vault.ts'
export type { DtlsSession } from './session.ts'
