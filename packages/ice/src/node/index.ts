export { IceSockets, type IceSocketsHost, type IceSocketsOptions } from './ice-sockets.ts'
export { type NodeIceHost, NodeIceTransport, type NodeIceOptions } from './ice-transport.ts'
export { type AddressFilter, interfaceAddresses } from './interface-addresses.ts'
export { checkServers, type IceServer, resolveServers } from './resolve-servers.ts'
