export {
  type BinaryMessage,
  decodeClientBinary,
  decodeServerBinary,
  encodeBinaryFrame,
  joinBinaryFrame,
} from './binary.ts'
export type {
  ClientBinaryHeader,
  ClientFrame,
  ClientFrameOf,
  JoinFrame,
  RelayedFrame,
  ResumeFrame,
} from './client-frame.ts'
export { frameLimits, protocolVersion, subprotocol } from './constants.ts'
export { decodeClientFrame, decodeServerFrame, encodeFrame } from './decode.ts'
export { CloseCode, ErrorCode } from './error-code.ts'
export type { Json } from './json.ts'
export { type MessageText, readAckText, readMessageText } from './message-text.ts'
export type { ServerBinaryHeader, ServerFrame, ServerFrameOf } from './server-frame.ts'
export { SignalingError } from './signaling-error.ts'
export type { Candidate, Description, IceServer, Member, Role } from './values.ts'
