import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

import type { CandidatePair } from '@purertc/ice'

import { defaultPathLimit, ipAndUdp } from '../transport/path-limit.ts'

/**
 * Bytes of the largest UDP payload that leaves this machine towards the pair's remote candidate in one piece. Node has
 * no way to forbid the kernel to fragment, so a probe beyond the interface's MTU would arrive in pieces, and look as
 * if the path carried it.
 */
export function nodePathLimit(pair: CandidatePair): number {
  const { local, remote } = pair
  const base = local.relatedAddress ?? local.address
  if (local.type === 'relay') return defaultPathLimit(pair)
  if (isLoopback(remote.address)) return loopbackMtu - ipAndUdp(remote.address)
  const interfaces = Object.entries(networkInterfaces())
  const nameOf = (address: string): string | undefined =>
    interfaces.find(([, entries]) => entries?.some((entry) => entry.address === address))?.[0]
  // What this machine sends to an address of its own goes through loopback.
  if (nameOf(remote.address) !== undefined) return loopbackMtu - ipAndUdp(remote.address)
  const name = nameOf(local.type === 'host' ? local.address : base)
  const mtu = name === undefined ? null : readMtu(name)
  return mtu === null ? defaultPathLimit(pair) : mtu - ipAndUdp(remote.address)
}

/** Linux alone tells it in a file, and Node nowhere. */
function readMtu(name: string): number | null {
  try {
    const mtu = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'latin1'))
    return Number.isInteger(mtu) && mtu >= smallestMtu ? mtu : null
  } catch {
    return null
  }
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

/** Of Linux; macOS and others have 16,384, which the search finds out. */
const loopbackMtu = 65_535
/** Of IPv6, RFC 8200 §5. */
const smallestMtu = 1_280
