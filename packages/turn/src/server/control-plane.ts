import { Millis } from '@purertc/bytes'
import {
  AttributeType,
  Lifetime,
  Method,
  MobilityTicket,
  RequestedAddressFamily,
  StatusCode,
  type StunMessage,
  type TransportAddress,
  UnknownAttributes,
} from '@purertc/stun'

import { DEFAULT_LIFETIME, MAX_LIFETIME } from '../limits.ts'
import { type AllocateOffer, grantLifetime } from './allocate-demand.ts'
import type { AdditionalRelay, Allocation, Applicant } from './allocation.ts'
import type { Allocations } from './allocations.ts'
import type { DeletionReason, TurnServerConfig, TurnServerDiscard, TurnServerHost } from './config.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { hasFamily, PeerAdmission } from './peer-admission.ts'
import { PeerConnections } from './peer-connections.ts'
import { RelayOpener } from './relay-opener.ts'
import type { Responder } from './responder.ts'

/**
 * What clients ask of a server: Allocate (RFC 8656 §7), Refresh (§8), CreatePermission (§10), ChannelBind (§12), Connect
 * and ConnectionBind (RFC 6062). All of it is authenticated; what is not, gets a challenge and changes nothing.
 */
export class ControlPlane {
  readonly gatekeeper: Gatekeeper
  readonly opener: RelayOpener
  readonly connections: PeerConnections
  readonly #host: TurnServerHost
  readonly #allocations: Allocations
  readonly #responder: Responder
  readonly #offer: AllocateOffer
  readonly #admission: PeerAdmission

  constructor(
    config: TurnServerConfig,
    host: TurnServerHost,
    allocations: Allocations,
    responder: Responder,
  ) {
    this.#host = host
    this.#allocations = allocations
    this.#responder = responder
    this.#offer = {
      families: config.families ?? ['IPv4'],
      tcp: host.connectPeer !== undefined && config.tcpAllocations !== false,
      mobility: config.mobility !== false,
      defaultLifetime: config.defaultLifetime ?? DEFAULT_LIFETIME,
      maxLifetime: config.maxLifetime ?? MAX_LIFETIME,
    }
    this.#admission = new PeerAdmission(config)
    this.gatekeeper = new Gatekeeper(config, host, responder, (now, applicant, message) =>
      this.#handle(now, applicant, message),
    )
    this.opener = new RelayOpener(config, host, allocations, responder, this.#offer)
    this.connections = new PeerConnections(
      config.crypto,
      host,
      allocations,
      this.#admission,
      responder,
      config.connectionsPerAllocation ?? 64,
    )
  }

  /** Why the request is dropped, `null` where it is answered, or will be. */
  handleRequest(
    now: Millis,
    listener: number,
    client: TransportAddress,
    message: StunMessage,
  ): TurnServerDiscard | null {
    const { method } = message
    if (!METHODS.has(method) && !(this.#offer.tcp && TCP_METHODS.has(method))) return 'unexpected'
    return this.gatekeeper.handleRequest(now, listener, client, message)
  }

  /** Ends an allocation, whose relay is closed with it; does nothing where a callback has ended it before. */
  delete(allocation: Allocation, reason: DeletionReason): void {
    if (this.#allocations.ofRelay(allocation.relay) !== allocation) return
    const { additional } = allocation
    this.#allocations.delete(allocation)
    this.#announceEnd(allocation, additional, reason)
  }

  #announceEnd(allocation: Allocation, additional: AdditionalRelay | null, reason: DeletionReason): void {
    this.connections.drop(allocation)
    this.#host.closeRelay(allocation.relay)
    if (additional !== null) this.#host.closeRelay(additional.relay)
    this.#host.releasePlace?.(allocation.place)
    this.#host.allocationDeleted?.(allocation, reason)
  }

  /** A request of a user. */
  #handle(now: Millis, applicant: Applicant, message: StunMessage): void {
    const unknown = message.unknownComprehensionRequired(UNDERSTOOD)
    if (unknown.length > 0) {
      this.#responder.refuse(applicant, applicant.request, StatusCode.unknownAttribute, (response) =>
        response.add(UnknownAttributes, unknown),
      )
      return
    }
    const refusal = this.#answer(now, applicant, message)
    if (refusal !== null) this.#responder.refuse(applicant, applicant.request, refusal)
  }

  /** Answers itself, or returns the code of the refusal. */
  #answer(now: Millis, applicant: Applicant, message: StunMessage): StatusCode | null {
    if (message.method === Method.allocate) return this.opener.allocate(now, applicant, message)
    if (message.method === Method.connectionBind) return this.connections.bind(applicant, message)
    const { listener, client } = applicant
    const ticket = message.method === Method.refresh ? message.get(MobilityTicket) : undefined
    if (ticket !== undefined) return this.#move(now, applicant, message, ticket)
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation === undefined) return StatusCode.allocationMismatch
    if (allocation.username !== applicant.username) return StatusCode.wrongCredentials
    this.#allocations.heardFrom(allocation, listener, client)
    if (message.method === Method.refresh) return this.#refresh(now, applicant, allocation, message)
    if (message.method === Method.connect)
      return this.connections.connect(now, applicant, allocation, message)
    const refusal =
      message.method === Method.createPermission
        ? this.#admission.createPermission(now, allocation, message)
        : this.#admission.bindChannel(now, allocation, message)
    if (refusal === null) this.#responder.succeed(applicant, applicant.request, () => undefined)
    return refusal
  }

  /** RFC 8016 §3.2.2: the client has another address, and shows the ticket of its allocation. */
  #move(now: Millis, applicant: Applicant, message: StunMessage, ticket: Uint8Array): StatusCode | null {
    const { listener, client, username } = applicant
    const allocation = this.#allocations.ofTicket(ticket)
    const mobility = allocation?.mobility ?? null
    if (allocation === undefined || mobility === null) return StatusCode.badRequest
    if (allocation.username !== username) return StatusCode.wrongCredentials
    const other = this.#allocations.ofClient(listener, client)
    if (other !== undefined && other !== allocation) return StatusCode.allocationMismatch
    // Connections do not move.
    if (allocation.transport === 'tcp') return StatusCode.mobilityForbidden
    this.#allocations.move(allocation, mobility, ticket, applicant)
    return this.#refresh(now, applicant, allocation, message)
  }

  /** RFC 8656 §8.2. */
  #refresh(
    now: Millis,
    applicant: Applicant,
    allocation: Allocation,
    message: StunMessage,
  ): StatusCode | null {
    const { request } = applicant
    const family = message.get(RequestedAddressFamily)
    if (message.isMalformed(Lifetime)) return StatusCode.badRequest
    if (message.has(RequestedAddressFamily) && !(family !== undefined && hasFamily(allocation, family)))
      return StatusCode.peerAddressFamilyMismatch
    const asked = message.get(Lifetime)
    const lifetime = asked === 0 ? 0 : grantLifetime(asked, this.#offer)
    if (lifetime === 0 && family !== undefined && allocation.additional !== null) {
      this.#host.closeRelay(this.#allocations.dropFamily(allocation, family))
      this.#responder.succeed(applicant, request, (response) => void response.add(Lifetime, 0))
      return null
    }
    const { additional } = allocation
    if (lifetime > 0) {
      allocation.expiresAt = Millis(now + 1000 * lifetime)
      allocation.peers.purge(now)
    } else {
      this.#allocations.delete(allocation)
    }
    const ticket = message.has(MobilityTicket) ? allocation.mobility?.ticket : undefined
    this.#responder.succeed(applicant, request, (response) => {
      response.add(Lifetime, lifetime).addIf(MobilityTicket, ticket)
    })
    if (lifetime === 0) this.#announceEnd(allocation, additional, 'released')
    return null
  }
}

const METHODS: ReadonlySet<number> = new Set<number>([
  Method.allocate,
  Method.refresh,
  Method.createPermission,
  Method.channelBind,
])

/** RFC 6062. */
const TCP_METHODS: ReadonlySet<number> = new Set<number>([Method.connect, Method.connectionBind])

/**
 * The types below 0x8000 that we act on. DONT-FRAGMENT is not among them, for the sockets that we relay by cannot set
 * the bit (RFC 8656 §7.2 has such a server answer 420).
 */
const UNDERSTOOD: ReadonlySet<number> = new Set<number>([
  AttributeType.username,
  AttributeType.realm,
  AttributeType.nonce,
  AttributeType.passwordAlgorithm,
  AttributeType.accessToken,
  AttributeType.channelNumber,
  AttributeType.lifetime,
  AttributeType.xorPeerAddress,
  AttributeType.data,
  AttributeType.requestedAddressFamily,
  AttributeType.evenPort,
  AttributeType.requestedTransport,
  AttributeType.reservationToken,
  AttributeType.connectionId,
])
