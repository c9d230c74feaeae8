import { lookup, Resolver } from 'node:dns/promises'

import type { IpFamily } from '../ip-address.ts'
import type { SrvRecord } from '../srv-record.ts'

/** What is asked of the DNS. */
export interface NameService {
  /** The SRV records of a name, none where there are none or nobody answers. */
  srv(name: string): Promise<readonly SrvRecord[]>
  /** The addresses of a host, the best first. Rejects with the system's error where there are none. */
  addresses(host: string, family: IpFamily | undefined): Promise<readonly string[]>
}

/** Hosts as the system resolves them, its hosts file included; SRV records from its DNS servers. */
export const systemNames: NameService = {
  srv: (name) => srvOf(new Resolver({ timeout: 2_000, tries: 2 }), name),
  async addresses(host, family) {
    const found = await lookup(host, {
      all: true,
      family: family === undefined ? 0 : family === 'IPv4' ? 4 : 6,
    })
    return found.map(({ address }) => address)
  },
}

/** Everything from the DNS servers of a resolver. */
export function namesFrom(resolver: Resolver): NameService {
  return {
    srv: (name) => srvOf(resolver, name),
    async addresses(host, family) {
      const [ipv6, ipv4] = await Promise.allSettled([
        family === 'IPv4' ? [] : resolver.resolve6(host),
        family === 'IPv6' ? [] : resolver.resolve4(host),
      ])
      const found = [ipv6, ipv4].flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      const failure = [ipv4, ipv6].find((result) => result.status === 'rejected')
      if (found.length === 0 && failure !== undefined) throw failure.reason
      return found
    },
  }
}

async function srvOf(resolver: Resolver, name: string): Promise<SrvRecord[]> {
  try {
    return await resolver.resolveSrv(name)
  } catch {
    // RFC 8489 §8.1: without an answer the host itself is looked up, which tells whether there is a DNS at all.
    return []
  }
}
