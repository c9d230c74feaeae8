export type {
  JoinOptions,
  ReconnectOptions,
  Signaling,
  SignalingFrame,
  SignalingHost,
} from '@purertc/signaling-client'
export type { DriverHost, Environment, TransportDriver } from './environment.ts'
export { RTCError, type RTCErrorDetailType, type RTCErrorInit } from './errors.ts'
export type { RTCPeerConnectionState } from './negotiation/connection-state.ts'
export type { SignalingState } from './negotiation/signaling-session.ts'
export * from './node/index.ts'
export { PeerTransport } from './transport/peer-transport.ts'
export type {
  DtlsOptions,
  IceOptions,
  PeerTransportConfig,
  TransportAgreement,
} from './transport/peer-transport-config.ts'
export type { PeerTransportHost } from './transport/peer-transport-host.ts'
export { TransportError, type TransportFault } from './transport/transport-error.ts'
export type { TransportDiscard, TransportStatistics } from './transport/transport-statistics.ts'
export { RTCCertificate, type RTCDtlsFingerprint } from './w3c/certificate.ts'
export type {
  NetworkOptions,
  RTCBundlePolicy,
  RTCConfiguration,
  RTCIceTransportPolicy,
  RTCRtcpMuxPolicy,
} from './w3c/configuration.ts'
export { RTCDataChannel, type RTCDataChannelState } from './w3c/data-channel.ts'
export type { RTCDataChannelInit } from './w3c/data-channel-options.ts'
export type { DataChannelMessage } from './w3c/data-channel-streams.ts'
export type { RTCPriorityType } from './w3c/priority.ts'
export type { Sendable } from './w3c/message-payload.ts'
export type { MessagePiece } from './w3c/outgoing-message.ts'
export { RTCDatagramChannel } from './w3c/datagram-channel.ts'
export {
  RTCDataChannelEvent,
  RTCDatagramChannelEvent,
  RTCErrorEvent,
  RTCMessageStreamEvent,
  RTCPeerConnectionIceErrorEvent,
  RTCPeerConnectionIceEvent,
} from './w3c/events.ts'
export {
  RTCIceCandidate,
  type RTCIceCandidateInit,
  type RTCIceCandidateType,
  type RTCIceComponent,
  type RTCIceProtocol,
  type RTCIceServerTransportProtocol,
  type RTCIceTcpCandidateType,
} from './w3c/ice-candidate.ts'
export type { RTCIceServer } from './w3c/ice-servers.ts'
export {
  type RTCLocalSessionDescriptionInit,
  type RTCSdpType,
  RTCSessionDescription,
  type RTCSessionDescriptionInit,
} from './w3c/session-description.ts'
export type { RTCOfferOptions } from './w3c/session-operations.ts'
export type { RTCStats, RTCStatsReport } from './w3c/stats-report.ts'
export type { TransportHooks } from './w3c/transport-hooks.ts'
export {
  RTCDtlsTransport,
  RTCIceTransport,
  RTCSctpTransport,
  type RTCSctpTransportState,
} from './w3c/transports.ts'
export type { PeerEvents, Security } from './peer/events.ts'
export type { PeerDecisions, PeerOptions } from './peer/options.ts'
export { PeerError, type PeerFault } from './peer/peer-error.ts'
