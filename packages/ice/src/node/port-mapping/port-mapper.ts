import { randomBytes } from 'node:crypto'

import type { TransportAddress } from '@purertc/stun'

import { isUnicast } from '../../address-scope.ts'
import { defaultGateway } from './default-gateway.ts'
import { GatewayLink } from './gateway-link.ts'
import {
  decodeAddress,
  decodeMapping,
  encodeAddressRequest,
  encodeMappingRequest,
  isNatPmp,
} from './nat-pmp-message.ts'
import { decodePcpMap, encodePcpMap } from './pcp-message.ts'

export interface PortMappingOptions {
  /** The router's inner address. Default: the system's default gateway, which only Linux tells. */
  readonly gateway?: string
  /** Default 5351. */
  readonly port?: number
  /** Seconds that a mapping is asked for; it is renewed at half of what the gateway grants. Default 7,200. */
  readonly lifetime?: number
}

interface Mapped {
  readonly link: GatewayLink
  readonly internal: TransportAddress
  readonly protocol: 'pcp' | 'nat-pmp'
  readonly nonce: Uint8Array
  external: TransportAddress
  renewal: NodeJS.Timeout | undefined
}

type Grant = { readonly external: TransportAddress; readonly lifetime: number }

/**
 * Asks the router to let UDP ports of this machine be reached from outside: by PCP (RFC 6887), or by NAT-PMP (RFC 6886)
 * where it has nothing newer. Mappings are renewed while the mapper lives and given back by `close()`.
 *
 * @example
 * const mapper = new PortMapper({})
 * const outside = await mapper.map({ family: 'IPv4', address: '192.168.1.5', port: 50_000 })
 * await mapper.close()
 */
export class PortMapper {
  readonly #gateway: string | null
  readonly #port: number
  readonly #lifetime: number
  readonly #mapped = new Map<string, Mapped>()
  /** Nobody has answered: no use to let anybody wait again. */
  #isDeaf = false
  #isClosed = false

  constructor({ gateway, port = 5_351, lifetime = 7_200 }: PortMappingOptions) {
    this.#gateway = gateway ?? defaultGateway()
    this.#port = port
    this.#lifetime = lifetime
  }

  /** Where that socket can be reached from outside; null where no gateway says so. Does not reject. */
  async map(internal: TransportAddress): Promise<TransportAddress | null> {
    const key = `${internal.address}|${internal.port}`
    const known = this.#mapped.get(key)
    if (known !== undefined) return known.external
    if (this.#isClosed || this.#isDeaf || this.#gateway === null || internal.family !== 'IPv4') return null
    const link = await GatewayLink.open(internal.address, this.#gateway, this.#port).catch(() => null)
    if (link === null) return null
    const nonce = new Uint8Array(randomBytes(12))
    const first = await this.#askAny(link, internal, nonce)
    if (first === null || !isUsable(first.grant)) {
      this.#isDeaf ||= first === null
      link.close()
      return null
    }
    const { protocol, grant } = first
    const mapped: Mapped = { link, internal, protocol, nonce, external: grant.external, renewal: undefined }
    if (this.#isClosed) await this.#release(mapped)
    else {
      this.#mapped.set(key, mapped)
      this.#renewLater(mapped, grant.lifetime)
    }
    return this.#isClosed ? null : mapped.external
  }

  /** The socket is closed: gives its mapping back. */
  async unmap({ address, port }: TransportAddress): Promise<void> {
    const mapped = this.#mapped.get(`${address}|${port}`)
    this.#mapped.delete(`${address}|${port}`)
    if (mapped !== undefined) await this.#release(mapped)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const all = [...this.#mapped.values()]
    this.#mapped.clear()
    await Promise.all(all.map((mapped) => this.#release(mapped)))
  }

  async #askAny(
    link: GatewayLink,
    internal: TransportAddress,
    nonce: Uint8Array,
  ): Promise<{ readonly protocol: 'pcp' | 'nat-pmp'; readonly grant: Grant | null } | null> {
    const pcp = await this.#askPcp(link, internal, nonce, null)
    if (pcp !== 'other' && pcp !== null) return { protocol: 'pcp', grant: pcp === 'refused' ? null : pcp }
    const natPmp = await this.#askNatPmp(link, internal.port, 0)
    if (natPmp === null) return null
    return { protocol: 'nat-pmp', grant: natPmp === 'refused' ? null : natPmp }
  }

  async #askPcp(
    link: GatewayLink,
    internal: TransportAddress,
    nonce: Uint8Array,
    suggested: TransportAddress | null,
  ): Promise<Grant | 'refused' | 'other' | null> {
    const mapping = { nonce, internal, lifetime: this.#lifetime, suggested }
    return link.request<Grant | 'refused' | 'other'>(encodePcpMap(mapping), (bytes) => {
      if (isNatPmp(bytes)) return 'other'
      const answer = decodePcpMap(bytes, mapping)
      return answer === null || answer.result === 0 ? answer : 'refused'
    })
  }

  async #askNatPmp(
    link: GatewayLink,
    internalPort: number,
    externalPort: number,
  ): Promise<Grant | 'refused' | null> {
    const address = await link.request(encodeAddressRequest(), decodeAddress)
    if (address === null) return null
    const request = encodeMappingRequest({ internalPort, externalPort, lifetime: this.#lifetime })
    const answer = await link.request(request, (bytes) => decodeMapping(bytes, internalPort))
    if (answer === null) return null
    if (answer.result !== 0) return 'refused'
    return { external: { family: 'IPv4', address, port: answer.externalPort }, lifetime: answer.lifetime }
  }

  /** RFC 6887 §11.2.1, RFC 6886 §3.3. */
  #renewLater(mapped: Mapped, lifetime: number): void {
    const delay = Math.min(Math.max(lifetime, SHORTEST), LONGEST) * 500
    mapped.renewal = setTimeout(() => void this.#renew(mapped, lifetime), delay).unref()
  }

  async #renew(mapped: Mapped, lifetime: number): Promise<void> {
    const { link, internal, nonce, protocol, external } = mapped
    const grant =
      protocol === 'pcp'
        ? await this.#askPcp(link, internal, nonce, external)
        : await this.#askNatPmp(link, internal.port, external.port)
    if (this.#mapped.get(`${internal.address}|${internal.port}`) !== mapped) return
    const isGranted = grant !== null && typeof grant === 'object'
    if (isGranted) mapped.external = grant.external
    // A gateway that is silent for a moment is asked again in half of the time that is left.
    this.#renewLater(mapped, isGranted ? grant.lifetime : lifetime / 2)
  }

  async #release({ link, internal, nonce, protocol, renewal, external }: Mapped): Promise<void> {
    clearTimeout(renewal)
    const request =
      protocol === 'pcp'
        ? encodePcpMap({ nonce, internal, lifetime: 0, suggested: external })
        : encodeMappingRequest({ internalPort: internal.port, externalPort: 0, lifetime: 0 })
    await link.send(request)
    link.close()
  }
}

function isUsable(grant: Grant | null): grant is Grant {
  return grant !== null && grant.external.port > 0 && grant.lifetime > 0 && isUnicast(grant.external.address)
}

/** Seconds: a gateway that grants less, or for ever, is asked as if it had granted this. */
const SHORTEST = 4
const LONGEST = 86_400
