import type { TransportAddress } from '@purertc/stun'

import { addressScope } from './address-scope.ts'
import type { Base, LocalCandidate } from './base.ts'
import type { IceCandidate, TcpType } from './candidate.ts'
import type { CheckList } from './check-list.ts'
import type { Discarded } from './discarded.ts'
import type { Foundations } from './foundation.ts'
import { LocalCandidates } from './local-candidates.ts'
import { Pair } from './pair.ts'
import { type RemoteCandidate, RemoteCandidates } from './remote-candidates.ts'
import type { Role } from './role.ts'

export interface PairingHost {
  /** Whether a new pair could still matter. */
  wantsPair(pair: Pair): boolean
  discarded(reason: Discarded): void
}

/** Forms the pairs of a check list from candidates, in whatever order they come: RFC 8445 §6.1.2 and RFC 8838 §11. */
export class Pairing {
  readonly #role: Role
  readonly #list: CheckList
  readonly #foundations: Foundations
  readonly #host: PairingHost
  readonly #locals = new LocalCandidates()
  readonly #remotes = new RemoteCandidates()

  constructor(role: Role, list: CheckList, foundations: Foundations, host: PairingHost) {
    this.#role = role
    this.#list = list
    this.#foundations = foundations
    this.#host = host
  }

  addLocal(local: LocalCandidate): void {
    if (!this.#locals.add(local)) return
    for (const remote of this.#remotes) this.#pair(local, remote)
  }

  addRemote(candidate: IceCandidate): void {
    const addition = this.#remotes.add(candidate)
    if (typeof addition === 'string') {
      this.#host.discarded(addition)
    } else if (addition.change !== 'none') {
      if (addition.change === 'superseded') this.#supersede(addition.remote)
      for (const local of this.#locals) this.#pair(local, addition.remote)
    }
  }

  /** The pairs that nobody wanted while another worked. */
  pairAll(): void {
    for (const local of this.#locals) for (const remote of this.#remotes) this.#pair(local, remote)
  }

  /** What checks of others than `usernameFragment` revealed is not the peer's, now that its credentials are known. */
  forgetOthers(usernameFragment: string): void {
    const forgotten = this.#remotes.forgetOthers(usernameFragment)
    this.#list.remove((pair) => forgotten.some(({ address }) => address === pair.remoteAddress))
  }

  /** Whether checks may come to this base at all: a candidate of it was given to the peer. */
  isOpen(base: Base): boolean {
    return this.#locals.of(base) !== undefined
  }

  knowsRemote(base: Base, address: TransportAddress): boolean {
    return this.#remotes.find(address, transportOf(base)) !== undefined
  }

  /**
   * The pair that an authenticated check came over, RFC 8445 §7.3.1.3 and §7.3.1.4: a new one, with a peer-reflexive
   * candidate where `from` is unknown, unless it is in the list. `null` when too much is known already.
   */
  pairOfCheck(base: Base, from: TransportAddress, priority: number, usernameFragment: string): Pair | null {
    const known = this.#list.find(base, from)
    if (known !== undefined) return known
    const local = this.#locals.of(base)
    const remote =
      this.#remotes.find(from, transportOf(base)) ??
      this.#remotes.learn(from, oppositeOf(base.tcpType), priority, usernameFragment)
    if (local === undefined || remote === null) {
      this.#host.discarded('too-many-candidates')
      return null
    }
    const pair = new Pair(local, remote, this.#role)
    if (this.#list.add(pair, true)) return pair
    this.#host.discarded('too-many-pairs')
    return null
  }

  /**
   * RFC 8445 §7.2.5.3.1 and §7.2.5.3.2: an answer says that the peer sees the pair's base at `mapped`. The valid pair's
   * local candidate is that one, a peer-reflexive one of `priority` where it is new.
   */
  reveal(pair: Pair, mapped: TransportAddress, priority: number): void {
    const { base } = pair
    if (mapped.family !== base.address.family) return
    // Every connection has a port of its own; only another address shows a NAT.
    if (base.tcpType === 'active' && mapped.address === base.address.address) return
    const local = this.#locals.find(base, mapped) ?? this.#learnLocal(base, mapped, priority)
    if (local === null || local.candidate === pair.local) return
    pair.local = local.candidate
    pair.updatePriority()
    this.#list.sort()
  }

  removeBase(base: Base): void {
    this.#locals.remove(base)
  }

  #pair(local: LocalCandidate, remote: RemoteCandidate): void {
    if (!isPairable(local.base, remote)) return
    if (this.#list.find(local.base, remote.address) !== undefined) return
    const pair = new Pair(local, remote, this.#role)
    if (this.#host.wantsPair(pair) && !this.#list.add(pair)) this.#host.discarded('too-many-pairs')
  }

  #supersede(remote: RemoteCandidate): void {
    for (const pair of this.#list.pairs) {
      if (pair.remoteAddress !== remote.address) continue
      pair.remote = remote.candidate
      pair.updatePriority()
    }
    this.#list.sort()
  }

  #learnLocal(base: Base, mapped: TransportAddress, priority: number): LocalCandidate | null {
    if (this.#locals.isFull) return null
    const candidate: IceCandidate = {
      foundation: this.#foundations.of('prflx', base),
      component: 1,
      ...(base.tcpType === undefined ? { transport: 'udp' } : { transport: 'tcp', tcpType: base.tcpType }),
      priority,
      address: mapped.address,
      port: mapped.port,
      type: 'prflx',
      relatedAddress: base.address.address,
      relatedPort: base.address.port,
    }
    const local: LocalCandidate = { base, candidate, address: mapped }
    this.#locals.add(local)
    return local
  }
}

/**
 * RFC 8445 §6.1.2.2: the same family, and link-local with link-local; loopback reaches nothing but loopback. RFC 6544
 * §6.2: active with passive, both at once with both at once; who listens waits for the other's check.
 */
function isPairable(
  { address: local, tcpType }: Base,
  { address: remote, candidate }: RemoteCandidate,
): boolean {
  if (tcpType === 'passive' || candidate.tcpType !== oppositeOf(tcpType)) return false
  return local.family === remote.family && addressScope(local.address) === addressScope(remote.address)
}

function transportOf({ tcpType }: Base): 'udp' | 'tcp' {
  return tcpType === undefined ? 'udp' : 'tcp'
}

function oppositeOf(tcpType: TcpType | undefined): TcpType | undefined {
  return tcpType === 'active' ? 'passive' : tcpType === 'passive' ? 'active' : tcpType
}
