/**
 * Why a frame was refused: the `code` of an `error` frame. Codes are stable; the text beside them is for people.
 * None of them ends the connection, unless a {@link CloseCode} follows.
 */
export const ErrorCode = {
  /** The frame is not JSON, or nested too deeply. */
  invalidJson: 'invalid-json',
  /** The frame is JSON, but not of a form described here; or a binary frame without its header. */
  invalidFrame: 'invalid-frame',
  /** The frame's `type` is none that this version has. */
  unknownType: 'unknown-type',
  /** The frame is longer than allowed; closes with 1009. */
  frameTooLarge: 'frame-too-large',
  /** More frames a second than allowed, pings and pongs of the WebSocket among them; closes with 4429. */
  rateLimited: 'rate-limited',
  /** The frame needs a channel; join one first. */
  notJoined: 'not-joined',
  /** One connection is in one channel at a time; leave first. */
  alreadyJoined: 'already-joined',
  /** The join came without credentials, or with such as do not hold. */
  unauthenticated: 'unauthenticated',
  /** The server's access control said no. */
  joinRefused: 'join-refused',
  /** Another member of the channel has this peer name. */
  peerTaken: 'peer-taken',
  /** The channel has all the members it may have. */
  channelFull: 'channel-full',
  /** The server has all the channels it may have. */
  tooManyChannels: 'too-many-channels',
  /** Nobody else is in the channel, and what waits for a peer to come is as much as the server keeps. */
  bufferFull: 'buffer-full',
  /** No such session: it ended, its time ran out, or more was missed than the server keeps. Join anew. */
  resumeFailed: 'resume-failed',
  /** What the server knew of this session is gone, and what was under way may be lost; closes with 4410. */
  sessionLost: 'session-lost',
  /** The server cannot reach what it shares with others, and too much waits for it. */
  unavailable: 'unavailable',
} as const satisfies Record<string, string>
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

/** The WebSocket close codes that either end uses, RFC 6455 §7.4; those from 4000 on are this protocol's own. */
export const CloseCode = {
  /** Either side is done; ends the session. */
  normal: 1000,
  /** The server shuts down; or the page goes, which ends the session. */
  goingAway: 1001,
  /** A frame longer than allowed; ends the session. */
  frameTooLarge: 1009,
  /** The server drained: resume elsewhere. */
  serviceRestart: 1012,
  /** The client goes to resume elsewhere, or found that the connection does not carry any more. */
  moving: 4000,
  /** No sign of life for two heartbeats. A dead socket is cut, so the peer itself sees 1006. */
  heartbeatTimeout: 4408,
  /** Another connection has resumed this one's session. */
  replaced: 4409,
  /** The session is lost: see `session-lost`. */
  sessionLost: 4410,
  /** The peer does not read what it is sent. Its socket is cut, so the peer itself sees 1006. */
  slowReader: 4413,
  /** More frames a second than allowed; ends the session. */
  rateLimited: 4429,
} as const satisfies Record<string, number>
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]
