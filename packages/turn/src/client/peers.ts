import { Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import { FIRST_CHANNEL, LAST_CHANNEL } from '../channel-data.ts'
import { CHANNEL_LIFETIME, PERMISSION_LIFETIME } from '../limits.ts'

/**
 * What the client believes about one peer address. A permission is for an address, whatever the port (RFC 8656 §9);
 * channels are for an address and a port.
 *
 * - `wanted`: not asked for yet, or no longer held.
 * - `requested`: the first CreatePermission is on its way; data waits.
 * - `installed`: until `expiresAt`, refreshed before that.
 * - `refused`: by the server, and believed until `expiresAt`.
 */
export interface Permission {
  /** The first peer at this address; the port is that one's, and counts for nothing. */
  readonly peer: TransportAddress
  /** By port. */
  readonly channels: Map<number, Channel>
  state: 'wanted' | 'requested' | 'installed' | 'refused'
  /** When to ask again; Infinity while a request is on its way. */
  refreshAt: Millis
  expiresAt: Millis
  /** What was sent while `requested`. */
  waiting: PendingData[]
}

/** Copies, kept until the server has answered. */
export interface PendingData {
  readonly peer: TransportAddress
  readonly data: Uint8Array
}

/** A channel number belongs to its peer for as long as the client lives, so that a rebinding is never a conflict. */
export interface Channel {
  readonly number: number
  readonly peer: TransportAddress
  state: 'wanted' | 'requested' | 'bound' | 'refused'
  refreshAt: Millis
  expiresAt: Millis
}

/** The permissions and channels of one allocation, and when they are due for a refresh. */
export class Peers {
  readonly #permissions = new Map<string, Permission>()
  readonly #channels = new Map<number, Channel>()
  #nextChannel = FIRST_CHANNEL
  #earliest = Infinity

  /** Never later than what {@link Peers.due} has to say. */
  get nextTimeout(): Millis {
    return Millis(this.#earliest)
  }

  permissionFor(address: string): Permission | undefined {
    return this.#permissions.get(address)
  }

  /** Whether the server lets this address reach us, as far as we know. */
  isPermitted(now: Millis, address: string): boolean {
    const permission = this.#permissions.get(address)
    return permission?.state === 'installed' && permission.expiresAt > now
  }

  anyInstalled(): Permission | undefined {
    for (const permission of this.#permissions.values())
      if (permission.state === 'installed') return permission
    return undefined
  }

  channel(number: number): Channel | undefined {
    return this.#channels.get(number)
  }

  addPermission(peer: TransportAddress): Permission {
    const permission: Permission = {
      peer: copyAddress(peer),
      channels: new Map(),
      state: 'wanted',
      refreshAt: NEVER,
      expiresAt: NEVER,
      waiting: [],
    }
    this.#permissions.set(peer.address, permission)
    return permission
  }

  /** Null when all 4096 numbers are given away: such a peer is served with indications. */
  addChannel(permission: Permission, peer: TransportAddress): Channel | null {
    if (this.#nextChannel > LAST_CHANNEL) return null
    const channel: Channel = {
      number: this.#nextChannel++,
      peer: copyAddress(peer),
      state: 'wanted',
      refreshAt: NEVER,
      expiresAt: NEVER,
    }
    this.#channels.set(channel.number, channel)
    permission.channels.set(peer.port, channel)
    return channel
  }

  /** Renews the permission; RFC 8656 §9 counts from the server's answer, so we refresh a minute early. */
  install(now: Millis, permission: Permission): void {
    permission.state = 'installed'
    permission.expiresAt = Millis(now + PERMISSION_LIFETIME)
    permission.refreshAt = Millis(permission.expiresAt - REFRESH_MARGIN)
    this.#wakeAt(permission.refreshAt)
  }

  bind(now: Millis, channel: Channel): void {
    channel.state = 'bound'
    channel.expiresAt = Millis(now + CHANNEL_LIFETIME)
    channel.refreshAt = Millis(channel.expiresAt - REFRESH_MARGIN)
    this.#wakeAt(channel.refreshAt)
  }

  /** Believes a refusal for as long as a permission would have lived. */
  refuse(now: Millis, subject: Permission | Channel): void {
    subject.state = 'refused'
    subject.expiresAt = Millis(now + PERMISSION_LIFETIME)
    subject.refreshAt = NEVER
    this.#wakeAt(subject.expiresAt)
  }

  /** After a refresh that was not answered: there may be time for another. */
  refreshAgain(now: Millis, subject: Permission | Channel): void {
    subject.refreshAt = now
    this.#wakeAt(now)
  }

  /** Takes what expired back to `wanted`, and hands out what is to be refreshed. */
  due(now: Millis): { readonly permissions: Permission[]; readonly channels: Channel[] } {
    const permissions = [...this.#permissions.values()].filter((permission) => isDue(now, permission))
    const channels = [...this.#channels.values()].filter((channel) => isDue(now, channel))
    this.#earliest = Infinity
    for (const { refreshAt, expiresAt } of this.#permissions.values())
      this.#wakeAt(Math.min(refreshAt, expiresAt))
    for (const { refreshAt, expiresAt } of this.#channels.values())
      this.#wakeAt(Math.min(refreshAt, expiresAt))
    return { permissions, channels }
  }

  /** A deadline that moves back is not looked for: {@link Peers.due} then finds nothing to do, and the next one. */
  #wakeAt(at: number): void {
    if (at < this.#earliest) this.#earliest = at
  }

  clear(): void {
    this.#permissions.clear()
    this.#channels.clear()
    this.#earliest = Infinity
  }
}

/** The caller's object may be one that a socket fills anew. */
export function copyAddress({ family, address, port }: TransportAddress): TransportAddress {
  return { family, address, port }
}

/** Whether the subject must be asked for again now; an expired one is wanted afresh, by the next data for it. */
function isDue(now: Millis, subject: Permission | Channel): boolean {
  if (subject.expiresAt <= now) {
    subject.state = 'wanted'
    subject.expiresAt = NEVER
    subject.refreshAt = NEVER
    return false
  }
  if (subject.refreshAt > now) return false
  subject.refreshAt = NEVER
  return true
}

const NEVER = Millis(Infinity)

/** Milliseconds between asking again and what would otherwise be the end: room for all retransmissions of a request. */
const REFRESH_MARGIN = 60_000
