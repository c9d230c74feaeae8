import type { CandidatePair } from '@purertc/ice'

/** Bytes of UDP payload that Ethernet carries to the pair's remote candidate in one piece. */
export function defaultPathLimit({ local, remote }: CandidatePair): number {
  return ETHERNET - ipAndUdp(remote.address) - (local.type === 'relay' ? TURN_OVERHEAD : 0)
}

/** Bytes of IP and UDP header of a datagram to this address. */
export function ipAndUdp(address: string): number {
  return address.includes(':') ? 48 : 28
}

const ETHERNET = 1_500
/** A Send indication to an IPv6 address, RFC 8656 §11.1; the way to the server may have the larger IP header, too. */
const TURN_OVERHEAD = 48 + 20
