export { type AccessCredentials, openAccessToken, sealAccessToken, type TokenGrant } from './access-token.ts'
export {
  type AttributeCodec,
  flagAttribute,
  opaqueAttribute,
  textAttribute,
  uint32Attribute,
  uint64Attribute,
} from './attribute-codec.ts'
export { AttributeType, isComprehensionRequired } from './attribute-type.ts'
export {
  AddressFamily,
  AlternateServer,
  MappedAddress,
  OtherAddress,
  ResponseOrigin,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from './attributes/addresses.ts'
export {
  MessageIntegrity,
  MessageIntegritySha256,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  PasswordAlgorithms,
  Realm,
  Userhash,
  Username,
} from './attributes/credentials.ts'
export { MetaDtlsInStun, MetaDtlsInStunAcknowledgement } from './attributes/dtls-in-stun.ts'
export { ChangeRequest, type ChangeRequestValue, Padding, ResponsePort } from './attributes/discovery.ts'
export { IceControlled, IceControlling, Nomination, Priority, UseCandidate } from './attributes/ice.ts'
export {
  EcnCheck,
  type EcnCheckValue,
  TransactionTransmitCounter,
  type TransmitCounterValue,
} from './attributes/measurement.ts'
export {
  AlternateDomain,
  ErrorCode,
  type ErrorCodeValue,
  Fingerprint,
  Software,
  UnknownAttributes,
} from './attributes/outcome.ts'
export { AccessToken, ThirdPartyAuthorization } from './attributes/third-party.ts'
export {
  AdditionalAddressFamily,
  AddressErrorCode,
  type AddressErrorCodeValue,
  ChannelNumber,
  ConnectionId,
  Data,
  DontFragment,
  EvenPort,
  type EvenPortValue,
  Icmp,
  type IcmpValue,
  Lifetime,
  MobilityTicket,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  TransportProtocol,
} from './attributes/turn.ts'
export { StunClient } from './client.ts'
export type {
  BindingOptions,
  BindingResult,
  StunClientConfig,
  StunClientDiscard,
  StunClientHost,
} from './client-config.ts'
export type { StunCredentials } from './client-credentials.ts'
export type { BindingServiceConfig } from './binding-service.ts'
export { crc32 } from './crc32.ts'
export { DiscoveryAddresses } from './discovery-addresses.ts'
export { reasonOf, StatusCode } from './error-codes.ts'
export { isStunDatagram } from './header.ts'
export { authenticate, type AuthenticatedMessage, type IntegrityAlgorithm, integrityOf } from './integrity.ts'
export { MessageSeal, SEAL_LENGTH, type SealedMessage } from './message-seal.ts'
export {
  formatIpAddress,
  formatIpv4,
  type IpFamily,
  isIpAddress,
  parseIpAddress,
  parseIpv4,
} from './ip-address.ts'
export { longTermKey, type PasswordHash, shortTermKey, userhash } from './keys.ts'
export {
  type AccessTokens,
  LongTermAuthenticator,
  type LongTermConfig,
  type LongTermGrant,
  type LongTermRefusal,
} from './long-term-authenticator.ts'
export { LongTermCredentials } from './long-term-credentials.ts'
export { type RawAttribute, StunMessage } from './message.ts'
export { MessageBuilder, type RequestIdentity } from './message-builder.ts'
export { MessageClass, Method } from './message-type.ts'
export type { SharedNonces } from './nonce-mint.ts'
export {
  type NatBehavior,
  type NatDependence,
  NatDiscovery,
  type NatDiscoveryConfig,
  type NatDiscoveryHost,
} from './nat-discovery.ts'
export { RtoEstimator } from './rto-estimator.ts'
export type { RequestAuthenticator, RequestGrant, RequestRefusal } from './request-authenticator.ts'
export {
  type MessageDirection,
  StunServer,
  type StunServerConfig,
  type StunServerDiscard,
  type StunServerHost,
} from './server.ts'
export { ShortTermAuthenticator, type ShortTermConfig } from './short-term-authenticator.ts'
export { type StreamFault, StreamFramer, type StreamFramerOptions } from './stream-framer.ts'
export { orderSrvRecords, type SrvRecord } from './srv-record.ts'
export { formatStunUri, parseStunUri, type StunUri } from './stun-uri.ts'
export { StunError, type StunFailure, type StunMisuse } from './stun-error.ts'
export type {
  AnswerPath,
  ServerAddress,
  StunListener,
  StunListenerHost,
  StunTransport,
  StunTransportHost,
} from './stun-transport.ts'
export {
  defaultRetransmitPolicy,
  type PendingTransaction,
  reliableTransportPolicy,
  type RetransmitPolicy,
  Transactions,
  type TransactionsHost,
} from './transactions.ts'
export { formatAddress, sameAddress, type TransportAddress, transportAddress } from './transport-address.ts'
export { UserhashIndex } from './userhash-index.ts'
