export { type AssociationOptions, type ConnectOptions, connect } from './connect.ts'
export { ConnectionError } from './connection-error.ts'
export {
  DtlsSocket,
  type DtlsSocketEvents,
  type RemoteAddress,
  type SocketOptions,
  type Transport,
} from './dtls-socket.ts'
export { generateCertificate, type GenerateCertificateOptions } from './generate-certificate.ts'
export { keyLogFile } from './key-log-file.ts'
export type { IdentityOptions } from './identity-options.ts'
export type { Pem } from './pem.ts'
export { readCertificate } from './read-certificate.ts'
export { createServer, DtlsServer, type DtlsServerEvents, type ServerOptions } from './server.ts'
