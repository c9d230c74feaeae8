export {
  createTurnClient,
  NodeTurnClient,
  type NodeTurnClientEvents,
  type NodeTurnClientOptions,
} from './client.ts'
export type { ListenAddress, NodeTurnServerOptions } from './options.ts'
export { createTurnServer, NodeTurnServer, type NodeTurnServerEvents } from './server.ts'
export type { DisconnectReason, ListeningAddress, TurnListener, TurnListenerHost } from './listener.ts'
export { type LinkOptions, openLink, type ServerLink } from './server-link.ts'
export type { StreamLimits } from './stream-listener.ts'
export type { PasswordSource, UserOptions } from './users.ts'
