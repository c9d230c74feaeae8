import { createSocket, type Socket } from 'node:dgram'

import { StunError } from '../stun-error.ts'
import type { AnswerPath, StunListener, StunTransport } from '../stun-transport.ts'
import { formatAddress, type TransportAddress, transportAddress } from '../transport-address.ts'

/** What a client's and a server's host have in common. */
export interface UdpSocketHost {
  /** `bytes` are borrowed until the call returns. */
  received(from: TransportAddress, bytes: Uint8Array, path: AnswerPath): void
  /** A datagram to `to` could not be sent; or, with `null`, the socket itself has failed. It stays open. */
  failed(error: Error, to: TransportAddress | null): void
}

/**
 * A bound UDP socket that speaks `TransportAddress`: a client's transport and a server's listener. IPv6 sockets carry
 * IPv6 alone, so that no address comes in two forms.
 */
export class UdpSocket implements StunTransport, StunListener {
  readonly transport = 'udp'
  readonly isReliable = false
  /** The address with the port that was bound. */
  readonly local: TransportAddress
  /** The way back for whatever comes in. */
  readonly path: AnswerPath
  readonly #socket: Socket
  #host: UdpSocketHost | null = null

  private constructor(socket: Socket) {
    const { address, port } = socket.address()
    this.local = transportAddress(address, port)
    this.path = { ...this.local, transport: 'udp', send: (to, bytes) => this.send(to, bytes) }
    this.#socket = socket
    socket.on('error', (error) => this.#host?.failed(error, null))
    socket.on('message', (bytes, { family, address, port }) =>
      this.#host?.received({ family, address, port }, bytes, this.path),
    )
  }

  /** Binds; port 0 takes a free one. Rejects with the system's error, `EADDRINUSE` for instance. */
  static async bind(at: TransportAddress): Promise<UdpSocket> {
    const isIpv6 = at.family === 'IPv6'
    const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6, lookup: literalAddress })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ port: at.port, address: at.address, exclusive: true }, () => {
          socket.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      socket.close()
      throw error
    }
    return new UdpSocket(socket)
  }

  /** From now on datagrams and errors go to `host`; before, they are dropped. */
  start(host: UdpSocketHost): void {
    this.#host = host
  }

  /** Sends a copy of the bytes; does nothing once closed. */
  send(to: TransportAddress, bytes: Uint8Array): void {
    if (this.#host === null) return
    if (to.port === 0) {
      // Whoever forges a packet may have it come from port 0; Node throws where it shall go there.
      this.#host.failed(new StunError('transport', `${formatAddress(to)} cannot be sent to`), to)
      return
    }
    // Not slice(): that of a Node Buffer is a view.
    this.#socket.send(new Uint8Array(bytes), to.port, to.address, (error) => {
      if (error !== null) this.#host?.failed(error, to)
    })
  }

  /** Resolves when the system has released the socket. Call it once. */
  async close(): Promise<void> {
    this.#host = null
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}

/** Addresses are literal here, and the system's resolver would defer every datagram to a later tick. */
function literalAddress(
  address: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  done(null, address, address.includes(':') ? 6 : 4)
}
