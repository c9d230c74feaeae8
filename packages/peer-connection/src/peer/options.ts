import type { CandidatePair } from '@purertc/ice'
import type { DataMode } from '@purertc/sdp'
import type {
  JoinOptions,
  ReconnectOptions,
  Signaling,
  WebSocketConstructor,
} from '@purertc/signaling-client'

import type { IceOptions } from '../transport/peer-transport-config.ts'
import type { RTCCertificate } from '../w3c/certificate.ts'
import type { NetworkOptions, RTCIceTransportPolicy } from '../w3c/configuration.ts'
import type { RTCDataChannelInit } from '../w3c/data-channel-options.ts'
import type { RTCIceCandidateInit } from '../w3c/ice-candidate.ts'
import type { RTCIceServer } from '../w3c/ice-servers.ts'
import type { RTCSessionDescriptionInit } from '../w3c/session-description.ts'

/** How a {@link Peer} finds the other one, and how the two exchange data. */
export interface PeerOptions extends JoinOptions {
  /** `ws:` or `wss:` URL of the signalling server; or other signalling, such as copy and paste. */
  readonly signaling: string | URL | Signaling
  /** Whether, and how, the signalling connection comes back when it broke; it does by default. */
  readonly reconnect?: ReconnectOptions | false
  /** Where the two meet. */
  readonly channel: string
  /** Used beside those that the signalling server hands out. */
  readonly iceServers?: readonly RTCIceServer[]
  /** `relay` keeps this end's addresses from the other. Default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy
  /**
   * `datachannel`, the default: a data channel over SCTP. `datagram`: application data straight in DTLS records. The
   * offering end decides; the other follows.
   */
  readonly mode?: DataMode
  /** Of the data channel; by default reliable, ordered and labelled `data`. */
  readonly dataChannel?: RTCDataChannelInit & { readonly label?: string }
  /** By default one is made for each link. */
  readonly certificate?: RTCCertificate
  readonly network?: NetworkOptions
  /** As in `RTCConfiguration`. */
  readonly ice?: IceOptions
  readonly sctpSnap?: boolean
  /** The WebSocket class; on Node by default the one of `ws`. */
  readonly WebSocket?: WebSocketConstructor
  readonly decide?: PeerDecisions
}

/** The application's say. What is left out is accepted as it is. */
export interface PeerDecisions {
  /** The offer or answer before it is sent; what is returned is sent in its place. */
  readonly localDescription?: (
    description: RTCSessionDescriptionInit,
  ) => RTCSessionDescriptionInit | Promise<RTCSessionDescriptionInit>
  /** False: the candidate is not told to the peer. */
  readonly localCandidate?: (candidate: RTCIceCandidateInit) => boolean | Promise<boolean>
  /** False: the candidate is not used. */
  readonly remoteCandidate?: (candidate: RTCIceCandidateInit) => boolean | Promise<boolean>
  /** False: another pair is to be nominated. The answer must come at once. */
  readonly candidatePair?: (pair: CandidatePair) => boolean
  /** The peer hung up or left the channel. False: the link stays as long as it carries. */
  readonly remoteDisconnect?: (peer: string) => boolean | Promise<boolean>
}
