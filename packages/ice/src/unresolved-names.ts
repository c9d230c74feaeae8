import type { IceCandidate } from './candidate.ts'

/**
 * Remote candidates whose address is an mDNS name, until the host has resolved it: how browsers hide their users'
 * addresses (draft-ietf-mmusic-mdns-ice-candidates). What the peer announced as its last candidate counts only when none
 * is left here.
 */
export class UnresolvedNames {
  readonly #byName = new Map<string, IceCandidate[]>()
  #size = 0
  #hasEnded = false

  /** False where it is one too many. `isNew`: the name is to be resolved. */
  add(candidate: IceCandidate): { readonly isNew: boolean } | false {
    if (this.#size >= MAX_CANDIDATES) return false
    this.#size++
    const name = candidate.address.toLowerCase()
    const waiting = this.#byName.get(name)
    waiting?.push(candidate)
    if (waiting === undefined) this.#byName.set(name, [candidate])
    return { isNew: waiting === undefined }
  }

  /** The candidates of that name with these addresses, and an ending `null` where it was held up. */
  resolve(name: string, addresses: readonly string[]): (IceCandidate | null)[] {
    const waiting = this.#byName.get(name.toLowerCase()) ?? []
    this.#byName.delete(name.toLowerCase())
    this.#size -= waiting.length
    const resolved: (IceCandidate | null)[] = waiting.flatMap((candidate) =>
      addresses.slice(0, MAX_ADDRESSES).map((address) => ({ ...candidate, address })),
    )
    if (this.#byName.size === 0 && this.#hasEnded) {
      this.#hasEnded = false
      resolved.push(null)
    }
    return resolved
  }

  /** Whether the end of candidates is held up until all names are resolved. */
  holdEnd(): boolean {
    this.#hasEnded = this.#byName.size > 0
    return this.#hasEnded
  }

  clear(): void {
    this.#byName.clear()
    this.#size = 0
    this.#hasEnded = false
  }
}

export function isMdnsName(address: string): boolean {
  return /\.local$/i.test(address)
}

/** A browser has one a network interface. */
const MAX_CANDIDATES = 32

/** One of each family. */
const MAX_ADDRESSES = 2
