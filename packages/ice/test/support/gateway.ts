import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** What a router was asked for a port. */
export interface MappingRequest {
  readonly version: number
  readonly internalPort: number
  readonly externalPort: number
  readonly lifetime: number
  readonly nonce: string
}

export type GatewayKind = 'pcp' | 'nat-pmp' | 'refusing' | 'silent' | 'garbage'

/** A router on loopback that grants outer ports of 198.51.100.9, one above the inner ones. */
export class Gateway {
  readonly requests: MappingRequest[] = []
  /** Seconds that it grants. */
  lifetime = 3_600
  readonly #kind: GatewayKind
  readonly #socket: Socket = createSocket('udp4')

  private constructor(kind: GatewayKind) {
    this.#kind = kind
    this.#socket.on('message', (bytes, from) => {
      const answer = this.#answer(bytes)
      if (answer !== null) this.#socket.send(answer, from.port, from.address)
    })
  }

  static async start(kind: GatewayKind): Promise<Gateway> {
    const gateway = new Gateway(kind)
    gateway.#socket.bind(0, '127.0.0.1')
    await once(gateway.#socket, 'listening')
    return gateway
  }

  get port(): number {
    return this.#socket.address().port
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #answer(bytes: Buffer): Uint8Array | null {
    if (this.#kind === 'garbage') return Uint8Array.from({ length: 40 }, (_, i) => (i * 37) & 0xff)
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

  #note(version: number, internalPort: number, externalPort: number, lifetime: number, nonce: string): void {
    this.requests.push({ version, internalPort, externalPort, lifetime, nonce })
  }
}
