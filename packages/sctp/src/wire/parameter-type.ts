/** Parameter types of INIT, INIT ACK, HEARTBEAT and RE-CONFIG chunks: IANA registry "Chunk Parameter Types". */
export const ParameterType = {
  heartbeatInfo: 1,
  ipv4Address: 5,
  ipv6Address: 6,
  stateCookie: 7,
  unrecognizedParameter: 8,
  cookiePreservative: 9,
  /** Deprecated: whoever sends it is sent an ABORT, RFC 9260 §5.1.2. */
  hostName: 11,
  supportedAddressTypes: 12,
  /** RFC 6525 §4 */
  outgoingReset: 13,
  incomingReset: 14,
  tsnReset: 15,
  reconfigResponse: 16,
  addOutgoingStreams: 17,
  addIncomingStreams: 18,
  /** RFC 9653 §4 */
  zeroChecksumAcceptable: 0x8001,
  /**
   * Ours alone: four bytes, the largest packet that the sender of an INIT takes. Its type tells others to skip it. A
   * libwebrtc ends its DTLS association when a record of more than 2,048 bytes comes, so it must not be asked.
   */
  largestPacket: 0xbf4d,
  /** RFC 4820 §4 */
  padding: 0x8005,
  /** RFC 5061 §4.2.7 */
  supportedExtensions: 0x8008,
  /** RFC 3758 §3.1 */
  forwardTsnSupported: 0xc000,
} as const
export type ParameterType = (typeof ParameterType)[keyof typeof ParameterType]
