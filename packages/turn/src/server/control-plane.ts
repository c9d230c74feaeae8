import { equalBytes, Millis } from '@purertc/bytes'
import {
  AddressErrorCode,
  AttributeType,
  type IpFamily,
  reasonOf,
  ChannelNumber,
  Lifetime,
  LongTermAuthenticator,
  type LongTermGrant,
  Method,
  Nonce,
  Realm,
  RequestedAddressFamily,
  ReservationToken,
  StatusCode,
  StunMessage,
  type TransportAddress,
  Username,
  XorMappedAddress,
  XorPeerAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { FIRST_CHANNEL, LAST_CHANNEL, LAST_LEGACY_CHANNEL } from '../channel-data.ts'
import { DEFAULT_LIFETIME, MAX_LIFETIME } from '../limits.ts'
import { grantLifetime, type LifetimeLimits, readAllocateDemand } from './allocate-demand.ts'
import type { AdditionalRelay, Allocation, Applicant, Opening, Signer } from './allocation.ts'
import type { Allocations } from './allocations.ts'
import type { DeletionReason, TurnServerConfig, TurnServerDiscard, TurnServerHost } from './config.ts'
import { peerPolicy } from './peer-policy.ts'
import type { Destination, Responder } from './responder.ts'
import { UserLookups } from './user-lookups.ts'

/**
 * What clients ask of a server: Allocate (RFC 8656 §7), Refresh (§8), CreatePermission (§10) and ChannelBind (§12). All
 * of it is authenticated; what is not, gets a challenge and changes nothing.
 */
export class ControlPlane {
  readonly #config: TurnServerConfig
  readonly #host: TurnServerHost
  readonly #allocations: Allocations
  readonly #authenticator: LongTermAuthenticator
  readonly #responder: Responder
  readonly #lifetimes: LifetimeLimits
  readonly #allowPeer: (address: string) => boolean
  readonly #lookups = new UserLookups()
  /** The password that the host has just found, for the requests that waited for it. */
  #found: { readonly username: string; readonly password: string | null } | null = null
  #isDraining = false

  constructor(
    config: TurnServerConfig,
    host: TurnServerHost,
    allocations: Allocations,
    responder: Responder,
  ) {
    const { crypto, realm, nonceLifetime } = config
    this.#config = config
    this.#host = host
    this.#allocations = allocations
    this.#responder = responder
    this.#authenticator = new LongTermAuthenticator({
      crypto,
      realm,
      password: (username) => this.#passwordOf(username) ?? null,
      ...(nonceLifetime === undefined ? {} : { nonceLifetime }),
    })
    this.#lifetimes = {
      defaultLifetime: config.defaultLifetime ?? DEFAULT_LIFETIME,
      maxLifetime: config.maxLifetime ?? MAX_LIFETIME,
    }
    this.#allowPeer = config.allowPeer ?? peerPolicy(config)
  }

  /** Requests that wait for a password. */
  get waiting(): number {
    return this.#lookups.size
  }

  /** Why the request is dropped, `null` where it is answered, or will be. */
  handleRequest(
    now: Millis,
    listener: number,
    client: TransportAddress,
    message: StunMessage,
  ): TurnServerDiscard | null {
    if (!METHODS.has(message.method)) return 'unexpected'
    const to = { listener, client }
    const username = this.#unknownUser(message)
    if (username === null) {
      this.#answer(now, to, message)
      return null
    }
    // A stale nonce comes before the password here: nobody's address is forged whom we look up.
    if (!this.#authenticator.isFresh(now, message.get(Nonce) ?? '', client)) {
      const response = this.#authenticator.refuse(now, message, client, StatusCode.staleNonce)
      this.#responder.challenge(to, response, StatusCode.staleNonce, message.hasFingerprint)
      return null
    }
    const outcome = this.#lookups.park(now, username, to, message)
    if (outcome === 'started') this.#host.lookUpPassword?.(username, this.#config.realm)
    return outcome === 'full' ? 'busy' : null
  }

  /** The host's answer to `lookUpPassword`. */
  passwordFound(now: Millis, username: string, password: string | null): void {
    for (const { listener, client, bytes } of this.#lookups.settle(username)) {
      const message = StunMessage.decode(bytes)
      if (message === null) continue
      this.#found = { username, password }
      this.#answer(now, { listener, client }, message)
      this.#found = null
    }
  }

  /** The host cannot tell: who waits is not answered, and asks again. */
  passwordNotFound(username: string): void {
    this.#lookups.settle(username)
  }

  /** From now on there are no new allocations. */
  drain(): void {
    this.#isDraining = true
  }

  close(): void {
    this.#lookups.clear()
  }

  /** The name in a signed request whose password the host is to look up; `null` where there is none such. */
  #unknownUser(message: StunMessage): string | null {
    if (this.#host.lookUpPassword === undefined) return null
    if (message.integrityAt < 0 && message.integritySha256At < 0) return null
    const username = message.get(Username)
    if (username === undefined || !message.has(Nonce) || !message.has(Realm)) return null
    return this.#passwordOf(username) === undefined ? username : null
  }

  #passwordOf(username: string): string | null | undefined {
    if (this.#found?.username === username) return this.#found.password
    return this.#config.authenticate(username, this.#config.realm)
  }

  #answer(now: Millis, to: Destination, message: StunMessage): void {
    const { client } = to
    const outcome = this.#authenticator.authenticate(now, message, client)
    if (!outcome.granted) {
      const response = this.#authenticator.refuse(now, message, client, outcome.code)
      this.#responder.challenge(to, response, outcome.code, message.hasFingerprint)
      return
    }
    const asker = { ...to, username: outcome.username, request: signerOf(outcome) }
    const unknown = message.unknownComprehensionRequired(UNDERSTOOD)
    if (unknown.length > 0) {
      this.#responder.refuse(to, asker.request, StatusCode.unknownAttribute, unknown.slice(0, MAX_UNKNOWN))
      return
    }
    const refusal =
      message.method === Method.allocate
        ? this.#allocate(now, asker, message)
        : this.#handleForAllocation(now, asker, message)
    if (refusal !== null) this.#responder.refuse(to, asker.request, refusal)
  }

  /** The host's answer to `openRelay`; `relayed` is the address that clients are told. */
  relayOpened(now: Millis, relay: number, relayed: TransportAddress): void {
    const opening = this.#allocations.openingOfRelay(relay)
    if (opening === undefined) return
    const { second } = opening
    if (second?.relay === relay && opening.relayed !== null) {
      this.#complete(now, opening, opening.relayed, { relay, relayed, claim: second.claim })
    } else if (second === null) {
      this.#completeOrOpenSecond(now, opening, relayed)
    }
  }

  /** RFC 8656 §7.2: one of two relayed addresses is better than none. */
  #completeOrOpenSecond(now: Millis, opening: Opening, relayed: TransportAddress): void {
    const { additional } = opening.demand
    if (additional === null) {
      this.#complete(now, opening, relayed, null)
    } else if (!(this.#config.families ?? ['IPv4']).includes(additional)) {
      this.#complete(now, opening, relayed, null, StatusCode.addressFamilyNotSupported)
    } else if (this.#allocations.beginSecond(now, opening, relayed) && opening.second !== null) {
      this.#openRelay(opening.second)
    } else {
      this.#allocations.revokeSecond(opening)
      this.#complete(now, opening, relayed, null, StatusCode.insufficientCapacity)
    }
  }

  #complete(
    now: Millis,
    opening: Opening,
    relayed: TransportAddress,
    additional: AdditionalRelay | null,
    refusal: StatusCode | null = null,
  ): void {
    const allocation = this.#allocations.complete(now, opening, relayed, additional, refusal)
    this.#answerAllocate(now, allocation)
    this.#host.allocationCreated?.(allocation)
  }

  /** The host's other answer to `openRelay`. */
  relayFailed(now: Millis, relay: number): void {
    const opening = this.#allocations.openingOfRelay(relay)
    if (opening === undefined) return
    if (relay === opening.second?.relay && opening.relayed !== null) {
      this.#completeOrOpenSecond(now, opening, opening.relayed)
      return
    }
    if (this.#allocations.tryAnotherPort(now, opening)) {
      this.#openRelay(opening)
      return
    }
    this.#allocations.abandon(opening)
    this.#responder.refuse(opening, opening.request, StatusCode.insufficientCapacity)
  }

  /** Gives a relay up that is being opened; its client gets no answer. */
  abandon(opening: Opening): void {
    if (this.#allocations.openingOfRelay(opening.relay) !== opening) return
    const { relay, second } = opening
    this.#allocations.abandon(opening)
    this.#host.closeRelay(relay)
    if (second !== null) this.#host.closeRelay(second.relay)
  }

  /** Ends an allocation, whose relay is closed with it; does nothing where a callback has ended it before. */
  delete(allocation: Allocation, reason: DeletionReason): void {
    if (this.#allocations.ofRelay(allocation.relay) !== allocation) return
    const { additional } = allocation
    this.#allocations.delete(allocation)
    this.#announceEnd(allocation, additional, reason)
  }

  #announceEnd(allocation: Allocation, additional: AdditionalRelay | null, reason: DeletionReason): void {
    this.#host.closeRelay(allocation.relay)
    if (additional !== null) this.#host.closeRelay(additional.relay)
    this.#host.allocationDeleted?.(allocation, reason)
  }

  /** RFC 8656 §7.2. Like the other requests below, answers itself, or returns the code of the refusal. */
  #allocate(now: Millis, applicant: Applicant, message: StunMessage): StatusCode | null {
    const { listener, client, username } = applicant
    const existing = this.#allocations.ofClient(listener, client)
    const opening = this.#allocations.openingOfClient(listener, client)
    const holder = existing ?? opening
    if (holder !== undefined && !equalBytes(holder.request.transactionId, message.transactionId))
      return StatusCode.allocationMismatch
    if (existing !== undefined) this.#answerAllocate(now, existing)
    // A retransmission, whose answer is sent again, or is on its way while the relay is being opened.
    if (holder !== undefined) return null
    if (this.#isDraining) return StatusCode.insufficientCapacity
    const demand = readAllocateDemand(message, this.#config.families ?? ['IPv4'], this.#lifetimes)
    if (typeof demand === 'number') return demand
    const { family, lifetime } = demand
    if (this.#config.beforeAllocate?.({ listener, client, username, family, lifetime }) === false)
      return StatusCode.forbidden
    const begun = this.#allocations.begin(now, keep(applicant), demand)
    if (typeof begun === 'number') return begun
    this.#openRelay(begun)
    return null
  }

  #openRelay({ relay, claim }: Pick<Opening, 'relay' | 'claim'>): void {
    this.#host.openRelay(relay, claim.family, claim.port)
  }

  #answerAllocate(now: Millis, allocation: Allocation): void {
    const { additional, additionalRefusal: code } = allocation
    this.#responder.succeed(allocation, allocation.request, (response) => {
      response
        .add(XorRelayedAddress, allocation.relayed)
        .addIf(XorRelayedAddress, additional?.relayed)
        .addIf(AddressErrorCode, code === null ? undefined : { family: 'IPv6', code, reason: reasonOf(code) })
        .add(Lifetime, Math.ceil((allocation.expiresAt - now) / 1000))
        .addIf(ReservationToken, allocation.claim.reservationToken)
        .add(XorMappedAddress, allocation.client)
    })
  }

  #handleForAllocation(now: Millis, asker: Applicant, message: StunMessage): StatusCode | null {
    const { listener, client, username, request } = asker
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation === undefined) return StatusCode.allocationMismatch
    if (allocation.username !== username) return StatusCode.wrongCredentials
    if (message.method === Method.refresh) return this.#refresh(now, allocation, request, message)
    const refusal =
      message.method === Method.createPermission
        ? this.#createPermission(now, allocation, message)
        : this.#bindChannel(now, allocation, message)
    if (refusal === null) this.#responder.succeed(asker, request, () => undefined)
    return refusal
  }

  /** RFC 8656 §8.2. */
  #refresh(now: Millis, allocation: Allocation, request: Signer, message: StunMessage): StatusCode | null {
    const family = message.get(RequestedAddressFamily)
    if (message.isMalformed(Lifetime)) return StatusCode.badRequest
    if (message.has(RequestedAddressFamily) && !(family !== undefined && hasFamily(allocation, family)))
      return StatusCode.peerAddressFamilyMismatch
    const asked = message.get(Lifetime)
    const lifetime = asked === 0 ? 0 : grantLifetime(asked, this.#lifetimes)
    if (lifetime === 0 && family !== undefined && allocation.additional !== null) {
      this.#host.closeRelay(this.#allocations.dropFamily(allocation, family))
      this.#responder.succeed(allocation, request, (response) => void response.add(Lifetime, 0))
      return null
    }
    const { additional } = allocation
    if (lifetime > 0) {
      allocation.expiresAt = Millis(now + 1000 * lifetime)
      allocation.peers.purge(now)
    } else {
      this.#allocations.delete(allocation)
    }
    this.#responder.succeed(allocation, request, (response) => void response.add(Lifetime, lifetime))
    if (lifetime === 0) this.#announceEnd(allocation, additional, 'released')
    return null
  }

  /** RFC 8656 §10.2: all addresses are let in, or none. */
  #createPermission(now: Millis, allocation: Allocation, message: StunMessage): StatusCode | null {
    const peers = message.getAll(XorPeerAddress)
    if (peers.length === 0 || peers.length !== countPeers(message)) return StatusCode.badRequest
    const refusal = this.#judgePeers(now, allocation, peers)
    if (refusal !== null) return refusal
    for (const { address } of peers) allocation.peers.permit(now, address)
    return null
  }

  /** RFC 8656 §12.2. */
  #bindChannel(now: Millis, allocation: Allocation, message: StunMessage): StatusCode | null {
    const number = message.get(ChannelNumber) ?? 0
    const peer = message.get(XorPeerAddress)
    const last = this.#config.legacyChannels === true ? LAST_LEGACY_CHANNEL : LAST_CHANNEL
    if (number < FIRST_CHANNEL || number > last || peer === undefined || peer.port === 0)
      return StatusCode.badRequest
    const refusal = this.#judgePeers(now, allocation, [peer])
    if (refusal !== null) return refusal
    if (allocation.peers.isConflict(now, number, peer)) return StatusCode.badRequest
    allocation.peers.bind(now, number, peer)
    return null
  }

  /** Why these peers cannot be let in, `null` when they can. */
  #judgePeers(now: Millis, allocation: Allocation, peers: readonly TransportAddress[]): StatusCode | null {
    if (peers.some(({ family }) => !hasFamily(allocation, family)))
      return StatusCode.peerAddressFamilyMismatch
    if (!peers.every(({ address }) => this.#allowPeer(address))) return StatusCode.forbidden
    const addresses = new Set(peers.map(({ address }) => address))
    return allocation.peers.hasRoomFor(now, addresses) ? null : StatusCode.insufficientCapacity
  }
}

function signerOf({ message, key, integrity }: LongTermGrant): Signer {
  const { method, transactionId, hasFingerprint } = message
  return { method, transactionId, key, integrity, fingerprint: hasFingerprint }
}

/** What outlives the datagram has bytes of its own. */
function keep({ listener, client, username, request }: Applicant): Applicant {
  const { family, address, port } = client
  return {
    listener,
    client: { family, address, port },
    username,
    request: { ...request, transactionId: Uint8Array.from(request.transactionId) },
  }
}

function hasFamily({ relayed, additional }: Allocation, family: IpFamily): boolean {
  return relayed.family === family || additional?.relayed.family === family
}

function countPeers(message: StunMessage): number {
  let count = 0
  for (const { type } of message.attributes()) if (type === AttributeType.xorPeerAddress) count++
  return count
}

const METHODS: ReadonlySet<number> = new Set<number>([
  Method.allocate,
  Method.refresh,
  Method.createPermission,
  Method.channelBind,
])

/**
 * The types below 0x8000 that we act on. DONT-FRAGMENT is not among them, for the sockets that we relay by cannot set
 * the bit (RFC 8656 §7.2 has such a server answer 420).
 */
const UNDERSTOOD: ReadonlySet<number> = new Set<number>([
  AttributeType.username,
  AttributeType.realm,
  AttributeType.nonce,
  AttributeType.passwordAlgorithm,
  AttributeType.channelNumber,
  AttributeType.lifetime,
  AttributeType.xorPeerAddress,
  AttributeType.data,
  AttributeType.requestedAddressFamily,
  AttributeType.evenPort,
  AttributeType.requestedTransport,
  AttributeType.reservationToken,
])

/** A refusal names that many types at most: the client learns of the others when it has left these out. */
const MAX_UNKNOWN = 32
