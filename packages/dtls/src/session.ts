import { hashSizes } from '@purertc/crypto'

import type { CertificateTypes } from './certificate/certificate-types.ts'
import { DtlsError } from './errors.ts'
import type { CipherSuite } from './protocol/cipher-suite.ts'
import type { NamedGroup } from './protocol/named-group.ts'
import { ProtocolVersion } from './protocol/protocol-version.ts'
import type { FinishedVerified } from './proofs/finished-verified.ts'
import type { ResumableSession12 } from './resumption/resumable-session.ts'
import type { PeerAuthenticated, PeerIdentity } from './proofs/peer-authenticated.ts'

/** What the hellos agreed on. */
export interface Negotiated {
  readonly version: ProtocolVersion
  readonly certificateTypes: CertificateTypes
  readonly suite: CipherSuite
  readonly srtpProfile: number | null
  /** RFC 7301. */
  readonly alpnProtocol: string | null
  /** The name that the client asked for, RFC 6066 §3. */
  readonly serverName: string | null
}

/** Where keying material for other protocols comes from. */
export interface Exporter {
  export(label: string, context: Uint8Array | null, length: number): Uint8Array
}

/**
 * What a completed handshake has established. It takes two proofs to make one: that the peer is who it should be, and
 * that nobody changed the handshake.
 */
export class DtlsSession {
  readonly version: ProtocolVersion
  readonly cipherSuite: CipherSuite
  /** The group of the ephemeral keys, null where a shared key alone made the secret. */
  readonly group: NamedGroup | null
  /** Who the peer is, and how it was recognised. */
  readonly peer: PeerIdentity
  /** The SRTP protection profile that was agreed on, null where SRTP is not to be used (RFC 5764 §4.1.2). */
  readonly srtpProfile: number | null
  /** The application protocol that was agreed on, null where there is none (RFC 7301). */
  readonly alpnProtocol: string | null
  /** The server's name as the client gave it, null where it gave none (RFC 6066 §3). */
  readonly serverName: string | null
  /** Whether an earlier session was taken up, instead of a full handshake. */
  readonly isResumed: boolean
  /**
   * What a client of DTLS 1.2 may take up later; null where the server remembers nothing, and in DTLS 1.3, where tickets
   * come afterwards. See `DtlsHost.resumable`.
   */
  readonly resumable: ResumableSession12 | null
  readonly #keys: Exporter

  constructor(
    negotiated: Negotiated,
    group: NamedGroup | null,
    keys: Exporter,
    peer: PeerAuthenticated,
    _finished: FinishedVerified,
    resumable: ResumableSession12 | null = null,
  ) {
    this.version = negotiated.version
    this.cipherSuite = negotiated.suite
    this.srtpProfile = negotiated.srtpProfile
    this.group = group
    this.alpnProtocol = negotiated.alpnProtocol
    this.serverName = negotiated.serverName
    this.peer = peer.identity
    this.isResumed = peer.isResumed
    this.resumable = resumable
    this.#keys = keys
  }

  /** The peer's certificate, DER; null where it was recognised by something else. */
  get peerCertificate(): Uint8Array | null {
    return this.peer.kind === 'certificate' ? this.peer.certificate : null
  }

  /**
   * Keying material for another protocol, RFC 5705 and RFC 8446 §7.5: the same on both ends, and nobody else's. In DTLS
   * 1.2 an empty `context` is not the same as none. Throws {@link DtlsError} `invalid-argument`.
   *
   * @example
   * session.exportKeyingMaterial('EXTRACTOR-dtls_srtp', null, 60) // keys and salts of RFC 5764 §4.2
   */
  exportKeyingMaterial(label: string, context: Uint8Array | null, length: number): Uint8Array {
    if (reservedLabels.has(label))
      throw new DtlsError('invalid-argument', `"${label}" is a label of the handshake itself (RFC 5705 §4)`)
    if (context !== null && context.length > 0xffff)
      throw new DtlsError('invalid-argument', 'a context has at most 65,535 bytes')
    // RFC 5869 §2.3: HKDF makes no more than 255 blocks.
    const longest =
      this.version === ProtocolVersion.dtls13 ? 255 * hashSizes[this.cipherSuite.hash] : maxExportLength
    if (!Number.isInteger(length) || length < 1 || length > longest)
      throw new DtlsError('invalid-argument', `length must be 1 to ${longest}`)
    return this.#keys.export(label, context, length)
  }
}

/** What the PRF is used for within TLS. */
const reservedLabels: ReadonlySet<string> = new Set([
  'client finished',
  'server finished',
  'master secret',
  'extended master secret',
  'key expansion',
])

const maxExportLength = 65_535
