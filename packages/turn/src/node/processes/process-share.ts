import type { TransportAddress } from '@purertc/stun'

import type { TurnServerHost } from '../../server/config.ts'
import type { PortSharing } from '../udp-port.ts'
import type { Siblings } from './siblings.ts'

/** What one of several processes must know to serve the same ports as the others (Linux). */
export interface ProcessShare {
  /** From 0 to `count - 1`. */
  readonly index: number
  readonly count: number
  /** 32 bytes that all of them have: who is challenged by one may come back to another. */
  readonly nonceSecret: Uint8Array
  /** How UDP ports are shared; see {@link hasReusePort}. */
  readonly sharing: Exclude<PortSharing, 'none'>
  /** The way to the other processes; closed with the server. */
  readonly siblings: Siblings
  /** Asks for a place of that account's, over all processes; `answer` takes null, or the code of the refusal. */
  readonly claim: (place: number, account: string, answer: (refusal: 486 | 508 | null) => void) => void
  /** What was claimed is over, granted or not. */
  readonly release: (place: number) => void
}

/** Quotas that count over all processes; `claimed` is told what came of a claim. */
export function sharedPlaces(
  share: ProcessShare,
  claimed: (place: number, refusal: 486 | 508 | null) => void,
): Pick<TurnServerHost, 'claimPlace' | 'releasePlace'> {
  return {
    claimPlace: (place, account) => share.claim(place, account, (refusal) => claimed(place, refusal)),
    releasePlace: (place) => share.release(place),
  }
}

/** Which process serves a client of a port that a cluster shares: the same for all of its datagrams (FNV-1a). */
export function ownerOf({ address, port }: TransportAddress, count: number): number {
  let hash = 0x811c9dc5
  for (const character of `${address} ${port}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  return (hash >>> 0) % count
}

/** Whether UDP sockets of this Node can share a port by themselves (`reusePort` of node:dgram, SO_REUSEPORT). */
export function hasReusePort(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
}
