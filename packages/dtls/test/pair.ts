import { type CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, type LinkConditions, Simulation } from '@purertc/netsim'
import type { Millis } from '@purertc/bytes'

import {
  type Certificate,
  type CloseReason,
  DtlsAssociation,
  type DtlsConfig,
  type DtlsHost,
  type DtlsSession,
  ProtocolVersion,
  type ResumableSession,
} from '../src/index.ts'
import { generateCertificate } from '../src/node/index.ts'

/** Two identities for the whole suite: keys are what costs time. */
export const clientCertificate: Certificate = await generateCertificate({ commonName: 'client' })
export const serverCertificate: Certificate = await generateCertificate({ commonName: 'server' })

/** One end with everything that its host was told. */
export class End implements DtlsHost {
  readonly association: DtlsAssociation
  session: DtlsSession | null = null
  reason: CloseReason | null = null
  readonly messages: Uint8Array[] = []
  onConnected: (session: DtlsSession) => void = () => undefined
  onReceived: (data: Uint8Array, now: Millis) => void = () => undefined
  send: (datagram: Uint8Array, path?: string) => void = () => undefined

  readonly resumable?: (session: ResumableSession) => void

  constructor(config: DtlsConfig, onResumable?: (session: ResumableSession) => void) {
    if (onResumable !== undefined) this.resumable = onResumable
    this.association = new DtlsAssociation(config, this)
  }

  transmit(datagram: Uint8Array, _isHandshake: boolean, path: string): void {
    this.send(datagram, path)
  }

  connected(session: DtlsSession): void {
    if (this.session !== null) throw new Error('connected twice')
    this.session = session
    this.onConnected(session)
  }

  received(now: Millis, data: Uint8Array): void {
    this.messages.push(data.slice())
    this.onReceived(data, now)
  }

  closed(reason: CloseReason): void {
    if (this.reason !== null) throw new Error('closed twice')
    this.reason = reason
  }
}

export interface PairOptions {
  readonly seed?: number
  readonly conditions?: LinkConditions
  readonly crypto?: CryptoProvider
  readonly client?: Partial<DtlsConfig>
  readonly server?: Partial<DtlsConfig>
  /** A client that has this asks for sessions to resume. */
  readonly onResumable?: (session: ResumableSession) => void
}

/** For tests of what is DTLS 1.2's alone. */
export const only12 = { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 } as const
export const upTo13 = { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls13 } as const

/** A client and a server on a simulated network, which speak DTLS 1.2 unless the test says otherwise. */
export class Pair {
  readonly sim: Simulation
  readonly client: End
  readonly server: End
  readonly toServer: Link
  readonly toClient: Link

  constructor(options: PairOptions = {}) {
    this.sim = new Simulation({ seed: options.seed ?? 1 })
    const crypto = this.sim.seeded(options.crypto ?? nodeCrypto)
    const client: DtlsConfig = {
      role: 'client',
      crypto,
      versions: only12,
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
      ...options.client,
    }
    this.client = new End(client, options.onResumable)
    this.server = new End({
      role: 'server',
      crypto,
      versions: only12,
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
      clientAddress: '192.0.2.1:5000',
      ...options.server,
    })
    const conditions = options.conditions ?? { latency: 20 }
    this.toServer = new Link(this.sim, conditions, (now, bytes) =>
      this.server.association.handleDatagram(now, bytes),
    )
    this.toClient = new Link(this.sim, conditions, (now, bytes) =>
      this.client.association.handleDatagram(now, bytes),
    )
    this.client.send = (datagram) => this.toServer.send(datagram)
    this.server.send = (datagram) => this.toClient.send(datagram)
    this.sim.attach(this.client.association)
    this.sim.attach(this.server.association)
  }

  get isConnected(): boolean {
    return this.client.session !== null && this.server.session !== null
  }

  /** Nothing more will come of it. A server may be connected to a client that never heard of it. */
  get isOver(): boolean {
    return this.client.reason !== null && (this.server.reason !== null || this.server.session !== null)
  }

  /** Runs the handshake to its end, good or bad. */
  handshake(): this {
    this.client.association.connect(this.sim.now)
    this.sim.run({ until: () => this.isConnected || this.isOver })
    return this
  }
}
