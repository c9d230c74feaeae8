import { randomInt } from 'node:crypto'

import { isIpAddress, type TransportAddress } from '@purertc/stun'

import type { Grant, MappingWay } from './mapping-way.ts'
import { elementOf, fetchText, type UpnpService } from './upnp-discovery.ts'

/** Port mappings of UPnP's Internet Gateway Device 1, WANIPConnection §2.4, for gateways that speak nothing newer. */
export class UpnpWay implements MappingWay {
  readonly #service: UpnpService
  readonly #internal: TransportAddress

  constructor(service: UpnpService, internal: TransportAddress) {
    this.#service = service
    this.#internal = internal
  }

  async ask(lifetime: number, external: TransportAddress | null): Promise<Grant | 'refused' | null> {
    const found = await this.#call('GetExternalIPAddress', {})
    const address = found === null ? null : elementOf(found, 'NewExternalIPAddress')
    if (address === null || isIpAddress(address) !== 'IPv4') return null
    let [port, lease] = [external?.port ?? this.#internal.port, lifetime]
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const error = await this.#add(port, lease)
      // Of a gateway that maps for ever the mapping is given back all the same.
      if (error === 0) return { external: { family: 'IPv4', address, port }, lifetime }
      if (error === PERMANENT_ONLY) lease = 0
      else if (error === CONFLICT) port = randomInt(1_024, 65_536)
      else return 'refused'
    }
    return 'refused'
  }

  async release({ port }: TransportAddress): Promise<void> {
    await this.#call('DeletePortMapping', {
      NewRemoteHost: '',
      NewExternalPort: port,
      NewProtocol: 'UDP',
    })
  }

  /** 0, or the error's code; -1 for no answer. */
  async #add(port: number, lease: number): Promise<number> {
    const answer = await this.#call('AddPortMapping', {
      NewRemoteHost: '',
      NewExternalPort: port,
      NewProtocol: 'UDP',
      NewInternalPort: this.#internal.port,
      NewInternalClient: this.#internal.address,
      NewEnabled: 1,
      NewPortMappingDescription: 'WebRTC',
      NewLeaseDuration: lease,
    })
    if (answer?.includes('AddPortMappingResponse') === true) return 0
    return Number(answer === null ? -1 : (elementOf(answer, 'errorCode') ?? -1))
  }

  /** Values are numbers, addresses and words, none of which XML would have to be told apart from its own. */
  #call(action: string, values: Readonly<Record<string, string | number>>): Promise<string | null> {
    const { url, type } = this.#service
    const elements = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`)
    return fetchText(url, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${type}#${action}"` },
      body:
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
        `<u:${action} xmlns:u="${type}">${elements.join('')}</u:${action}></s:Body></s:Envelope>`,
    })
  }
}

/** Error codes of WANIPConnection §2.4.16. */
const CONFLICT = 718
const PERMANENT_ONLY = 725
const MAX_ATTEMPTS = 4
