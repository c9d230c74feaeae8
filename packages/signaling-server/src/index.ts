export type { ConnectionId, JoinRequest, SignalingHubHost } from './host.ts'
export { SignalingHub, type SignalingHubConfig } from './hub.ts'
export { defaultHubLimits, type HubLimits } from './limits.ts'
export {
  createSignalingServer,
  createTurnCredentials,
  type SignalingPeer,
  SignalingServer,
  type SignalingServerEvents,
  type SignalingServerLimits,
  type SignalingServerOptions,
  type Subscription,
  type TurnCredentials,
  type TurnCredentialsOptions,
  turnPasswordFor,
} from './node/index.ts'
