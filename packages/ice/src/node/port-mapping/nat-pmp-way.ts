import type { TransportAddress } from '@purertc/stun'

import type { GatewayLink } from './gateway-link.ts'
import type { Grant, MappingWay } from './mapping-way.ts'
import {
  decodeAddress,
  decodeMapping,
  encodeAddressRequest,
  encodeMappingRequest,
} from './nat-pmp-message.ts'

/** The NAT Port Mapping Protocol, RFC 6886. */
export class NatPmpWay implements MappingWay {
  readonly #link: GatewayLink
  readonly #internalPort: number

  constructor(link: GatewayLink, internal: TransportAddress) {
    this.#link = link
    this.#internalPort = internal.port
  }

  async ask(lifetime: number, external: TransportAddress | null): Promise<Grant | 'refused' | null> {
    const internalPort = this.#internalPort
    const address = await this.#link.request(encodeAddressRequest(), decodeAddress)
    if (address === null) return null
    const request = encodeMappingRequest({ internalPort, externalPort: external?.port ?? 0, lifetime })
    const answer = await this.#link.request(request, (bytes) => decodeMapping(bytes, internalPort))
    if (answer === null) return null
    if (answer.result !== 0) return 'refused'
    return { external: { family: 'IPv4', address, port: answer.externalPort }, lifetime: answer.lifetime }
  }

  /** RFC 6886 §3.4. */
  release(): Promise<void> {
    const request = { internalPort: this.#internalPort, externalPort: 0, lifetime: 0 }
    return this.#link.send(encodeMappingRequest(request))
  }
}
