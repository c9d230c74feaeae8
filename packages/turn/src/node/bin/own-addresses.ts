import { type IpFamily, isIpAddress } from '@purertc/stun'

import { addressScope } from '../../server/peer-policy.ts'

/** What `os.networkInterfaces()` tells. */
export type Interfaces = NodeJS.Dict<readonly { readonly address: string; readonly internal: boolean }[]>

/**
 * Where to relay if only the addresses to listen on are known: on these; and where they stand for all of a family, on the
 * machine's own one, for clients must be told one that peers can send to. One that all the world can reach comes first.
 */
export function relayAddressesFor(listening: readonly string[], interfaces: Interfaces): string[] {
  const own = Object.values(interfaces).flatMap((addresses = []) =>
    addresses.filter(({ internal }) => !internal),
  )
  return listening.map((address) =>
    isWildcard(address) ? (bestOf(own, isIpAddress(address)) ?? address) : address,
  )
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function bestOf(own: readonly { readonly address: string }[], family: IpFamily | null): string | undefined {
  const addresses = own.map(({ address }) => address).filter((address) => isIpAddress(address) === family)
  for (const scope of ['public', 'private']) {
    const found = addresses.find((address) => addressScope(address) === scope)
    if (found !== undefined) return found
  }
  return undefined
}
