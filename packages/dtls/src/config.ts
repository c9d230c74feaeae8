import type { CryptoProvider, KeyExchangeGroup } from '@purertc/crypto'

import type { Certificate } from './certificate/certificate.ts'
import type { ConnectionIdSource, ReturnRoutabilityCheck } from './connection-id/connection-id-policy.ts'
import type { HelloGate } from './cookie/hello-gate.ts'
import type { CipherSuite13Name } from './dtls13/cipher-suite.ts'
import type { KeyLog } from './keys/key-log.ts'
import type { PeerVerification } from './proofs/peer-verified.ts'
import type { CertificateType } from './protocol/certificate-type.ts'
import type { CipherSuite12Name } from './protocol/cipher-suite.ts'
import type { ClientPsk, ServerPsk } from './protocol/psk.ts'
import type { ProtocolVersion } from './protocol/protocol-version.ts'
import type { SignatureSchemeName } from './protocol/signature-scheme.ts'
import type { ResumableSession } from './resumption/resumable-session.ts'
import type { SessionVault } from './resumption/session-vault.ts'

export interface DtlsConfig {
  readonly role: 'client' | 'server'
  readonly crypto: CryptoProvider
  /**
   * Our own identity, or several: a server takes the first that suits the client, by the name that the client asks
   * for, the kind of key, and its signature schemes. None where a shared key is all there is, or at a client that
   * stays anonymous.
   */
  readonly certificate?: Certificate | readonly Certificate[]
  /** How the peer is recognised. There is no association without. */
  readonly verify: PeerVerification
  /**
   * How we show our own key, best first: by the certificate, or as the bare key that is in it (RFC 7250). `x509` alone by
   * default.
   */
  readonly ownCertificateTypes?: readonly CertificateType[]
  /**
   * How the peer may show its key, best first: bare keys before certificates where `verify` knows keys, else `x509`
   * alone.
   */
  readonly peerCertificateTypes?: readonly CertificateType[]
  /**
   * Whether a client is asked for a certificate, and refused without: `required` by default, `none` where `verify` is
   * `{ anonymous: true }` or `{ psk: true }`. At a client `required` says that it would rather end the handshake than stay
   * anonymous where the server asks for a certificate and none of its own suits; by default that is for the server to say.
   */
  readonly clientCertificate?: 'required' | 'optional' | 'none'
  /**
   * Shared keys (RFC 4279; RFC 8446 §2.2, for suites with SHA-256), which are offered and accepted besides certificates
   * unless `verify` is `{ psk: true }`. DTLS 1.3 knows no hints: a client's choice is asked without.
   */
  readonly psk?: ClientPsk | ServerPsk
  /** Client only: the name of the server, which it may choose its certificate by (RFC 6066 §3). No address. */
  readonly serverName?: string
  /** Client only: a session to take up again, see `DtlsHost.resumable`. Where it is not good any more, another begins. */
  readonly session?: ResumableSession
  /**
   * Client only: whether a ticket of DTLS 1.3 may be used again. Not by default: whoever listens could tell by it that
   * the client is the same (RFC 8446 §C.4). A ticket that was used before makes a full handshake.
   */
  readonly reuseSession?: boolean
  /** Server only: what resumes sessions; without it every handshake is a full one. */
  readonly sessions?: SessionVault
  /** Application protocols, best first (RFC 7301); none by default. */
  readonly alpn?: readonly string[]
  /**
   * Suites that are offered and accepted, best first, of both versions. Of a version of which none is named, all are: see
   * `versions`.
   */
  readonly cipherSuites?: readonly (CipherSuite12Name | CipherSuite13Name)[]
  /** Signature schemes that are offered, accepted and signed with, best first. */
  readonly signatureSchemes?: readonly SignatureSchemeName[]
  /**
   * Server only. `required` (the default) answers a ClientHello with a cookie, and keeps no state until the client
   * has shown that it receives at its address (RFC 6347 §4.2.1). `verified-path` is for hosts that know so already,
   * as ICE does.
   */
  readonly cookie?: 'required' | 'verified-path'
  /** The client's address in any form, which the cookie is bound to. Needed where `cookie` is `required`. */
  readonly clientAddress?: string
  /** Server only: the gate that has let this client in, which knows its own cookies. With `clientAddress`. */
  readonly gate?: HelloGate
  /** The versions that may be agreed on: 1.3, and 1.2 with those who have no other, by default. */
  readonly versions?: VersionRange
  /**
   * Groups for ephemeral keys, best first: X25519MLKEM768 (1.3 alone), X25519, P-256 and P-384 by default. A client
   * sends a share of the first, and of the first curve besides where that is a hybrid.
   */
  readonly groups?: readonly KeyExchangeGroup[]
  /** Bytes of the largest datagram of the handshake, 1200 by default, at least 160. */
  readonly mtu?: number
  /** Milliseconds until a flight is sent again for the first time, 1000 by default. */
  readonly retransmitTimeout?: number
  /** Milliseconds that the handshake may take, 60,000 by default. */
  readonly handshakeTimeout?: number
  /**
   * Bytes of the largest handshake message that is taken, 32,768 by default. A WebRTC certificate has about 400, a
   * chain of an enterprise some thousands. Twice as much may be held for an unfinished handshake.
   */
  readonly maxHandshakeMessage?: number
  /** Is told the secrets, for tools that read recorded traffic; nobody is by default. */
  readonly keyLog?: KeyLog | undefined
  /** SRTP protection profiles, best first (RFC 5764); none by default. */
  readonly srtpProfiles?: readonly number[]
  /**
   * Bytes that we take in one record, 64 to 16,385, of which DTLS 1.3 needs one for itself; a peer that knows of it
   * (RFC 8449) sends no more. 16,384 bytes of data by default, as anybody takes.
   */
  readonly recordSizeLimit?: number
  /**
   * The connection IDs that the peer is to put into its records, so that the association survives a change of addresses
   * (RFC 9146, RFC 9147 §9): random ones of so many bytes, or those of a function, all of one length. 0: the peer's are
   * used, and none wanted. None in either direction by default.
   */
  readonly connectionId?: ConnectionIdSource
  /** What moves the peer to another address, `enhanced` by default. Needs `connectionId`. */
  readonly returnRoutability?: ReturnRoutabilityCheck
}

/** The lowest and the highest version; `ProtocolVersion.dtls12` and `dtls13` are all there is. */
export interface VersionRange {
  readonly min: ProtocolVersion
  readonly max: ProtocolVersion
}
