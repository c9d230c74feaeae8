import { Counters, type Millis } from '@purertc/bytes'

import type { SimAddress } from './address.ts'
import { type Path, SimHost } from './host.ts'
import { Link, type LinkConditions } from './link.ts'
import { Nat, type NatOptions } from './nat.ts'
import type { Simulation } from './simulation.ts'

/** Judges every datagram where it arrives, with addresses as the public network sees them. */
export type NetworkRule = (path: Path, bytes: Uint8Array) => 'pass' | 'drop' | Uint8Array

/**
 * Hosts and NATs around one public network. A datagram passes its sender's NAT, then its sender's link, and where it
 * arrives the receiver's NAT.
 *
 * @example
 * const network = new Network(sim, { latency: 20 })
 * const home = network.nat({ kind: 'port-restricted', address: '198.51.100.7' })
 * const alice = network.host('10.0.0.2', { nat: home })
 * const server = network.host('198.51.100.1')
 * const socket = alice.bind({ received: (now, from, bytes) => agent.handleDatagram(now, 0, from, bytes) })
 */
export class Network {
  /** Datagrams that found no receiver, by reason. */
  readonly discarded: Counters<'unrouted' | 'filtered' | 'host-down' | 'unbound' | 'intercepted'> =
    new Counters()
  readonly #sim: Simulation
  readonly #conditions: LinkConditions
  readonly #nats = new Map<string, Nat>()
  /** Addresses are unique in a realm: the public network (null), or the inside of a NAT. */
  readonly #realms = new Map<Nat | null, Map<string, SimHost>>([[null, new Map<string, SimHost>()]])
  #rule: NetworkRule | null = null

  /** `conditions` hold for hosts that have none of their own. */
  constructor(sim: Simulation, conditions: LinkConditions = {}) {
    this.#sim = sim
    this.#conditions = conditions
  }

  nat(options: NatOptions): Nat {
    this.#claim(options.address)
    const nat = new Nat(this.#sim.random.fork(), options)
    this.#nats.set(nat.address, nat)
    this.#realms.set(nat, new Map())
    return nat
  }

  /** `conditions` are those of what the host sends; what it receives is its peers' business. */
  host(address: string, options: { readonly nat?: Nat; readonly conditions?: LinkConditions } = {}): SimHost {
    const nat = options.nat ?? null
    const realm = this.#realms.get(nat)
    if (realm === undefined) throw new Error('the NAT belongs to another network')
    if (nat === null) this.#claim(address)
    else if (realm.has(address)) throw new Error(`${address} is taken behind this NAT`)
    const link = new Link<Path>(this.#sim, options.conditions ?? this.#conditions, (now, bytes, path) => {
      this.#arrive(now, nat, path, bytes)
    })
    const host = new SimHost(address, nat, link, (sender, path, bytes) => {
      this.#depart(sender, path, bytes)
    })
    realm.set(address, host)
    return host
  }

  /** Puts a datagram on the public network as if `from` had sent it; it arrives at once. For attackers. */
  inject(from: SimAddress, to: SimAddress, bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes)
    this.#sim.schedule(this.#sim.now, (now) => {
      this.#sim.record(0, copy)
      this.#arrive(now, null, { from, to }, copy)
    })
  }

  /** The one rule that judges all that arrives from now on (a firewall, an eavesdropper); `null` removes it. */
  intercept(rule: NetworkRule | null): void {
    this.#rule = rule
  }

  #claim(address: string): void {
    if (this.#nats.has(address) || this.#realms.get(null)?.has(address) === true)
      throw new Error(`${address} is taken`)
  }

  #depart(host: SimHost, path: Path, bytes: Uint8Array): void {
    if (!host.up) {
      this.discarded.count('host-down')
      return
    }
    const { nat, link } = host
    const staysInside = nat === null || this.#realms.get(nat)?.has(path.to.address) === true
    link.send(
      bytes,
      staysInside ? path : { from: nat.outbound(this.#sim.now, path.from, path.to), to: path.to },
    )
  }

  #arrive(now: Millis, senderRealm: Nat | null, path: Path, bytes: Uint8Array): void {
    const verdict = this.#rule?.(path, bytes) ?? 'pass'
    if (verdict === 'drop') {
      this.discarded.count('intercepted')
      return
    }
    const datagram = verdict === 'pass' ? bytes : verdict
    const neighbour = this.#realms.get(senderRealm)?.get(path.to.address)
    const host = neighbour ?? this.#realms.get(null)?.get(path.to.address)
    if (host !== undefined) this.#deliver(now, host, path.from, path.to.port, datagram)
    else this.#enterNat(now, path, datagram)
  }

  #enterNat(now: Millis, { from, to }: Path, bytes: Uint8Array): void {
    const nat = this.#nats.get(to.address)
    if (nat === undefined) {
      this.discarded.count('unrouted')
      return
    }
    const inside = nat.inbound(now, from, to)
    const host = inside === null ? undefined : this.#realms.get(nat)?.get(inside.address)
    if (inside === null || host === undefined) this.discarded.count('filtered')
    else this.#deliver(now, host, from, inside.port, bytes)
  }

  #deliver(now: Millis, host: SimHost, from: SimAddress, port: number, bytes: Uint8Array): void {
    if (!host.up) this.discarded.count('host-down')
    else if (!host.deliver(now, from, port, bytes)) this.discarded.count('unbound')
  }
}
