import type { Millis } from '@purertc/bytes'
import { StatusCode, type TransportAddress } from '@purertc/stun'

import type { AllocateDemand } from './allocate-demand.ts'
import type { Applicant, Opening } from './allocation.ts'
import { FiveTupleMap } from './five-tuple-map.ts'
import type { RelayPorts } from './relay-ports.ts'

/** What will be allocations once their relays are open: each holds the ports that are being tried for it. */
export class Openings {
  readonly #ports: RelayPorts
  readonly #byClient = new FiveTupleMap<Opening>()
  readonly #byRelay = new Map<number, Opening>()
  #nextRelay = 1
  #count = 0

  constructor(ports: RelayPorts) {
    this.#ports = ports
  }

  get size(): number {
    return this.#count
  }

  values(): IterableIterator<Opening> {
    return new Set(this.#byRelay.values()).values()
  }

  ofClient(listener: number, client: TransportAddress): Opening | undefined {
    return this.#byClient.get(listener, client)
  }

  ofRelay(relay: number): Opening | undefined {
    return this.#byRelay.get(relay)
  }

  /** All that clients of one listener have. */
  ofListener(listener: number): Opening[] {
    return [...this.#byClient.ofListener(listener)]
  }

  /** A relay that is to be opened; null where there is no port for it, of either family that will do. */
  begin(now: Millis, applicant: Applicant, demand: AllocateDemand): Opening | null {
    const { username, listener, client } = applicant
    const claim = this.#ports.claim(now, username, demand)
    if (claim === null) {
      const other = fallBack(demand)
      return other === null ? null : this.begin(now, applicant, other)
    }
    const relay = this.#nextRelay++
    const opening: Opening = {
      ...applicant,
      place: relay,
      relay,
      demand,
      claim,
      tries: 1,
      relayed: null,
      second: null,
    }
    this.#count++
    this.#byRelay.set(relay, opening)
    this.#byClient.set(listener, client, opening)
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

  /** Gives the first of two families up for the other; false where there is no other, or no port of it. */
  tryOtherFamily(now: Millis, opening: Opening): boolean {
    const { username } = opening
    const demand = fallBack(opening.demand)
    const claim = demand === null ? null : this.#ports.claim(now, username, demand)
    if (demand === null || claim === null) return false
    this.#byRelay.delete(opening.relay)
    this.#ports.revoke(username, opening.claim)
    Object.assign(opening, { demand, claim, tries: 1, relay: this.#nextRelay++ })
    this.#byRelay.set(opening.relay, opening)
    return true
  }

  /** A port for the second relay of a client whose first is open, or another one; false where there is none. */
  beginSecond(now: Millis, opening: Opening, relayed: TransportAddress): boolean {
    const { demand, username, second: former } = opening
    const family = demand.additional
    if (family === null || (former?.tries ?? 0) >= MAX_TRIES) return false
    const claim = this.#ports.claim(now, username, { ...demand, family })
    if (claim === null) return false
    this.revokeSecond(opening)
    const second = { relay: this.#nextRelay++, claim, tries: (former?.tries ?? 0) + 1 }
    opening.relayed = relayed
    opening.second = second
    this.#byRelay.set(second.relay, opening)
    return true
  }

  revokeSecond(opening: Opening): void {
    const { second, username } = opening
    if (second === null) return
    this.#byRelay.delete(second.relay)
    this.#ports.revoke(username, second.claim)
    opening.second = null
  }

  /** The relay cannot be opened, or is not wanted any more. */
  abandon(opening: Opening): void {
    this.revokeSecond(opening)
    this.end(opening)
    this.#ports.revoke(opening.username, opening.claim)
  }

  /** The relays are open, and their ports the allocation's. */
  end({ relay, listener, client, second }: Opening): void {
    this.#count--
    this.#byRelay.delete(relay)
    if (second !== null) this.#byRelay.delete(second.relay)
    this.#byClient.delete(listener, client)
  }
}

/** The other one of two families that were asked for, `null` without one. */
function fallBack(demand: AllocateDemand): AllocateDemand | null {
  const { family, additional } = demand
  if (additional === null) return null
  const refused = { family, code: StatusCode.insufficientCapacity }
  return { ...demand, family: additional, additional: null, refused }
}

/** Ports that are tried before a client is told that there is none: other programs on the machine have ports too. */
const MAX_TRIES = 8
