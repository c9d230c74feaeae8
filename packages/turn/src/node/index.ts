export {
  createTurnClient,
  NodeTurnClient,
  type NodeTurnClientEvents,
  type NodeTurnClientOptions,
} from './client.ts'
export type { ListenAddress, NodeTurnServerOptions } from './options.ts'
export { createTurnServer, NodeTurnServer, type NodeTurnServerEvents } from './server.ts'
