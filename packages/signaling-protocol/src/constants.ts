/** The WebSocket sub-protocol; a client must offer it and the server selects it (RFC 6455 §1.9). */
export const subprotocol = 'v1.signaling.purertc'

/** What `welcome` says; grows with additions that old clients may ignore. */
export const protocolVersion = 1

/** What no frame may pass. */
export const frameLimits = {
  /** UTF-8 bytes of one frame of a client; the server's may be longer by what it adds. */
  bytes: 262_144,
  /** Objects and arrays inside one another. */
  depth: 64,
  /** Characters of a channel's or peer's name. */
  name: 128,
  /** Characters of a member's metadata, written as JSON. */
  metadata: 4_096,
  /** Characters of the token of a `join`. */
  token: 4_096,
  /** Characters of the token that a session is resumed by. */
  session: 128,
  /** Characters of one candidate line. */
  candidate: 4_096,
  /** Bytes of the JSON in front of a binary message. */
  binaryHeader: 2_048,
} as const
