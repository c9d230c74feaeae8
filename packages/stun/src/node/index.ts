export { discoverMappedAddress, NodeStunClient, type NodeStunClientOptions } from './client.ts'
export {
  createStunServer,
  type ListenAddress,
  NodeStunServer,
  type NodeStunServerEvents,
  type NodeStunServerOptions,
} from './server.ts'
