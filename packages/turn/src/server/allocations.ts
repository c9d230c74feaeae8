import { Millis } from '@purertc/bytes'
import { StatusCode, type TransportAddress } from '@purertc/stun'

import type { AllocateDemand } from './allocate-demand.ts'
import type { Allocation, Applicant, Opening } from './allocation.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import { FiveTupleMap } from './five-tuple-map.ts'
import { PeerTable } from './peer-table.ts'
import { type RateLimits, type RateMeters, rateMeters } from './rate-limit.ts'
import type { RelayPorts } from './relay-ports.ts'

export interface AllocationLimits {
  /** Allocations of one user. */
  readonly perUser: number
  readonly total: number
  /** Peer addresses of one allocation. */
  readonly permissions: number
  /** Whom a name counts for. */
  readonly account: (username: string) => string
  /** What a user may have relayed. */
  readonly rates: (account: string) => RateLimits | undefined
}

/**
 * The allocations of a server, and those whose relay is being opened: who has which, how many a user has, and which
 * ends next.
 */
export class Allocations {
  readonly #limits: AllocationLimits
  readonly #ports: RelayPorts
  readonly #byClient = new FiveTupleMap<Allocation>()
  readonly #byRelay = new Map<number, Allocation>()
  readonly #openingsByClient = new FiveTupleMap<Opening>()
  readonly #openingsByRelay = new Map<number, Opening>()
  readonly #accounts = new Map<string, Account>()
  readonly #expiry = new ExpiryQueue<Allocation>()
  #nextRelay = 1

  constructor(limits: AllocationLimits, ports: RelayPorts) {
    this.#limits = limits
    this.#ports = ports
  }

  get size(): number {
    return this.#byRelay.size
  }

  get openingCount(): number {
    return this.#openingsByRelay.size
  }

  /** Users who hold something. */
  get userCount(): number {
    return this.#accounts.size
  }

  /** When {@link Allocations.nextExpired} may have something to say. */
  get nextTimeout(): Millis {
    return this.#expiry.nextTimeout
  }

  values(): IterableIterator<Allocation> {
    return this.#byRelay.values()
  }

  openings(): IterableIterator<Opening> {
    return this.#openingsByRelay.values()
  }

  ofClient(listener: number, client: TransportAddress): Allocation | undefined {
    return this.#byClient.get(listener, client)
  }

  ofRelay(relay: number): Allocation | undefined {
    return this.#byRelay.get(relay)
  }

  openingOfClient(listener: number, client: TransportAddress): Opening | undefined {
    return this.#openingsByClient.get(listener, client)
  }

  /** All that clients of one listener have. */
  ofListener(listener: number): { readonly allocations: Allocation[]; readonly openings: Opening[] } {
    return {
      allocations: [...this.#byClient.ofListener(listener)],
      openings: [...this.#openingsByClient.ofListener(listener)],
    }
  }

  openingOfRelay(relay: number): Opening | undefined {
    return this.#openingsByRelay.get(relay)
  }

  /** Begins an allocation, whose relay is then to be opened; or the code of the refusal, 486 or 508. */
  begin(now: Millis, applicant: Applicant, demand: AllocateDemand): Opening | StatusCode {
    const { username, listener, client } = applicant
    const account = this.#accountOf(username)
    if (account.holdings >= this.#limits.perUser) return StatusCode.allocationQuotaReached
    if (this.size + this.openingCount >= this.#limits.total) return StatusCode.insufficientCapacity
    const claim = this.#ports.claim(now, username, demand)
    if (claim === null) return StatusCode.insufficientCapacity
    const opening: Opening = { ...applicant, relay: this.#nextRelay++, demand, claim, tries: 1 }
    account.holdings++
    this.#accounts.set(account.name, account)
    this.#openingsByRelay.set(opening.relay, opening)
    this.#openingsByClient.set(listener, client, opening)
    return opening
  }

  /** Another port for a relay whose port was taken; false where there is none to be tried. */
  tryAnotherPort(now: Millis, opening: Opening): boolean {
    const { demand, username } = opening
    if (opening.tries >= MAX_TRIES || demand.reservationToken !== null) return false
    const claim = this.#ports.claim(now, username, demand)
    if (claim === null) return false
    this.#ports.revoke(username, opening.claim)
    opening.claim = claim
    opening.tries++
    return true
  }

  /** The relay cannot be opened, or is not wanted any more. */
  abandon(opening: Opening): void {
    this.#endOpening(opening)
    this.#ports.revoke(opening.username, opening.claim)
    this.#forgetOneOf(opening.username)
  }

  /** The relay is open: from now on there is an allocation. */
  complete(now: Millis, opening: Opening, relayed: TransportAddress): Allocation {
    this.#endOpening(opening)
    const { relay, username, listener, client, request, claim, demand } = opening
    const allocation: Allocation = {
      relay,
      username,
      listener,
      client,
      request,
      claim,
      relayed,
      peers: new PeerTable(this.#limits.permissions),
      toPeers: { datagrams: 0, bytes: 0 },
      toClient: { datagrams: 0, bytes: 0 },
      meters: this.#accountOf(username).meters,
      expiresAt: Millis(now + 1000 * demand.lifetime),
    }
    this.#byRelay.set(relay, allocation)
    this.#byClient.set(listener, client, allocation)
    this.#expiry.add(allocation)
    return allocation
  }

  delete(allocation: Allocation): void {
    const { relay, listener, client, claim, username } = allocation
    this.#byRelay.delete(relay)
    this.#byClient.delete(listener, client)
    this.#expiry.remove(allocation)
    this.#ports.release(claim.family, claim.port)
    this.#forgetOneOf(username)
  }

  /** The next allocation whose time is over, for the caller to delete. */
  nextExpired(now: Millis): Allocation | undefined {
    return this.#expiry.take(now)
  }

  #endOpening({ relay, listener, client }: Opening): void {
    this.#openingsByRelay.delete(relay)
    this.#openingsByClient.delete(listener, client)
  }

  /** The account that the user has while it holds something, or a new one. */
  #accountOf(username: string): Account {
    const name = this.#limits.account(username)
    return this.#accounts.get(name) ?? { name, holdings: 0, meters: rateMeters(this.#limits.rates(name)) }
  }

  #forgetOneOf(username: string): void {
    const account = this.#accountOf(username)
    if (--account.holdings <= 0) this.#accounts.delete(account.name)
  }
}

interface Account {
  readonly name: string
  readonly meters: RateMeters | null
  /** Allocations and openings. */
  holdings: number
}

/** Ports that are tried before a client is told that there is none: other programs on the machine have ports too. */
const MAX_TRIES = 8
