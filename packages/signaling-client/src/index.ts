export type { ReconnectOptions } from './backoff.ts'
export type { BinaryMessage } from './binary-frame.ts'
export { SignalingClient } from './client.ts'
export { SignalingClientError, type SignalingClientFault } from './client-error.ts'
export type { Listener } from './emitter.ts'
export type { SignalingClientEvents } from './events.ts'
export type {
  Audience,
  CandidateInit,
  JoinOptions,
  SignalingClientOptions,
  SignalingClientState,
  SignalingUrl,
} from './options.ts'
export type { Scheduler } from './platform.ts'
export { ServerSignaling } from './server-signaling.ts'
export type { Signaling, SignalingFrame, SignalingHost } from './signaling.ts'
export type { WebSocketConstructor, WebSocketLike } from './web-socket.ts'
