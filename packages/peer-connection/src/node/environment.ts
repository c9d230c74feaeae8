import { nodeCrypto } from '@purertc/crypto/node'
import { generateCertificate } from '@purertc/dtls/node'

import type { Environment } from '../environment.ts'
import { NodeTransportDriver } from './transport-driver.ts'

/** Connections on Node: its clock, its timers, its UDP sockets. */
export const nodeEnvironment: Environment = {
  crypto: nodeCrypto,
  queueTask: (task) => void setImmediate(task),
  wallClock: () => Date.now(),
  generateCertificate: () => generateCertificate(),
  createDriver: (config, network, host) => new NodeTransportDriver(config, network, host),
}
