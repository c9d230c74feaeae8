export { nodeEnvironment } from './environment.ts'
export { type CertificateAlgorithm, RTCPeerConnection } from './peer-connection.ts'
export { Peer } from './peer.ts'
export { NodeTransportDriver } from './transport-driver.ts'
