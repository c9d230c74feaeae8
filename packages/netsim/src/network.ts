import { Counters, type Millis } from '@purertc/bytes'

import type { SimAddress } from './address.ts'
import { type Path, SimHost } from './host.ts'
import { Link, type LinkConditions } from './link.ts'
import { Nat, type NatOptions } from './nat.ts'
import type { Simulation } from './simulation.ts'

/** Judges every datagram where it arrives, with addresses as the public network sees them. */
export type NetworkRule = (path: Path, bytes: Uint8Array) => 'pass' | 'drop' | Uint8Array

/**
 * Hosts and NATs around one public network. A datagram passes its sender's NATs, then its sender's link, and where it
 * arrives the receiver's NATs.
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
  /** Addresses are unique in a realm: the public network (null), or the inside of a NAT. */
  readonly #realms = new Map<Nat | null, Map<string, SimHost | Nat>>([
    [null, new Map<string, SimHost | Nat>()],
  ])
  #rule: NetworkRule | null = null

  /** `conditions` hold for hosts that have none of their own. */
  constructor(sim: Simulation, conditions: LinkConditions = {}) {
    this.#sim = sim
    this.#conditions = conditions
  }

  nat(options: NatOptions): Nat {
    const nat = new Nat(this.#sim.random.fork(), options)
    this.#claim(nat.outer, nat.address, nat)
    this.#realms.set(nat, new Map())
    return nat
  }

  /** `conditions` are those of what the host sends; what it receives is its peers' business. */
  host(address: string, options: { readonly nat?: Nat; readonly conditions?: LinkConditions } = {}): SimHost {
    const nat = options.nat ?? null
    const link = new Link<Path>(this.#sim, options.conditions ?? this.#conditions, (now, bytes, path) => {
      this.#arrive(now, nat, path, bytes)
    })
    const host = new SimHost(address, nat, link, (sender, path, bytes) => {
      this.#depart(sender, path, bytes)
    })
    this.#claim(nat, address, host)
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

  #claim(realm: Nat | null, address: string, owner: SimHost | Nat): void {
    const owners = this.#realms.get(realm)
    if (owners === undefined) throw new Error('the NAT belongs to another network')
    if (owners.has(address)) throw new Error(`${address} is taken${realm === null ? '' : ' behind this NAT'}`)
    owners.set(address, owner)
  }

  /** Where a datagram that starts inside `nat` meets its destination: the innermost realm that has the address. */
  #realmOf(nat: Nat | null, address: string): Nat | null {
    let realm = nat
    while (realm !== null && this.#realms.get(realm)?.has(address) !== true) realm = realm.outer
    return realm
  }

  #depart(host: SimHost, path: Path, bytes: Uint8Array): void {
    if (!host.up) {
      this.discarded.count('host-down')
      return
    }
    const realm = this.#realmOf(host.nat, path.to.address)
    let { from } = path
    for (let nat = host.nat; nat !== null && nat !== realm; nat = nat.outer)
      from = nat.outbound(this.#sim.now, from, path.to)
    host.link.send(bytes, { from, to: path.to })
  }

  #arrive(now: Millis, senderRealm: Nat | null, path: Path, bytes: Uint8Array): void {
    const verdict = this.#rule?.(path, bytes) ?? 'pass'
    if (verdict === 'drop') this.discarded.count('intercepted')
    else
      this.#enter(
        now,
        this.#realmOf(senderRealm, path.to.address),
        path,
        verdict === 'pass' ? bytes : verdict,
      )
  }

  #enter(now: Millis, realm: Nat | null, { from, to }: Path, bytes: Uint8Array): void {
    const owner = this.#realms.get(realm)?.get(to.address)
    if (owner === undefined) {
      this.discarded.count('unrouted')
    } else if (owner instanceof SimHost) {
      this.#deliver(now, owner, from, to.port, bytes)
    } else {
      const inside = owner.inbound(now, from, to)
      if (inside === null) this.discarded.count('filtered')
      else this.#enter(now, owner, { from, to: inside }, bytes)
    }
  }

  #deliver(now: Millis, host: SimHost, from: SimAddress, port: number, bytes: Uint8Array): void {
    if (!host.up) this.discarded.count('host-down')
    else if (!host.deliver(now, from, port, bytes)) this.discarded.count('unbound')
  }
}
