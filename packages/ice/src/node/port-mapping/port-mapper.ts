import type { TransportAddress } from '@purertc/stun'

import { isUnicast } from '../../address-scope.ts'
import { defaultGateway } from './default-gateway.ts'
import { GatewayLink } from './gateway-link.ts'
import type { Grant, MappingWay } from './mapping-way.ts'
import { NatPmpWay } from './nat-pmp-way.ts'
import { PcpWay } from './pcp-way.ts'
import { findUpnpService, SSDP_PORT } from './upnp-discovery.ts'
import { UpnpWay } from './upnp-way.ts'

export interface PortMappingOptions {
  /** The router's inner address. Default: the system's default gateway, which only Linux tells. */
  readonly gateway?: string
  /** Of PCP and NAT-PMP. Default 5351. */
  readonly port?: number
  /** Of UPnP's discovery. Default 1900. */
  readonly upnpPort?: number
  /** Seconds that a mapping is asked for; it is renewed at half of what the gateway grants. Default 7,200. */
  readonly lifetime?: number
}

interface Mapped {
  readonly link: GatewayLink
  readonly way: MappingWay
  external: TransportAddress
  renewal: NodeJS.Timeout | undefined
}

/**
 * Asks the router to let UDP ports of this machine be reached from outside: by PCP (RFC 6887), where it has nothing newer by
 * NAT-PMP (RFC 6886), and at last by UPnP. Mappings are renewed while the mapper lives and given back by `close()`.
 *
 * @example
 * const mapper = new PortMapper({})
 * const outside = await mapper.map({ family: 'IPv4', address: '192.168.1.5', port: 50_000 })
 * await mapper.close()
 */
export class PortMapper {
  readonly #gateway: string | null
  readonly #port: number
  readonly #upnpPort: number
  readonly #lifetime: number
  readonly #mapped = new Map<string, Mapped>()
  /** Nobody has answered: no use to let anybody wait again. */
  #isDeaf = false
  #isClosed = false

  constructor({ gateway, port = 5_351, upnpPort = SSDP_PORT, lifetime = 7_200 }: PortMappingOptions) {
    this.#gateway = gateway ?? defaultGateway()
    this.#port = port
    this.#upnpPort = upnpPort
    this.#lifetime = lifetime
  }

  /** Where that socket can be reached from outside; null where no gateway says so. Does not reject. */
  async map(internal: TransportAddress): Promise<TransportAddress | null> {
    const key = keyOf(internal)
    const known = this.#mapped.get(key)
    if (known !== undefined) return known.external
    if (this.#isClosed || this.#isDeaf || this.#gateway === null || internal.family !== 'IPv4') return null
    const link = await GatewayLink.open(internal.address, this.#gateway, this.#port).catch(() => null)
    if (link === null) return null
    const first = await this.#ask(link, this.#gateway, internal)
    if (first === null || !isUsable(first.grant)) {
      this.#isDeaf ||= first === null
      link.close()
      return null
    }
    const { way, grant } = first
    const mapped: Mapped = { link, way, external: grant.external, renewal: undefined }
    if (this.#isClosed) {
      await release(mapped)
      return null
    }
    this.#mapped.set(key, mapped)
    this.#renewLater(key, mapped, grant.lifetime)
    return mapped.external
  }

  /** The socket is closed: gives its mapping back. */
  async unmap(internal: TransportAddress): Promise<void> {
    const mapped = this.#mapped.get(keyOf(internal))
    this.#mapped.delete(keyOf(internal))
    if (mapped !== undefined) await release(mapped)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const all = [...this.#mapped.values()]
    this.#mapped.clear()
    await Promise.all(all.map(release))
  }

  /** The first way that the gateway answers by. */
  async #ask(
    link: GatewayLink,
    gateway: string,
    internal: TransportAddress,
  ): Promise<{ readonly way: MappingWay; readonly grant: Grant | 'refused' } | null> {
    // Found meanwhile, so that whoever waits for the others has not waited in vain.
    const upnp = findUpnpService(internal.address, gateway, this.#upnpPort)
    for (const way of [new PcpWay(link, internal), new NatPmpWay(link, internal)]) {
      const grant = await way.ask(this.#lifetime, null)
      if (grant !== null) return { way, grant }
    }
    const service = await upnp
    const way = service === null ? null : new UpnpWay(service, internal)
    const grant = way === null ? null : await way.ask(this.#lifetime, null)
    return way === null || grant === null ? null : { way, grant }
  }

  /** RFC 6887 §11.2.1, RFC 6886 §3.3. */
  #renewLater(key: string, mapped: Mapped, lifetime: number): void {
    const delay = Math.min(Math.max(lifetime, SHORTEST), LONGEST) * 500
    mapped.renewal = setTimeout(() => void this.#renew(key, mapped, lifetime), delay).unref()
  }

  async #renew(key: string, mapped: Mapped, lifetime: number): Promise<void> {
    const grant = await mapped.way.ask(this.#lifetime, mapped.external)
    if (this.#mapped.get(key) !== mapped) return
    const isGranted = isUsable(grant)
    if (isGranted) mapped.external = grant.external
    // A gateway that is silent for a moment is asked again in half of the time that is left.
    this.#renewLater(key, mapped, isGranted ? grant.lifetime : lifetime / 2)
  }
}

async function release({ link, way, external, renewal }: Mapped): Promise<void> {
  clearTimeout(renewal)
  await way.release(external)
  link.close()
}

function isUsable(grant: Grant | 'refused' | null): grant is Grant {
  if (grant === null || grant === 'refused') return false
  return grant.external.port > 0 && grant.lifetime > 0 && isUnicast(grant.external.address)
}

function keyOf({ address, port }: TransportAddress): string {
  return `${address}|${port}`
}

/** Seconds: a gateway that grants less, or for ever, is asked as if it had granted this. */
const SHORTEST = 4
const LONGEST = 86_400
