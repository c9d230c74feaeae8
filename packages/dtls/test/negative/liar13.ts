import { jest } from '@jest/globals'
import type { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, Simulation } from '@purertc/netsim'

import type { DtlsConfig } from '../../src/index.ts'
import { Flight } from '../../src/dtls13/flight/flight.ts'
import { FlightSender } from '../../src/handshake/flight-sender.ts'
import type { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientCertificate, End, serverCertificate, upTo13 } from '../pair.ts'
import type { Lie } from './liar.ts'

/**
 * An honest end and a liar that speak DTLS 1.3, on a network that does no harm. The liar is made of our own parts: what
 * it says instead of an honest message enters its own transcript, so that nothing but the lie itself gives it away.
 */
export class Trial13 {
  readonly sim = new Simulation({ seed: 1 })
  readonly honest: End
  readonly liar: End
  readonly toHonest: Link
  readonly toLiar: Link

  constructor(
    honestRole: 'client' | 'server',
    lie: Lie = (_type, body) => body,
    config: { readonly honest?: Partial<DtlsConfig>; readonly liar?: Partial<DtlsConfig> } = {},
  ) {
    const common = { crypto: this.sim.seeded(nodeCrypto), versions: upTo13, cookie: 'verified-path' as const }
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
    const [ours, theirs] = honestRole === 'client' ? [client, server] : [server, client]
    this.honest = new End({ ...ours, ...config.honest })
    this.liar = new End({ ...theirs, verify: { certificate: () => true }, ...config.liar })
    this.toHonest = new Link(this.sim, { latency: 1 }, (now, bytes) =>
      this.honest.association.handleDatagram(now, bytes),
    )
    const lying = (action: () => void): void => tellingLies(lie, action)
    this.toLiar = new Link(this.sim, { latency: 1 }, (now, bytes) =>
      lying(() => this.liar.association.handleDatagram(now, bytes)),
    )
    this.honest.send = (datagram) => this.toLiar.send(datagram)
    this.liar.send = (datagram) => this.toHonest.send(datagram)
    this.sim.attach(this.honest.association)
    const now: Millis = this.sim.now
    if (honestRole === 'client') this.honest.association.connect(now)
    else lying(() => this.liar.association.connect(now))
    this.sim.run({ deadline: 500 })
  }

  /** What became of it: how the honest end judged, and what it told the liar. */
  get verdict(): string {
    const { session, reason } = this.honest
    if (reason === null) return session === null ? 'waiting' : 'connected'
    const judgement = reason.kind === 'peer-misbehaved' ? reason.error.code : reason.kind
    return `${session === null ? '' : 'connected, then '}${judgement}: ${this.#told}`
  }

  /** The alert that reached the liar. It may have no keys for it, and in the clear it counts when nothing follows. */
  get #told(): string {
    this.sim.attach(this.liar.association)
    this.sim.advance(5_000)
    return this.liar.reason?.kind === 'alert' ? this.liar.reason.name : ''
  }
}

/** While the action runs, whoever composes a message says what the lie makes of it. */
function tellingLies(lie: Lie, action: () => void): void {
  const spies = [Flight.prototype, FlightSender.prototype].map((prototype) => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the object it belongs to
    const honest = prototype.message
    return jest.spyOn(prototype, 'message').mockImplementation(function (
      this: Flight & FlightSender,
      type: HandshakeType,
      body: Uint8Array,
    ) {
      const said = lie(type, body, nothing)
      if (said === null) return
      const messages: readonly (readonly [HandshakeType, Uint8Array])[] =
        said instanceof Uint8Array ? [[type, said]] : said
      for (const [otherType, otherBody] of messages) honest.call(this, otherType, otherBody)
    })
  })
  try {
    action()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

const nothing = new Uint8Array(0)
