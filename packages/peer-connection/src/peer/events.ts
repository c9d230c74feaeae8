import type { CandidatePair, PairFailure } from '@purertc/ice'
import type { DataMode } from '@purertc/sdp'

import type { RTCIceCandidateInit } from '../w3c/ice-candidate.ts'
import type { RTCIceServer } from '../w3c/ice-servers.ts'
import type { RTCSessionDescriptionInit } from '../w3c/session-description.ts'
import type { PeerError } from './peer-error.ts'

/** How a link is secured. */
export interface Security {
  /** `DTLS 1.2` */
  readonly version: string
  readonly cipherSuite: string
  /** Of the key exchange. */
  readonly group: string
  /** `sha-256 AB:CD:…` of the peer's certificate: the one that its description announced, or there is no link. */
  readonly fingerprint: string
}

/** What a {@link Peer} tells, by name. */
export interface PeerEvents {
  /** Signalling: this end is in the channel. */
  joined: {
    readonly peer: string
    readonly channel: string
    readonly members: readonly string[]
    readonly iceServers: readonly RTCIceServer[]
  }
  /** As it was sent. */
  localDescription: RTCSessionDescriptionInit
  /** Already applied. */
  remoteDescription: RTCSessionDescriptionInit
  /** As it was sent; null after the last one. */
  localCandidate: RTCIceCandidateInit | null
  /** Already in use; null after the last one. */
  remoteCandidate: RTCIceCandidateInit | null
  /** A STUN or TURN server yields no candidate: the W3C's `icecandidateerror`. Not fatal. */
  candidateError: {
    /** Of this end; null where it is hidden, or nothing was asked. */
    readonly address: string | null
    readonly port: number | null
    readonly url: string
    readonly errorCode: number
    readonly errorText: string
  }
  candidatePairNominated: CandidatePair
  /** Not fatal. */
  candidatePairFailed: { readonly pair: CandidatePair; readonly reason: PairFailure }
  /** DTLS is up, and the peer is who it should be. */
  secured: Security
  /** Ready for data. */
  connect: {
    readonly peer: string
    readonly mode: DataMode
    /** `null` where the handshake travelled within checks (`ice.sped`) and was done before a pair was selected. */
    readonly pair: CandidatePair | null
    readonly security: Security
  }
  /** What one `send` of the peer's was given; bytes where that is not text, and always in mode `datagram`. */
  message: string | Uint8Array
  /** All that was sent is on its way, or nearly: go on. */
  drain: undefined
  /** The peer hung up, left the channel, or ended the link. */
  remoteDisconnect: { readonly peer: string; readonly reason: 'hangup' | 'left' | 'link' }
  /** The link is gone, whoever ended it; another may follow. */
  clear: undefined
  /** The signalling connection broke and is tried again, or is back: nothing is lost. The link, if any, stays. */
  interrupted: { readonly isOver: boolean }
  /** The signalling connection is closed for good. The link, if any, stays. */
  disconnect: { readonly code: number; readonly reason: string }
  /** Every frame of the signalling server, as it came. */
  rawMessage: string
  error: PeerError
}
