import type { Millis } from '@purertc/bytes'
import type { AssociationState, DtlsSession } from '@purertc/dtls'
import type {
  CandidateError,
  CandidatePair,
  GatheringState,
  IceCandidate,
  IceConnectionState,
  PairFailure,
  ReceivedCheck,
  TurnServerAddress,
} from '@purertc/ice'
import type { DataChannel } from '@purertc/sctp'
import type { TransportAddress } from '@purertc/stun'

import type { TransportError } from './transport-error.ts'

/**
 * What a transport asks and tells: a plain object, whose functions are copied. They are called synchronously and may
 * call back into the transport, but for those that ask (`accept…`). Bytes are borrowed until the call returns.
 */
export interface PeerTransportHost {
  transmit(socket: number, to: TransportAddress, bytes: Uint8Array): void
  /** As `IceHost.transmitToServer`: for TURN servers over TCP and TLS. */
  transmitToServer?(socket: number, server: TurnServerAddress, bytes: Uint8Array): void
  disconnectServer?(socket: number, server: TurnServerAddress): void
  /** As `IceHost.resolveName`; the answer goes to the agent of `PeerTransport.withIce`. */
  resolveName?(name: string): void
  /** After `close()`: no TURN server holds anything for this transport any more, so its sockets can go. */
  released(): void

  /** A local candidate for the peer; null when there are no more. */
  candidateGathered(candidate: IceCandidate | null): void
  /** A server yields no candidate. Not fatal. */
  candidateError(error: CandidateError): void
  gatheringStateChanged(state: GatheringState): void
  iceStateChanged(state: IceConnectionState): void
  /** The pair that data goes over from now on was nominated. */
  pairSelected(pair: CandidatePair): void
  /** Not fatal. */
  pairFailed(pair: CandidatePair, reason: PairFailure): void
  /**
   * Bytes of the largest UDP payload that leaves for the pair's remote candidate in one piece. Default: what Ethernet
   * carries.
   */
  pathLimit?(pair: CandidatePair): number
  /** False refuses the pair; others may be nominated. */
  acceptPair?(pair: CandidatePair): boolean
  /** False: the candidate is neither signalled nor used. */
  acceptLocalCandidate?(candidate: IceCandidate): boolean
  /** False: the candidate is not checked. */
  acceptRemoteCandidate?(candidate: IceCandidate): boolean
  /** False: the peer's connectivity check is neither answered nor learned from. */
  acceptCheck?(check: ReceivedCheck): boolean

  dtlsStateChanged(state: AssociationState): void
  /** The peer has proven the certificate of its fingerprint, and what is sent is encrypted. */
  secured(session: DtlsSession): void

  /** Data can flow: the SCTP association stands, or in mode `datagram` DTLS does. */
  connected(): void
  /** The peer opened a channel; it can be used at once. */
  channelOpened(channel: DataChannel): void
  /** A channel of ours that was `connecting` can be used. */
  opened(channel: DataChannel): void
  /** A message was taken to be sent. It has left, unless it waits for others or for the peer. */
  sent?(): void
  received(now: Millis, channel: DataChannel, data: Uint8Array, isText: boolean): void
  /** With `deliverParts`: the next bytes of a message that is larger than `maxMessageSize`. */
  receivedPart?(now: Millis, channel: DataChannel, part: Uint8Array, isText: boolean, isLast: boolean): void
  /** The message whose parts were delivered breaks off. */
  messageBroken?(now: Millis, channel: DataChannel): void
  bufferedAmountLow(channel: DataChannel): void
  /** The peer closes the channel. */
  channelClosing(channel: DataChannel): void
  channelClosed(channel: DataChannel): void
  /** Mode `datagram`: what the peer sent as one message. */
  datagramReceived(now: Millis, data: Uint8Array): void

  /**
   * The link is over, and all channels with it: by the peer, by a fault, or, where the reason is null, by `shutdown()`.
   * Not called after `close()`, which is still due.
   */
  closed(reason: TransportError | null): void
}
