import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { type IpFamily, sameAddress, StatusCode, type TransportAddress } from '@purertc/stun'

import { type AccountLimits, Accounts } from './accounts.ts'
import type { AllocateDemand, FamilyRefusal } from './allocate-demand.ts'
import type { AdditionalRelay, Allocation, Applicant, Opening } from './allocation.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import { FiveTupleMap } from './five-tuple-map.ts'
import { type Mobility, Tickets } from './mobility.ts'
import { Openings } from './openings.ts'
import { PeerTable } from './peer-table.ts'
import type { RelayPorts } from './relay-ports.ts'
import type { Destination } from './responder.ts'

export interface AllocationLimits extends AccountLimits {
  readonly total: number
  /** Peer addresses of one allocation. */
  readonly permissions: number
}

/** The allocations of a server, and those to be: who has which, how many a user has, and which ends next. */
export class Allocations {
  readonly openings: Openings
  readonly #limits: AllocationLimits
  readonly #ports: RelayPorts
  readonly #byClient = new FiveTupleMap<Allocation>()
  readonly #byRelay = new Map<number, Allocation>()
  /** Relay numbers by the address that peers send to. */
  readonly #relays = new FiveTupleMap<number>()
  readonly #accounts: Accounts
  readonly #expiry = new ExpiryQueue<Allocation>()
  readonly #tickets: Tickets<Allocation>
  #count = 0

  constructor(crypto: CryptoProvider, limits: AllocationLimits, ports: RelayPorts) {
    this.#limits = limits
    this.#ports = ports
    this.openings = new Openings(ports)
    this.#tickets = new Tickets(crypto)
    this.#accounts = new Accounts(limits)
  }

  get size(): number {
    return this.#count
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
    return new Set(this.#byRelay.values()).values()
  }

  ofClient(listener: number, client: TransportAddress): Allocation | undefined {
    return this.#byClient.get(listener, client)
  }

  ofRelay(relay: number): Allocation | undefined {
    return this.#byRelay.get(relay)
  }

  /** The relay of a UDP allocation of ours that has this address; `undefined` where the address is somebody else's. */
  relayAt(peer: TransportAddress): number | undefined {
    return this.#relays.get(0, peer)
  }

  /** Whom a name counts for. */
  accountOf(username: string): string {
    return this.#limits.account(username)
  }

  /** All that clients of one listener have. */
  ofListener(listener: number): Allocation[] {
    return [...this.#byClient.ofListener(listener)]
  }

  /** Begins an allocation, whose relay is then to be opened; or the code of the refusal, 486 or 508. */
  begin(now: Millis, applicant: Applicant, demand: AllocateDemand): Opening | StatusCode {
    const { username } = applicant
    if (this.#accounts.isFull(username)) return StatusCode.allocationQuotaReached
    if (this.size + this.openings.size >= this.#limits.total) return StatusCode.insufficientCapacity
    const opening = this.openings.begin(now, applicant, demand)
    if (opening === null) return StatusCode.insufficientCapacity
    this.#accounts.hold(username)
    return opening
  }

  /** The relay cannot be opened, or is not wanted any more. */
  abandon(opening: Opening): void {
    this.openings.abandon(opening)
    this.#accounts.release(opening.username)
  }

  /** The relay is open, and the second one if there is to be one: from now on there is an allocation. */
  complete(
    now: Millis,
    opening: Opening,
    relayed: TransportAddress,
    additional: AdditionalRelay | null,
    refused: FamilyRefusal | null,
  ): Allocation {
    this.openings.end(opening)
    const { place, relay, username, listener, client, request, claim, demand } = opening
    const allocation: Allocation = {
      place,
      relay,
      username,
      listener,
      client,
      request,
      claim,
      relayed,
      additional,
      refused,
      isDraft: demand.isDraft,
      transport: demand.transport,
      mobility: demand.isMobile ? this.#tickets.issue() : null,
      peers: new PeerTable(this.#limits.permissions),
      toPeers: { datagrams: 0, bytes: 0 },
      toClient: { datagrams: 0, bytes: 0 },
      meters: this.#accounts.metersOf(username),
      expiresAt: Millis(now + 1000 * demand.lifetime),
    }
    this.#count++
    this.#addRelay(allocation, allocation)
    if (additional !== null) this.#addRelay(allocation, additional)
    this.#byClient.set(listener, client, allocation)
    if (allocation.mobility !== null) this.#tickets.keep(allocation.mobility.ticket, allocation)
    this.#expiry.add(allocation)
    return allocation
  }

  delete(allocation: Allocation): void {
    this.dropAdditional(allocation)
    const { listener, client, claim, username } = allocation
    this.#deleteRelay(allocation)
    this.#count--
    this.#byClient.delete(listener, client)
    const { mobility } = allocation
    if (mobility !== null) {
      this.#tickets.forget(mobility)
      if (mobility.next !== null) this.#byClient.delete(mobility.next.listener, mobility.next.client)
    }
    this.#expiry.remove(allocation)
    this.#ports.release(claim.family, claim.port)
    this.#accounts.release(username)
  }

  /** The allocation that a ticket is for. */
  ofTicket(ticket: Uint8Array): Allocation | undefined {
    return this.#tickets.find(ticket)
  }

  /**
   * The client has another address, from where it is heard from now on; what is for it still goes to the former one until
   * {@link Allocations.heardFrom}. There is a new ticket then; the one that was shown stays good as long as the move is
   * not settled, for the answer may be lost.
   */
  move(allocation: Allocation, mobility: Mobility, shown: Uint8Array, to: Destination): void {
    const { next } = mobility
    if (next !== null) this.#byClient.delete(next.listener, next.client)
    const { family, address, port } = to.client
    const isBack = to.listener === allocation.listener && sameAddress(to.client, allocation.client)
    mobility.next = isBack ? null : { listener: to.listener, client: { family, address, port } }
    this.#byClient.set(to.listener, to.client, allocation)
    this.#tickets.renew(mobility, shown, allocation)
  }

  /** A client that goes on by its new address knows of its move (RFC 8016 §3.2.2): the former one is no more. */
  heardFrom(allocation: Allocation, listener: number, { address, port }: TransportAddress): void {
    const { mobility } = allocation
    const next = mobility?.next ?? null
    if (mobility === null || next === null || next.listener !== listener) return
    if (next.client.port !== port || next.client.address !== address) return
    this.#byClient.delete(allocation.listener, allocation.client)
    allocation.listener = next.listener
    allocation.client = next.client
    mobility.next = null
    this.#tickets.settle(mobility)
  }

  /** Gives the second relay back. */
  dropAdditional(allocation: Allocation): void {
    const { additional } = allocation
    if (additional === null) return
    allocation.additional = null
    this.#deleteRelay(additional)
    this.#ports.release(additional.claim.family, additional.claim.port)
  }

  /** Gives one of two relays back, and says which. */
  dropFamily(allocation: Allocation, family: IpFamily): number {
    const { additional, relay, relayed, claim } = allocation
    if (additional !== null && relayed.family === family) {
      const { relay: kept, relayed: address, claim: keptClaim } = additional
      Object.assign(allocation, {
        relay: kept,
        relayed: address,
        claim: keptClaim,
        additional: { relay, relayed, claim },
      })
    }
    const dropped = allocation.additional?.relay ?? relay
    this.dropAdditional(allocation)
    return dropped
  }

  /** The next allocation whose time is over, for the caller to delete. */
  nextExpired(now: Millis): Allocation | undefined {
    return this.#expiry.take(now)
  }

  #addRelay(allocation: Allocation, { relay, relayed }: Pick<AdditionalRelay, 'relay' | 'relayed'>): void {
    this.#byRelay.set(relay, allocation)
    if (allocation.transport === 'udp') this.#relays.set(0, relayed, relay)
  }

  #deleteRelay({ relay, relayed }: Pick<AdditionalRelay, 'relay' | 'relayed'>): void {
    this.#byRelay.delete(relay)
    if (this.#relays.get(0, relayed) === relay) this.#relays.delete(0, relayed)
  }
}
