export type { SignalingServerEvents } from './events.ts'
export { expiringIceServers } from './ice-servers.ts'
export type {
  ExpiringIceServers,
  MetricsRegistry,
  SignalingServerLimits,
  SignalingServerOptions,
  Subscription,
} from './options.ts'
export type { SignalingPeer } from './signaling-peer.ts'
export { createSignalingServer, SignalingServer } from './server.ts'
export {
  createTurnCredentials,
  type TurnCredentials,
  type TurnCredentialsOptions,
  turnPasswordFor,
} from './turn-credentials.ts'
