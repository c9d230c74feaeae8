import type { Millis } from '@purertc/bytes'

import { addressKey, simAddress, type SimAddress } from './address.ts'
import type { Random } from './random.ts'

/**
 * The four kinds of RFC 3489 §5, in the words of RFC 4787:
 *
 * | kind               | mapping                    | filtering                  |
 * | ------------------ | -------------------------- | -------------------------- |
 * | full-cone          | endpoint-independent       | endpoint-independent       |
 * | address-restricted | endpoint-independent       | address-dependent          |
 * | port-restricted    | endpoint-independent       | address and port-dependent |
 * | symmetric          | address and port-dependent | address and port-dependent |
 */
export type NatKind = 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric'

export interface NatOptions {
  readonly kind: NatKind
  /** The public address. */
  readonly address: string
  /** Whether hosts behind it reach each other at their public addresses (RFC 4787 §6). Default false. */
  readonly hairpin?: boolean
  /** Milliseconds without outbound traffic after which mapping and filter forget. Default 120,000 (RFC 4787 REQ-5). */
  readonly mappingLifetime?: number
  /** The NAT that this one stands behind: a carrier's, which the home's public address is private to. */
  readonly behind?: Nat
}

interface Mapping {
  readonly inside: SimAddress
  readonly outside: SimAddress
  usedAt: Millis
  /** Whom the inside has sent to, and when last. */
  readonly permitted: Map<string, Millis>
}

export class Nat {
  readonly kind: NatKind
  readonly address: string
  readonly hairpin: boolean
  readonly mappingLifetime: number
  /** Null on the public network. */
  readonly outer: Nat | null
  readonly #random: Random
  readonly #byInside = new Map<string, Mapping>()
  readonly #byPort = new Map<number, Mapping>()

  constructor(random: Random, options: NatOptions) {
    this.#random = random
    this.kind = options.kind
    this.address = options.address
    this.hairpin = options.hairpin ?? false
    this.mappingLifetime = options.mappingLifetime ?? 120_000
    this.outer = options.behind ?? null
  }

  /** The public address from which `inside` speaks to `peer`: makes or refreshes the mapping and opens the filter. */
  outbound(now: Millis, inside: SimAddress, peer: SimAddress): SimAddress {
    const key = this.kind === 'symmetric' ? `${addressKey(inside)}>${addressKey(peer)}` : addressKey(inside)
    let mapping = this.#byInside.get(key)
    if (mapping === undefined || !this.#isFresh(now, mapping.usedAt)) {
      this.#release(mapping)
      mapping = { inside, outside: this.#allocate(now), usedAt: now, permitted: new Map() }
      this.#byInside.set(key, mapping)
      this.#byPort.set(mapping.outside.port, mapping)
    }
    mapping.usedAt = now
    mapping.permitted.set(this.#filterKey(peer), now)
    return mapping.outside
  }

  /** Where inside a datagram from `peer` to the public address `outside` goes; null when it is filtered. */
  inbound(now: Millis, peer: SimAddress, outside: SimAddress): SimAddress | null {
    const mapping = this.#byPort.get(outside.port)
    if (mapping === undefined || !this.#isFresh(now, mapping.usedAt)) return null
    if (peer.address === this.address && !this.hairpin) return null
    if (this.kind === 'full-cone') return mapping.inside
    const permittedAt = mapping.permitted.get(this.#filterKey(peer))
    return permittedAt !== undefined && this.#isFresh(now, permittedAt) ? mapping.inside : null
  }

  /** Forgets all mappings, as a restarted box does. */
  restart(): void {
    this.#byInside.clear()
    this.#byPort.clear()
  }

  /** A port that was idle may be another mapping's by now. */
  #release(mapping: Mapping | undefined): void {
    if (mapping !== undefined && this.#byPort.get(mapping.outside.port) === mapping)
      this.#byPort.delete(mapping.outside.port)
  }

  #isFresh(now: Millis, at: Millis): boolean {
    return now - at < this.mappingLifetime
  }

  #filterKey(peer: SimAddress): string {
    return this.kind === 'address-restricted' ? peer.address : addressKey(peer)
  }

  /** A random free port: who guesses that the next mapping has the next port, guesses wrong here. */
  #allocate(now: Millis): SimAddress {
    for (;;) {
      const port = 1_024 + this.#random.int(0x1_0000 - 1_024)
      const holder = this.#byPort.get(port)
      if (holder === undefined || !this.#isFresh(now, holder.usedAt)) return simAddress(this.address, port)
    }
  }
}
