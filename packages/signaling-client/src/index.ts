export {
  type Audience,
  type CandidateInit,
  type JoinOptions,
  SignalingClient,
  type SignalingClientOptions,
  type SignalingClientState,
} from './client.ts'
export { SignalingClientError, type SignalingClientFault } from './client-error.ts'
export type { Listener } from './emitter.ts'
export type { SignalingClientEvents } from './events.ts'
export type { Scheduler } from './scheduler.ts'
export type { WebSocketConstructor, WebSocketLike } from './web-socket.ts'
