import type { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, Simulation } from '@purertc/netsim'

import type { DtlsConfig } from '../../src/index.ts'
import type { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientCertificate, End, serverCertificate } from '../pair.ts'

/**
 * What a liar sends instead of an honest message: nothing, another body, or several messages. The lie enters its own
 * transcript, so that nothing but the lie itself can give it away. `before` is the transcript up to the message.
 */
export type Lie = (
  type: HandshakeType,
  body: Uint8Array,
  before: Uint8Array,
) => Uint8Array | null | readonly (readonly [HandshakeType, Uint8Array])[]

export const honestly: Lie = (_type, body) => body

/** A liar of either version. */
export interface SomeLiar {
  /** Alerts that came. */
  readonly alerts: readonly string[]
  send: (datagram: Uint8Array) => void
  handleDatagram(now: Millis, datagram: Uint8Array): void
  /** Says its first ClientHello. */
  start(now: Millis): void
}

export interface TrialConfig {
  readonly honest?: Partial<DtlsConfig>
  readonly liar?: Partial<DtlsConfig>
}

/** An honest end and a liar, on a network that does no harm. */
export class Trial<L extends SomeLiar> {
  readonly sim = new Simulation({ seed: 1 })
  readonly honest: End
  readonly liar: L
  readonly toHonest: Link
  readonly toLiar: Link

  constructor(
    honestRole: 'client' | 'server',
    both: Partial<DtlsConfig>,
    config: TrialConfig,
    createLiar: (config: DtlsConfig) => L,
  ) {
    const common = { crypto: this.sim.seeded(nodeCrypto), cookie: 'verified-path' as const, ...both }
    const client: DtlsConfig = {
      ...common,
      role: 'client',
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
    }
    const server: DtlsConfig = {
      ...common,
      role: 'server',
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
    }
    const [honest, liar] = honestRole === 'client' ? [client, server] : [server, client]
    this.honest = new End({ ...honest, ...config.honest })
    this.liar = createLiar({ ...liar, verify: { certificate: () => true }, ...config.liar })
    this.toHonest = new Link(this.sim, { latency: 1 }, (now, bytes) =>
      this.honest.association.handleDatagram(now, bytes),
    )
    this.toLiar = new Link(this.sim, { latency: 1 }, (now, bytes) => this.liar.handleDatagram(now, bytes))
    this.honest.send = (datagram) => this.toLiar.send(datagram)
    this.liar.send = (datagram) => this.toHonest.send(datagram)
    this.sim.attach(this.honest.association)
    if (honestRole === 'client') this.honest.association.connect(this.sim.now)
    else this.liar.start(this.sim.now)
    this.sim.run({ deadline: 500 })
  }

  /** What became of it: how the honest end judged, and what it told the liar. */
  get verdict(): string {
    const { session, reason } = this.honest
    if (session !== null && reason === null) return 'connected'
    if (reason === null) return 'waiting'
    const judgement = reason.kind === 'peer-misbehaved' ? reason.error.code : reason.kind
    return `${session === null ? '' : 'connected, then '}${judgement}: ${this.liar.alerts.join(', ')}`
  }

  /** Gives the two some time. */
  settle(): void {
    this.sim.advance(300)
  }
}
