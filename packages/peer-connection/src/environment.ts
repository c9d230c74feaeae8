import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import type { Certificate } from '@purertc/dtls'

import type { PeerTransport } from './transport/peer-transport.ts'
import type { PeerTransportConfig } from './transport/peer-transport-config.ts'
import type { PeerTransportHost } from './transport/peer-transport-host.ts'
import type { NetworkOptions } from './w3c/configuration.ts'
import type { RTCIceServer } from './w3c/ice-servers.ts'

/** The world around a connection: clock, tasks, sockets. `src/node` has Node's; a simulation may bring its own. */
export interface Environment {
  readonly crypto: CryptoProvider
  /** Runs `task` later, in a turn of its own. */
  queueTask(task: () => void): void
  /** Milliseconds since 1970, for certificates and the time stamps of statistics. */
  wallClock(): number
  generateCertificate(): Promise<Certificate>
  createDriver(config: PeerTransportConfig, network: NetworkOptions, host: DriverHost): TransportDriver
}

/** A transport's host without its sockets, which the driver owns. */
export interface DriverHost extends Omit<
  PeerTransportHost,
  'transmit' | 'transmitToServer' | 'disconnectServer' | 'resolveName' | 'released' | 'sent'
> {
  /** A server that cannot be asked: its name is unknown, or it is not reached over UDP. Not fatal. */
  serverUnusable(url: string, reason: Error): void
}

/** Owns the sockets, the clock and the one timer of a transport. */
export interface TransportDriver {
  /** Runs a command on the transport at the present time, and sets the timer anew. */
  run<T>(command: (transport: PeerTransport, now: Millis) => T): T
  /** Binds sockets, resolves server names and starts to gather; again after a restart. */
  gather(servers: readonly RTCIceServer[]): void
  /** Closes the transport, and the sockets as soon as TURN servers need them no more. */
  close(): void
}
