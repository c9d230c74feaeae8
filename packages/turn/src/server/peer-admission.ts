import type { Millis } from '@purertc/bytes'
import {
  AttributeType,
  ChannelNumber,
  type IpFamily,
  StatusCode,
  type StunMessage,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { FIRST_CHANNEL, LAST_CHANNEL, LAST_LEGACY_CHANNEL } from '../channel-data.ts'
import type { Allocation } from './allocation.ts'
import type { TurnServerConfig } from './config.ts'
import { peerPolicy } from './peer-policy.ts'

/**
 * Which peers an allocation may reach: CreatePermission (RFC 8656 §10) and ChannelBind (§12), under the operator's
 * policy.
 */
export class PeerAdmission {
  readonly #isAllowed: (address: string) => boolean
  readonly #lastChannel: number

  constructor(config: TurnServerConfig) {
    this.#isAllowed = config.allowPeer ?? peerPolicy(config)
    this.#lastChannel = config.legacyChannels === true ? LAST_LEGACY_CHANNEL : LAST_CHANNEL
  }

  /** RFC 8656 §10.2: all addresses are let in, or none. The code of the refusal, `null` for success. */
  createPermission(now: Millis, allocation: Allocation, message: StunMessage): StatusCode | null {
    const peers = message.getAll(XorPeerAddress)
    if (peers.length === 0 || peers.length !== countPeers(message)) return StatusCode.badRequest
    const refusal = this.#judge(now, allocation, peers)
    if (refusal !== null) return refusal
    for (const { address } of peers) allocation.peers.permit(now, address)
    return null
  }

  /** RFC 8656 §12.2. The code of the refusal, `null` for success. */
  bindChannel(now: Millis, allocation: Allocation, message: StunMessage): StatusCode | null {
    const number = message.get(ChannelNumber) ?? 0
    const peer = message.get(XorPeerAddress)
    if (number < FIRST_CHANNEL || number > this.#lastChannel || peer === undefined || peer.port === 0)
      return StatusCode.badRequest
    // RFC 6062 §1: there are no channels in a TCP allocation.
    if (allocation.transport === 'tcp') return StatusCode.badRequest
    const refusal = this.#judge(now, allocation, [peer])
    if (refusal !== null) return refusal
    if (allocation.peers.isConflict(now, number, peer)) return StatusCode.badRequest
    allocation.peers.bind(now, number, peer)
    return null
  }

  /** Why that peer cannot be connected to (RFC 6062 §5.2), `null` when it can. */
  refusalOf(allocation: Allocation, { family, address }: TransportAddress): StatusCode | null {
    if (!hasFamily(allocation, family)) return StatusCode.peerAddressFamilyMismatch
    return this.#isAllowed(address) ? null : StatusCode.forbidden
  }

  #judge(now: Millis, allocation: Allocation, peers: readonly TransportAddress[]): StatusCode | null {
    if (peers.some(({ family }) => !hasFamily(allocation, family)))
      return StatusCode.peerAddressFamilyMismatch
    if (!peers.every(({ address }) => this.#isAllowed(address))) return StatusCode.forbidden
    const addresses = new Set(peers.map(({ address }) => address))
    return allocation.peers.hasRoomFor(now, addresses) ? null : StatusCode.insufficientCapacity
  }
}

/** Whether the allocation has a relayed address of that family. */
export function hasFamily({ relayed, additional }: Allocation, family: IpFamily): boolean {
  return relayed.family === family || additional?.relayed.family === family
}

function countPeers(message: StunMessage): number {
  let count = 0
  for (const { type } of message.attributes()) if (type === AttributeType.xorPeerAddress) count++
  return count
}
