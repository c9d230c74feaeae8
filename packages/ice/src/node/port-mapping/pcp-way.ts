import { randomBytes } from 'node:crypto'

import type { TransportAddress } from '@purertc/stun'

import type { GatewayLink } from './gateway-link.ts'
import type { Grant, MappingWay } from './mapping-way.ts'
import { isNatPmp } from './nat-pmp-message.ts'
import { decodePcpMap, encodePcpMap } from './pcp-message.ts'

/** The Port Control Protocol, RFC 6887. */
export class PcpWay implements MappingWay {
  readonly #link: GatewayLink
  readonly #internal: TransportAddress
  readonly #nonce = new Uint8Array(randomBytes(12))

  constructor(link: GatewayLink, internal: TransportAddress) {
    this.#link = link
    this.#internal = internal
  }

  async ask(lifetime: number, external: TransportAddress | null): Promise<Grant | 'refused' | null> {
    const mapping = { nonce: this.#nonce, internal: this.#internal, lifetime, suggested: external }
    const answer = await this.#link.request<Grant | 'refused' | 'other'>(encodePcpMap(mapping), (bytes) => {
      if (isNatPmp(bytes)) return 'other'
      const read = decodePcpMap(bytes, mapping)
      return read === null || read.result === 0 ? read : 'refused'
    })
    return answer === 'other' ? null : answer
  }

  release(external: TransportAddress): Promise<void> {
    const mapping = { nonce: this.#nonce, internal: this.#internal, lifetime: 0, suggested: external }
    return this.#link.send(encodePcpMap(mapping))
  }
}
