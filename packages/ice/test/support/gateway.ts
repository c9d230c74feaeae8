import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'

/** What a router was asked for a port. */
export interface MappingRequest {
  readonly version: number
  readonly internalPort: number
  readonly externalPort: number
  readonly lifetime: number
  readonly nonce: string
}

export type GatewayKind = 'pcp' | 'nat-pmp' | 'upnp' | 'refusing' | 'silent' | 'garbage'

/** A router on loopback that grants outer ports of 198.51.100.9, one above the inner ones. */
export class Gateway {
  readonly requests: MappingRequest[] = []
  /** Whatever came by UDP, but for searches; and how often its description was read. */
  datagrams = 0
  described = 0
  /** Seconds that it grants. */
  lifetime = 3_600
  readonly #kind: GatewayKind
  /** UPnP: ports that are somebody else's; whether it maps for ever alone; where it sends those who search. */
  readonly taken = new Set<number>()
  isPermanent = false
  location: string | null = null
  /** UPnP: actions as they came, with their port and lease. */
  readonly actions: string[] = []
  readonly #socket: Socket = createSocket('udp4')
  readonly #search: Socket = createSocket('udp4')
  readonly #control: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (request.url === '/desc.xml') this.described++
      const [status, text] = request.url === '/desc.xml' ? [200, DESCRIPTION] : this.#act(body)
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text)
    })
  })

  private constructor(kind: GatewayKind) {
    this.#kind = kind
    this.#socket.on('message', (bytes, from) => {
      this.datagrams++
      const answer = this.#answer(bytes)
      if (answer !== null) this.#socket.send(answer, from.port, from.address)
    })
  }

  static async start(kind: GatewayKind): Promise<Gateway> {
    const gateway = new Gateway(kind)
    gateway.#socket.bind(0, '127.0.0.1')
    gateway.#search.bind(0, '127.0.0.1')
    gateway.#control.listen(0, '127.0.0.1')
    await Promise.all(
      [gateway.#socket, gateway.#search, gateway.#control].map((one) => once(one, 'listening')),
    )
    gateway.#search.on('message', (_bytes, { port, address }) => {
      const { port: at } = gateway.#control.address() as { port: number }
      const location = gateway.location ?? `http://127.0.0.1:${at}/desc.xml`
      if (kind === 'upnp')
        gateway.#search.send(`HTTP/1.1 200 OK\r\nST: any\r\nLOCATION: ${location}\r\n\r\n`, port, address)
    })
    return gateway
  }

  get port(): number {
    return this.#socket.address().port
  }

  get upnpPort(): number {
    return this.#search.address().port
  }

  async close(): Promise<void> {
    const all = [this.#socket, this.#search, this.#control]
    const closed = Promise.all(all.map((one) => once(one, 'close')))
    this.#control.closeAllConnections()
    for (const one of all) one.close()
    await closed
  }

  #answer(bytes: Buffer): Uint8Array | null {
    if (this.#kind === 'garbage') return Uint8Array.from({ length: 40 }, (_, i) => (i * 37) & 0xff)
    if (this.#kind === 'upnp') return null
    const version = bytes[0] ?? -1
    if (version === 2) return this.#answerPcp(bytes)
    return version === 0 && this.#kind === 'nat-pmp' ? this.#answerNatPmp(bytes) : null
  }

  #answerPcp(bytes: Buffer): Uint8Array | null {
    // RFC 6886 §3.5: version 0, unsupported version.
    if (this.#kind === 'nat-pmp') return Uint8Array.of(0, 0x81, 0, 1, 0, 0, 0, 9)
    const internalPort = bytes.readUInt16BE(40)
    this.#note(2, internalPort, bytes.readUInt16BE(42), bytes.readUInt32BE(4), bytes.toString('hex', 24, 36))
    if (this.#kind === 'silent') return null
    const answer = Buffer.from(bytes)
    answer[1] = 0x81
    // NOT_AUTHORIZED of RFC 6887 §7.4.
    answer[3] = this.#kind === 'refusing' ? 2 : 0
    answer.fill(0, 8, 24)
    answer.writeUInt32BE(Math.min(this.lifetime, bytes.readUInt32BE(4)), 4)
    answer.writeUInt16BE(internalPort + 1, 42)
    Buffer.from('00000000000000000000ffffc6336409', 'hex').copy(answer, 44)
    return answer
  }

  #answerNatPmp(bytes: Buffer): Uint8Array | null {
    if (bytes[1] === 0) return Uint8Array.of(0, 0x80, 0, 0, 0, 0, 0, 9, 198, 51, 100, 9)
    const internalPort = bytes.readUInt16BE(4)
    const lifetime = bytes.readUInt32BE(8)
    this.#note(0, internalPort, bytes.readUInt16BE(6), lifetime, '')
    const answer = Buffer.alloc(16)
    answer[1] = 0x81
    answer.writeUInt16BE(internalPort, 8)
    answer.writeUInt16BE(lifetime === 0 ? 0 : internalPort + 1, 10)
    answer.writeUInt32BE(Math.min(this.lifetime, lifetime), 12)
    return answer
  }

  #act(body: string): [number, string] {
    const field = (name: string): number => Number(new RegExp(`<${name}>(\\d+)<`).exec(body)?.[1] ?? 0)
    const action = /<u:(\w+)/.exec(body)?.[1] ?? ''
    const [port, lease] = [field('NewExternalPort'), field('NewLeaseDuration')]
    this.actions.push(action === 'AddPortMapping' ? `${action} ${port} ${lease}` : `${action} ${port}`)
    if (action === 'GetExternalIPAddress')
      return [200, '<r><NewExternalIPAddress>198.51.100.9</NewExternalIPAddress></r>']
    const error = this.taken.has(port) ? 718 : this.isPermanent && lease > 0 ? 725 : 0
    if (action === 'AddPortMapping' && error > 0) return [500, `<e><errorCode>${error}</errorCode></e>`]
    return [200, `<u:${action}Response/>`]
  }

  #note(version: number, internalPort: number, externalPort: number, lifetime: number, nonce: string): void {
    this.requests.push({ version, internalPort, externalPort, lifetime, nonce })
  }
}

const DESCRIPTION = `<?xml version="1.0"?><root><device><serviceList>
<service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/l3f</controlURL></service>
<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/control</controlURL></service>
</serviceList></device></root>`
