import { formatAddress, formatIpAddress, parseIpAddress, type TransportAddress } from '@purertc/stun'

import { isUnicast } from './address-scope.ts'
import type { IceCandidate, TcpType } from './candidate.ts'
import type { Discarded } from './discarded.ts'

export interface RemoteCandidate {
  /** Replaced when signalling tells more about a candidate that a check had revealed. */
  candidate: IceCandidate
  readonly address: TransportAddress
  /** Whose check revealed the candidate; undefined when signalling did. */
  readonly learnedFrom: string | undefined
}

/**
 * `superseded`: the address was known as peer-reflexive and now has its true type and priority (RFC 8838 §11.4).
 * `none`: it was signalled before.
 */
export interface Addition {
  readonly remote: RemoteCandidate
  readonly change: 'added' | 'superseded' | 'none'
}

/** What is known of the peer, one entry an address. Bounded, because the peer writes it. */
export class RemoteCandidates implements Iterable<RemoteCandidate> {
  readonly #byAddress: Map<string, RemoteCandidate> = new Map()
  #learned = 0

  /** A signalled candidate, or why it is of no use. */
  add(candidate: IceCandidate): Addition | Discarded {
    const address = addressOf(candidate)
    if (address === null) return 'unresolved-candidate'
    if (!isUnicast(address.address) || address.port === 0) return 'unusable-candidate'
    const known = this.find(address, candidate.transport)
    if (known !== undefined) {
      if (known.candidate.type !== 'prflx') return { remote: known, change: 'none' }
      known.candidate = candidate
      return { remote: known, change: 'superseded' }
    }
    if (this.#byAddress.size - this.#learned >= MAX_SIGNALLED) return 'too-many-candidates'
    const remote = { candidate, address, learnedFrom: undefined }
    this.#byAddress.set(keyOf(address, candidate.transport), remote)
    return { remote, change: 'added' }
  }

  find(address: TransportAddress, transport: 'udp' | 'tcp'): RemoteCandidate | undefined {
    return this.#byAddress.get(keyOf(address, transport))
  }

  /**
   * RFC 8445 §7.3.1.3: an authenticated check of `usernameFragment` came from an unknown address. `null` when there
   * are too many of those.
   */
  learn(
    address: TransportAddress,
    tcpType: TcpType | undefined,
    priority: number,
    usernameFragment: string,
  ): RemoteCandidate | null {
    if (this.#learned >= MAX_LEARNED) return null
    this.#learned++
    const remote: RemoteCandidate = {
      candidate: {
        // Any value that no other remote candidate has; signalled ones come from ice-chars of the peer's choice.
        foundation: `prflx${this.#learned}`,
        component: 1,
        ...(tcpType === undefined ? { transport: 'udp' } : { transport: 'tcp', tcpType }),
        priority,
        address: address.address,
        port: address.port,
        type: 'prflx',
        usernameFragment,
      },
      // A driver may hand in one address object again and again.
      address: { family: address.family, address: address.address, port: address.port },
      learnedFrom: usernameFragment,
    }
    this.#byAddress.set(keyOf(address, remote.candidate.transport), remote)
    return remote
  }

  /** Forgets what checks of others than `usernameFragment` revealed, and returns it. */
  forgetOthers(usernameFragment: string): RemoteCandidate[] {
    const others = [...this].filter(
      ({ learnedFrom }) => learnedFrom !== undefined && learnedFrom !== usernameFragment,
    )
    for (const { address, candidate } of others) this.#byAddress.delete(keyOf(address, candidate.transport))
    this.#learned -= others.length
    return others
  }

  [Symbol.iterator](): Iterator<RemoteCandidate> {
    return this.#byAddress.values()
  }
}

function keyOf(address: TransportAddress, transport: 'udp' | 'tcp'): string {
  return `${transport} ${formatAddress(address)}`
}

/** With the address in canonical form, so that it equals what sockets report. */
function addressOf({ address, port }: IceCandidate): TransportAddress | null {
  const bytes = parseIpAddress(address)
  if (bytes === null || address.includes('%')) return null
  return { family: bytes.length === 4 ? 'IPv4' : 'IPv6', address: formatIpAddress(bytes), port }
}

/** A peer with ten interfaces, two families and two relays has some fifty. */
const MAX_SIGNALLED = 200
const MAX_LEARNED = 50
