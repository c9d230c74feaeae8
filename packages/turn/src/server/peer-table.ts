import { Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import { CHANNEL_LIFETIME, PERMISSION_LIFETIME } from '../limits.ts'

/** One peer address of an allocation: its permission, and its channels by port. */
export interface PeerEntry {
  /** The permission is for the address, whatever the port (RFC 8656 §9). */
  permittedUntil: Millis
  readonly channels: Map<number, ChannelBinding>
}

/** RFC 8656 §12: one number, one peer, both ways. */
export interface ChannelBinding {
  readonly number: number
  readonly peer: TransportAddress
  expiresAt: Millis
}

/**
 * Permissions and channels of one allocation. Ends are looked at when an entry is used, so nothing here needs a timer;
 * {@link PeerTable.purge} forgets what has ended.
 */
export class PeerTable {
  readonly #capacity: number
  readonly #peers = new Map<string, PeerEntry>()
  readonly #channels = new Map<number, ChannelBinding>()

  /** `capacity` is the most peer addresses that may have a permission or a channel at one time. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** How many peer addresses have an entry. */
  get size(): number {
    return this.#peers.size
  }

  /** The hot path's look-up: the caller compares `permittedUntil` with its clock. */
  peer(address: string): PeerEntry | undefined {
    return this.#peers.get(address)
  }

  isPermitted(now: Millis, address: string): boolean {
    return (this.#peers.get(address)?.permittedUntil ?? 0) > now
  }

  /** The peer of a channel; `undefined` for a number that is not bound. */
  channel(now: Millis, number: number): ChannelBinding | undefined {
    const channel = this.#channels.get(number)
    return channel !== undefined && channel.expiresAt > now ? channel : undefined
  }

  /** Whether so many of these addresses can be let in that all fit: a request is granted as a whole. */
  hasRoomFor(now: Millis, addresses: ReadonlySet<string>): boolean {
    const added = (): number => [...addresses].filter((address) => !this.#peers.has(address)).length
    if (this.#peers.size + added() <= this.#capacity) return true
    this.purge(now)
    return this.#peers.size + added() <= this.#capacity
  }

  /** Lets an address in for five minutes from now on. */
  permit(now: Millis, address: string): PeerEntry {
    let entry = this.#peers.get(address)
    if (entry === undefined) {
      entry = { permittedUntil: now, channels: new Map() }
      this.#peers.set(address, entry)
    }
    entry.permittedUntil = Millis(now + PERMISSION_LIFETIME)
    return entry
  }

  /** RFC 8656 §12.2: neither may the number be another peer's, nor the peer have another number. */
  isConflict(now: Millis, number: number, peer: TransportAddress): boolean {
    const byNumber = this.channel(now, number)
    if (byNumber !== undefined) return !isSamePeer(byNumber.peer, peer)
    const byPeer = this.#peers.get(peer.address)?.channels.get(peer.port)
    return byPeer !== undefined && byPeer.expiresAt > now
  }

  /** Binds or renews a channel that is no conflict, and its permission with it. */
  bind(now: Millis, number: number, peer: TransportAddress): void {
    const entry = this.permit(now, peer.address)
    const expiresAt = Millis(now + CHANNEL_LIFETIME)
    const known = this.channel(now, number)
    if (known !== undefined) {
      known.expiresAt = expiresAt
      return
    }
    // What is left of bindings that have ended would otherwise tie number or peer to where they were.
    this.purge(now)
    const channel = { number, peer, expiresAt }
    entry.channels.set(peer.port, channel)
    this.#channels.set(number, channel)
  }

  purge(now: Millis): void {
    for (const [number, { peer, expiresAt }] of this.#channels) {
      if (expiresAt > now) continue
      this.#channels.delete(number)
      this.#peers.get(peer.address)?.channels.delete(peer.port)
    }
    for (const [address, { permittedUntil, channels }] of this.#peers)
      if (permittedUntil <= now && channels.size === 0) this.#peers.delete(address)
  }
}

function isSamePeer(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && a.address === b.address
}
