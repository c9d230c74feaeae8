import { equalBytes, type Millis } from '@purertc/bytes'
import {
  AddressErrorCode,
  AlternateServer,
  Lifetime,
  MobilityTicket,
  reasonOf,
  ReservationToken,
  StatusCode,
  type StunMessage,
  type TransportAddress,
  XorMappedAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { type AllocateOffer, type FamilyRefusal, readAllocateDemand } from './allocate-demand.ts'
import {
  type AdditionalRelay,
  type Allocation,
  type Applicant,
  keepApplicant,
  type Opening,
} from './allocation.ts'
import type { Allocations } from './allocations.ts'
import type { TurnServerConfig, TurnServerHost } from './config.ts'
import { DraftAddressErrorCode } from './draft-attributes.ts'
import type { Responder } from './responder.ts'

/** Allocate, RFC 8656 §7: from the request over the opening of relays, which takes the host its time, to the answer. */
export class RelayOpener {
  readonly #config: TurnServerConfig
  readonly #host: TurnServerHost
  readonly #allocations: Allocations
  readonly #responder: Responder
  readonly #offer: AllocateOffer
  #drain: { readonly alternates: readonly TransportAddress[] } | null = null

  constructor(
    config: TurnServerConfig,
    host: TurnServerHost,
    allocations: Allocations,
    responder: Responder,
    offer: AllocateOffer,
  ) {
    this.#config = config
    this.#host = host
    this.#allocations = allocations
    this.#responder = responder
    this.#offer = offer
  }

  /** From now on there are no new allocations: clients are told another server of their family, or 508. */
  drain(alternates: readonly TransportAddress[]): void {
    this.#drain = { alternates }
  }

  /** RFC 8656 §7.2. Answers, now or later, or returns the code of the refusal. */
  allocate(now: Millis, applicant: Applicant, message: StunMessage): StatusCode | null {
    const { listener, client, username } = applicant
    const existing = this.#allocations.ofClient(listener, client)
    const opening = this.#allocations.openings.ofClient(listener, client)
    const holder = existing ?? opening
    if (holder !== undefined && !equalBytes(holder.request.transactionId, message.transactionId))
      return StatusCode.allocationMismatch
    if (existing !== undefined) this.#answer(now, existing)
    // A retransmission, whose answer is sent again, or is on its way while the relay is being opened.
    if (holder !== undefined) return null
    const isStream = this.#host.isStream?.(listener) === true
    if (this.#drain !== null) return this.#sendAway(applicant, this.#drain.alternates)
    const demand = readAllocateDemand(message, this.#offer, isStream)
    if (typeof demand === 'number') return demand
    const { family, lifetime, transport } = demand
    if (this.#config.beforeAllocate?.({ listener, client, username, family, transport, lifetime }) === false)
      return StatusCode.forbidden
    const begun = this.#allocations.begin(now, keepApplicant(applicant), demand)
    if (typeof begun === 'number') return begun
    if (this.#host.claimPlace === undefined) this.#open(begun, begun)
    else this.#host.claimPlace(begun.place, this.#allocations.accountOf(username))
    return null
  }

  /** The host's answer to `claimPlace`. */
  placeClaimed(place: number, refusal: StatusCode | null): void {
    const opening = this.#allocations.openings.ofRelay(place)
    if (opening === undefined) return
    if (refusal === null) this.#open(opening, opening)
    else this.#refuse(opening, refusal)
  }

  /** The host's answer to `openRelay`; `relayed` is the address that clients are told. */
  relayOpened(now: Millis, relay: number, relayed: TransportAddress): void {
    const opening = this.#allocations.openings.ofRelay(relay)
    if (opening === undefined) return
    const { second, demand } = opening
    if (second?.relay === relay && opening.relayed !== null) {
      this.#complete(now, opening, opening.relayed, { relay, relayed, claim: second.claim }, null)
    } else if (second === null && demand.additional !== null) {
      this.#openSecond(now, opening, relayed, demand.additional)
    } else if (second === null) {
      this.#complete(now, opening, relayed, null, demand.refused)
    }
  }

  /** The host's other answer to `openRelay`. */
  relayFailed(now: Millis, relay: number): void {
    const opening = this.#allocations.openings.ofRelay(relay)
    if (opening === undefined) return
    const { additional } = opening.demand
    if (relay === opening.second?.relay && opening.relayed !== null && additional !== null) {
      this.#openSecond(now, opening, opening.relayed, additional)
      return
    }
    if (
      this.#allocations.openings.tryAnotherPort(now, opening) ||
      this.#allocations.openings.tryOtherFamily(now, opening)
    ) {
      this.#open(opening, opening)
      return
    }
    this.#refuse(opening, StatusCode.insufficientCapacity)
  }

  /** Gives a relay up that is being opened; its client gets no answer. */
  abandon(opening: Opening): void {
    if (this.#allocations.openings.ofRelay(opening.relay) !== opening) return
    const { relay, second } = opening
    this.#allocations.abandon(opening)
    this.#host.closeRelay(relay)
    if (second !== null) this.#host.closeRelay(second.relay)
    this.#host.releasePlace?.(opening.place)
  }

  #refuse(opening: Opening, code: StatusCode): void {
    this.#allocations.abandon(opening)
    this.#responder.refuse(opening, opening.request, code)
    this.#host.releasePlace?.(opening.place)
  }

  /** RFC 8656 §7.2: one of two relayed addresses is better than none. */
  #openSecond(now: Millis, opening: Opening, relayed: TransportAddress, family: 'IPv6'): void {
    if (this.#allocations.openings.beginSecond(now, opening, relayed) && opening.second !== null) {
      this.#open(opening, opening.second)
      return
    }
    this.#allocations.openings.revokeSecond(opening)
    this.#complete(now, opening, relayed, null, { family, code: StatusCode.insufficientCapacity })
  }

  #open({ demand }: Opening, { relay, claim }: Pick<Opening, 'relay' | 'claim'>): void {
    this.#host.openRelay(relay, claim.family, claim.port, demand.transport)
  }

  #complete(
    now: Millis,
    opening: Opening,
    relayed: TransportAddress,
    additional: AdditionalRelay | null,
    refused: FamilyRefusal | null,
  ): void {
    const allocation = this.#allocations.complete(now, opening, relayed, additional, refused)
    this.#host.pin?.(allocation.listener, allocation.client)
    this.#answer(now, allocation)
    this.#host.allocationCreated?.(allocation)
  }

  #answer(now: Millis, allocation: Allocation): void {
    const { additional, refused, isDraft } = allocation
    const refusal = refused === null ? undefined : { ...refused, reason: reasonOf(refused.code) }
    this.#responder.succeed(allocation, allocation.request, (response) => {
      response
        .add(XorRelayedAddress, allocation.relayed)
        .addIf(XorRelayedAddress, additional?.relayed)
        .addIf(isDraft ? DraftAddressErrorCode : AddressErrorCode, refusal)
        .add(Lifetime, Math.ceil((allocation.expiresAt - now) / 1000))
        .addIf(ReservationToken, allocation.claim.reservationToken)
        .addIf(MobilityTicket, allocation.mobility?.ticket)
        .add(XorMappedAddress, allocation.client)
    })
  }

  /** RFC 8489 §10: a server of another family is out of the client's reach, as far as we know. */
  #sendAway(to: Applicant, alternates: readonly TransportAddress[]): StatusCode | null {
    const alternate = alternates.find(({ family }) => family === to.client.family)
    if (alternate === undefined) return StatusCode.insufficientCapacity
    this.#responder.refuse(to, to.request, StatusCode.tryAlternate, (response) =>
      response.add(AlternateServer, alternate),
    )
    return null
  }
}
