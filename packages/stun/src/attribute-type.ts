/**
 * IANA "STUN Attributes", all that are assigned. Types below 0x8000 must be understood by whoever receives them
 * (comprehension-required, RFC 8489 §14); a request with one that is not is refused with 420.
 */
export const AttributeType = {
  // RFC 8489 §18.3
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  passwordAlgorithms: 0x8002,
  alternateDomain: 0x8003,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
  // RFC 5780 §7
  changeRequest: 0x0003,
  padding: 0x0026,
  responsePort: 0x0027,
  cacheTimeout: 0x8027,
  responseOrigin: 0x802b,
  otherAddress: 0x802c,
  // RFC 8445 §16.1
  priority: 0x0024,
  useCandidate: 0x0025,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
  // RFC 8656 §18
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  evenPort: 0x0018,
  requestedTransport: 0x0019,
  dontFragment: 0x001a,
  reservationToken: 0x0022,
  additionalAddressFamily: 0x8000,
  addressErrorCode: 0x8001,
  icmp: 0x8004,
  // RFC 6062 §6.2
  connectionId: 0x002a,
  // RFC 6679 §12.4
  ecnCheckStun: 0x802d,
  // RFC 7635 §11
  accessToken: 0x001b,
  thirdPartyAuthorization: 0x802e,
  // RFC 7982 §7
  transactionTransmitCounter: 0x8025,
  // RFC 8016 §5
  mobilityTicket: 0x8030,
  // Registered by vendors: the numbers are known here, the formats are theirs.
  ciscoStunFlowdata: 0xc000,
  enfFlowDescription: 0xc001,
  enfNetworkStatus: 0xc002,
  ciscoWebexFlowInfo: 0xc003,
  citrixTransactionId: 0xc056,
  googNetworkInfo: 0xc057,
  googLastIceCheckReceived: 0xc058,
  googMiscInfo: 0xc059,
  googObsolete1: 0xc05a,
  googConnectionId: 0xc05b,
  googDelta: 0xc05c,
  googDeltaAck: 0xc05d,
  googDeltaSyncReq: 0xc05e,
  googMessageIntegrity32: 0xc060,
  metaDtlsInStun: 0xc070,
  metaDtlsInStunAcknowledgement: 0xc071,
} as const
export type AttributeType = (typeof AttributeType)[keyof typeof AttributeType]

export function isComprehensionRequired(type: number): boolean {
  return type < 0x8000
}

/** The types below 0x8000 that a Binding request or its response may hold by RFC 8489 §14. */
export const BINDING_ATTRIBUTES: ReadonlySet<number> = new Set<number>([
  AttributeType.mappedAddress,
  AttributeType.username,
  AttributeType.errorCode,
  AttributeType.unknownAttributes,
  AttributeType.realm,
  AttributeType.nonce,
  AttributeType.passwordAlgorithm,
  AttributeType.userhash,
  AttributeType.xorMappedAddress,
])
