import { networkInterfaces } from 'node:os'

export interface AddressFilter {
  /** Exactly these addresses, in this order of preference; the other filters are ignored. */
  readonly addresses?: readonly string[]
  /** Default false: a peer elsewhere cannot use it. */
  readonly includeLoopback?: boolean
  /** Default both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[]
}

/**
 * The addresses to gather on, best first: IPv6 and IPv4 in turns (RFC 8421 §4), loopback last. IPv6 link-local addresses
 * are left out: they mean nothing without the name of an interface.
 */
export function interfaceAddresses({ addresses, includeLoopback, families }: AddressFilter): string[] {
  if (addresses !== undefined) return [...new Set(addresses)]
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const usable = all.filter(
    ({ family, internal, address }) =>
      (families ?? ['IPv4', 'IPv6']).includes(family) &&
      (!internal || includeLoopback === true) &&
      !/^fe[89ab]/i.test(address),
  )
  const of = (family: string, internal: boolean): string[] =>
    usable
      .filter((entry) => entry.family === family && entry.internal === internal)
      .map(({ address }) => address)
  return [...inTurns(of('IPv6', false), of('IPv4', false)), ...inTurns(of('IPv6', true), of('IPv4', true))]
}

function inTurns(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = []
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    merged.push(...a.slice(i, i + 1), ...b.slice(i, i + 1))
  return merged
}
