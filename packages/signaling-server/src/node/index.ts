export type { SignalingServerLimits, SignalingServerOptions, Subscription } from './options.ts'
export type { SignalingPeer } from './peer.ts'
export { createSignalingServer, SignalingServer, type SignalingServerEvents } from './server.ts'
export {
  createTurnCredentials,
  type TurnCredentials,
  type TurnCredentialsOptions,
  turnPasswordFor,
} from './turn-credentials.ts'
