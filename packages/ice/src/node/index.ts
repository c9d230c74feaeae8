export { IceSockets, type IceSocketsHost } from './ice-sockets.ts'
export { type NodeIceHost, NodeIceTransport, type NodeIceOptions } from './ice-transport.ts'
export {
  type AddressFilter,
  type InterfaceAddress,
  interfaceAddresses,
  type InterfaceKind,
} from './interface-addresses.ts'
export { MulticastDns, type MulticastDnsOptions } from './mdns/multicast-dns.ts'
export type { MulticastReceived, MulticastTransport } from './mdns/multicast-socket.ts'
export { PortMapper, type PortMappingOptions } from './port-mapping/port-mapper.ts'
export { checkServers, type IceServer, resolveServers } from './resolve-servers.ts'
export type { IceSocketsOptions } from './socket-options.ts'
export { type MuxDiscard, type MuxMember, UdpMux, type UdpMuxOptions } from './udp-mux.ts'
