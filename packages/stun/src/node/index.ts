export {
  discoverMappedAddress,
  NodeStunClient,
  type NodeStunClientEvents,
  type NodeStunClientOptions,
} from './client.ts'
export type { DiscoveryBinding } from './discovery-sockets.ts'
export { type NameService, namesFrom, systemNames } from './name-service.ts'
export { discoverNatBehavior, type NatBehaviorOptions } from './nat-behavior.ts'
export { resolveServer, type ResolveOptions } from './resolve.ts'
export {
  type BoundAddress,
  createStunServer,
  type ListenAddress,
  NodeStunServer,
  type NodeStunServerEvents,
  type NodeStunServerOptions,
} from './server.ts'
export type { StreamEnd, StreamLimits } from './stream-connection.ts'
export type { ConnectionDrop, ListenerLimits } from './stream-listener.ts'
export { type OpenOptions, tcp, tls, type TransportKind, udp } from './transports.ts'
