import type { CryptoProvider } from '@purertc/crypto'
import type { Certificate, DtlsConfig, Fingerprint } from '@purertc/dtls'
import type { IceConfig, IceCredentials, IceRole } from '@purertc/ice'
import type { ExchangedInits } from '@purertc/sctp'
import type { DataMode } from '@purertc/sdp'

import { LARGEST_PAYLOAD } from './record-size.ts'

export interface PeerTransportConfig {
  readonly crypto: CryptoProvider
  /** The end whose description is the offer is controlling. */
  readonly iceRole: IceRole
  /** `relay`: nothing but relayed candidates. Default `all`. */
  readonly policy?: 'all' | 'relay'
  /** Bytes of the largest DTLS datagram. Default 1200, which fits every path that carries IPv6 and a TURN hop. */
  readonly mtu?: number
  /**
   * Bytes of the largest DTLS datagram that is searched for when there is much to send. One of more than 16,424 bytes holds
   * several records. Default: `mtu` where that is given, else 65,535.
   */
  readonly maxMtu?: number
  /** Bytes of the largest message taken from the peer, or with `deliverParts` delivered whole. Default 262144. */
  readonly maxMessageSize?: number
  /** Whether larger messages are taken, by `host.receivedPart` as they come. Default false. */
  readonly deliverParts?: boolean
  readonly dtls?: DtlsOptions
  readonly ice?: IceOptions
}

/** What of DTLS can be chosen; see `DtlsConfig`. */
export type DtlsOptions = Pick<DtlsConfig, 'versions' | 'groups' | 'keyLog'>

/** What of ICE can be chosen; see `IceConfig`. */
export interface IceOptions extends Pick<IceConfig, 'lite' | 'continualGathering' | 'pacing'> {
  /** Whether a controlling end may move to a better pair at any time, where the peer knows how. Default false. */
  readonly renomination?: boolean
  /**
   * Whether the DTLS handshake travels within connectivity checks where the peer knows how, which saves a round trip:
   * descriptions then have `a=ice-options:sped` (draft-hancke-webrtc-sped). Default false.
   */
  readonly sped?: boolean
}

/** What both descriptions together say. */
export interface TransportAgreement {
  /** `datachannel`: SCTP over DTLS. `datagram`: one message is one DTLS record. */
  readonly mode: DataMode
  readonly dtlsRole: 'client' | 'server'
  readonly certificate: Certificate
  readonly remoteCredentials: IceCredentials
  /** The peer is a lite agent (`a=ice-lite`), so that this end leads. Default false. */
  readonly remoteIsLite?: boolean
  /** `a=ice-pacing` of the peer, milliseconds. Default 50 (RFC 8839 §5.5). */
  readonly remotePacing?: number
  /** The `a=ice-options` that both descriptions have, of which `sped` and `renomination` count. Default none. */
  readonly iceOptions?: readonly string[]
  /** Hashes of the only certificate that the peer may present. */
  readonly remoteFingerprints: readonly Fingerprint[]
  /** Default 5000. */
  readonly remoteSctpPort?: number
  /** Bytes of the largest message that the peer takes; 0 for no limit. Default 65536 (RFC 8841 §6). */
  readonly remoteMaxMessageSize?: number
  /** Both ends' SCTP INIT chunks, where both descriptions have them: SCTP then needs no handshake. */
  readonly exchangedInits?: ExchangedInits
}

export function withDefaults(config: PeerTransportConfig): Required<PeerTransportConfig> {
  return {
    policy: 'all',
    mtu: 1_200,
    maxMtu: config.mtu ?? LARGEST_PAYLOAD,
    maxMessageSize: 262_144,
    deliverParts: false,
    dtls: {},
    ice: {},
    ...config,
  }
}
