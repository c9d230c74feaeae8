import { type IpFamily, isIpAddress } from '../ip-address.ts'
import { orderSrvRecords } from '../srv-record.ts'
import { StunError } from '../stun-error.ts'
import type { ServerAddress } from '../stun-transport.ts'
import type { StunUri } from '../stun-uri.ts'
import { transportAddress } from '../transport-address.ts'
import { type NameService, systemNames } from './name-service.ts'

export interface ResolveOptions {
  /** Over what the server shall be reached: `_udp` or `_tcp` of its SRV records. */
  readonly protocol: 'udp' | 'tcp'
  /**
   * What is asked of the server. Default `stun`; behaviour discovery and TURN have SRV records of their own (RFC 5780
   * §5.1, RFC 8656 §3.1).
   */
  readonly service?: 'stun' | 'stun-behavior' | 'turn'
  /** Addresses of that family alone. */
  readonly family?: IpFamily
  readonly names?: NameService
  /** From 0 to 1, 1 excluded: chooses between SRV records of the same priority. */
  readonly random: () => number
}

/**
 * The addresses of a server in the order to try them, RFC 8489 §8: an IP address is itself; a host with a port is looked
 * up; a host without one is looked up by its SRV records first (`_stun._udp`, `_stuns._tcp`, …) and else with the
 * default port. Rejects with the system's error, or {@link StunError} `invalid-address` where the domain says that it
 * has no such service, or the only addresses are of the other family.
 */
export async function resolveServer(uri: StunUri, options: ResolveOptions): Promise<ServerAddress[]> {
  const { host, port, isPortGiven } = uri
  const { family, names = systemNames } = options
  const literal = isIpAddress(host)
  if (literal !== null) {
    if (family !== undefined && literal !== family)
      throw new StunError('invalid-address', `${host} is no ${family} address`)
    return [transportAddress(host, port)]
  }
  const records = isPortGiven ? [] : await names.srv(serviceName(uri, options))
  const targets =
    records.length === 0 ? [{ name: host, port }] : orderSrvRecords(records, options.random).filter(isOffered)
  if (targets.length === 0) throw new StunError('invalid-address', `${host} offers no such service`)
  const found = await Promise.allSettled(targets.map(({ name }) => names.addresses(name, family)))
  const servers = found.flatMap((result, i) => {
    if (result.status === 'rejected') return []
    const { port } = targets[i] ?? { port: 0 }
    return result.value.map((address) => ({ ...transportAddress(address, port), domain: host }))
  })
  // One target without an address is no harm as long as another has one.
  const failure = found.find((result) => result.status === 'rejected')
  if (servers.length === 0 && failure !== undefined) throw failure.reason
  if (servers.length === 0) throw new StunError('invalid-address', `${host} has no address`)
  return servers
}

function serviceName({ secure, host }: StunUri, { protocol, service = 'stun' }: ResolveOptions): string {
  return `_${service}${secure ? 's' : ''}._${protocol}.${host}`
}

/** RFC 2782: the target `.` means that the service is decidedly not there. */
function isOffered({ name }: { readonly name: string }): boolean {
  return name !== '' && name !== '.'
}
