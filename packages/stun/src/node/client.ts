import { lookup } from 'node:dns/promises'

import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { StunClient } from '../client.ts'
import type { BindingResult, StunClientConfig } from '../client-config.ts'
import type { IpFamily } from '../ip-address.ts'
import { StunError } from '../stun-error.ts'
import { parseStunUri } from '../stun-uri.ts'
import { type TransportAddress, transportAddress } from '../transport-address.ts'
import { UdpSocket } from './udp-socket.ts'

export interface NodeStunClientOptions extends Omit<StunClientConfig, 'crypto' | 'server'> {
  /** The family to reach the server by, where its name has both. Default: the resolver's first address. */
  readonly family?: IpFamily
  /** The local address to send from; the system's choice by default. */
  readonly localAddress?: string
  /** The local port; a free one by default. */
  readonly localPort?: number
  readonly crypto?: CryptoProvider
}

/**
 * A STUN client on a UDP socket of its own.
 *
 * @example
 * const client = await NodeStunClient.open('stun:stun.example.org')
 * const { mapped } = await client.bind()
 * await client.close()
 */
export class NodeStunClient {
  /** The local address, with the port that was bound. */
  readonly local: TransportAddress
  readonly server: TransportAddress
  readonly #socket: UdpSocket
  readonly #client: StunClient
  readonly #alarm: Alarm
  readonly #waiting = new Map<number, Waiting>()
  #isClosed = false

  private constructor(socket: UdpSocket, config: StunClientConfig) {
    this.local = socket.local
    this.server = config.server
    this.#socket = socket
    this.#client = new StunClient(config, {
      transmit: (to, bytes) => socket.send(to, bytes),
      succeeded: (_now, request, result) => this.#take(request)?.resolve(result),
      failed: (_now, request, error) => this.#take(request)?.reject(error),
    })
    this.#alarm = new Alarm((now) => {
      this.#client.handleTimeout(now)
      this.#alarm.set(this.#client.nextTimeout)
    })
    socket.start({
      received: (_from, bytes) => {
        this.#client.handleDatagram(monotonicNow(), bytes)
        this.#alarm.set(this.#client.nextTimeout)
      },
      failed: (cause) => this.#abandon(new StunError('transport', cause.message, { cause })),
    })
  }

  /**
   * Resolves the server's name and binds a socket. `server` is a `stun:` URI, or a host with an optional port. Rejects
   * with `StunError` `invalid-address` for what is neither, and with the system's error where the name is unknown or
   * the local address cannot be bound.
   */
  static async open(server: string, options: NodeStunClientOptions = {}): Promise<NodeStunClient> {
    const { family, localAddress, localPort = 0, crypto = nodeCrypto, ...config } = options
    const address = await resolveServer(server, family)
    const anywhere = address.family === 'IPv4' ? '0.0.0.0' : '::'
    const socket = await UdpSocket.bind(transportAddress(localAddress ?? anywhere, localPort))
    return new NodeStunClient(socket, { ...config, crypto, server: address })
  }

  /** Asks the server where it sees us. Rejects with `StunError`; its `code` is the server's or says what happened. */
  bind(): Promise<BindingResult> {
    return new Promise((resolve, reject) => {
      const request = this.#client.bind(monotonicNow())
      this.#waiting.set(request, { resolve, reject })
      this.#alarm.set(this.#client.nextTimeout)
    })
  }

  /** Gives all requests up: their promises reject with `cancelled`. */
  cancel(): void {
    this.#abandon(new StunError('cancelled', 'the request was cancelled'))
  }

  /** Cancels what is pending and releases the socket. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.cancel()
    this.#client.close()
    await this.#socket.close()
  }

  #abandon(error: StunError): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#client.cancel(monotonicNow())
    this.#alarm.clear()
    for (const { reject } of waiting) reject(error)
  }

  #take(request: number): Waiting | undefined {
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    return waiting
  }
}

/**
 * Asks a STUN server once for the address that it sees us under.
 *
 * @example
 * const { address, port } = await discoverMappedAddress('stun:stun.example.org:3478')
 */
export async function discoverMappedAddress(
  server: string,
  options: NodeStunClientOptions = {},
): Promise<TransportAddress> {
  const client = await NodeStunClient.open(server, options)
  try {
    return (await client.bind()).mapped
  } finally {
    await client.close()
  }
}

interface Waiting {
  readonly resolve: (result: BindingResult) => void
  readonly reject: (error: StunError) => void
}

async function resolveServer(text: string, family: IpFamily | undefined): Promise<TransportAddress> {
  const uri = parseStunUri(text) ?? parseStunUri(`stun:${text}`)
  if (uri === null || uri.secure)
    throw new StunError('invalid-address', `${JSON.stringify(text)} is no STUN server that UDP reaches`)
  const { address } = await lookup(uri.host, { family: family === undefined ? 0 : family === 'IPv4' ? 4 : 6 })
  return transportAddress(address, uri.port)
}
