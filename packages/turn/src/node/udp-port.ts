import { createSocket, type Socket } from 'node:dgram'

import { sendQueueOf, type SendQueue } from '@purertc/bytes/node'
import { type TransportAddress, transportAddress } from '@purertc/stun'

/**
 * Where the ports of one driver copy what they send, for the lender takes its bytes back when `send` returns. Sending is
 * synchronous, so one is enough for all of them.
 */
export class SendBuffer {
  bytes: Uint8Array = new Uint8Array(MAX_DATAGRAM)

  /** Leaves the bytes to a socket that has not sent them yet. */
  abandon(): void {
    this.bytes = new Uint8Array(MAX_DATAGRAM)
  }
}

/**
 * Whether other processes have the same port: `cluster` is one socket of all of them, whose datagrams each goes to whoever
 * is awake; with `reuse-port` each has a socket of its own, and the system deals datagrams out by their 4-tuples.
 */
export type PortSharing = 'none' | 'cluster' | 'reuse-port'

/**
 * A bound UDP socket for traffic: it sends borrowed bytes without allocating, and drops what the system will not take
 * rather than queue it without end. IPv6 sockets carry IPv6 alone, so that no address comes in two forms.
 */
export class UdpPort {
  /** The address with the port that was bound. */
  readonly local: TransportAddress
  readonly #socket: Socket
  readonly #queue: SendQueue
  readonly #buffer: SendBuffer
  #isBackedUp = false
  #isClosed = false

  private constructor(socket: Socket, buffer: SendBuffer) {
    const { address, port } = socket.address()
    this.local = transportAddress(address, port)
    this.#socket = socket
    this.#queue = sendQueueOf(socket)
    this.#buffer = buffer
  }

  /** Binds; port 0 takes a free one. Rejects with the system's error, `EADDRINUSE` for instance. */
  static async bind(
    at: TransportAddress,
    buffer: SendBuffer,
    sharing: PortSharing = 'none',
  ): Promise<UdpPort> {
    const isIpv6 = at.family === 'IPv6'
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      ipv6Only: isIpv6,
      ...sharedBy(sharing),
      lookup: literalAddress,
      recvBufferSize: BUFFER_SIZE,
      sendBufferSize: BUFFER_SIZE,
    })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ port: at.port, address: at.address, exclusive: sharing !== 'cluster' }, () => {
          socket.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      socket.close()
      throw error
    }
    return new UdpPort(socket, buffer)
  }

  /** From now on datagrams go to `received`, as Node hands them out; before, they are dropped. */
  start(received: (from: TransportAddress, bytes: Uint8Array) => void, failed: (error: Error) => void): void {
    this.#socket.on('message', (bytes, from) => {
      if (!this.#isClosed) received(from, bytes)
    })
    this.#socket.on('error', failed)
  }

  /** Sends; whether it arrives is UDP's business. Does nothing once closed. */
  send(to: Pick<TransportAddress, 'address' | 'port'>, bytes: Uint8Array): void {
    // Whoever forges a packet may have it come from port 0; Node throws where the answer shall go there.
    if (this.#isClosed || to.port === 0) return
    if (this.#isBackedUp && this.#queue.size() > MAX_QUEUE) return
    this.#buffer.bytes.set(bytes)
    this.#socket.send(this.#buffer.bytes, 0, bytes.length, to.port, to.address)
    // Node sends at once, or keeps the bytes until the system can take them: then they must stay as they are.
    this.#isBackedUp = this.#queue.count() > 0
    if (this.#isBackedUp) this.#buffer.abandon()
  }

  /** Resolves when the system has released the socket. Call it once. */
  async close(): Promise<void> {
    this.#isClosed = true
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}

/** The options of `createSocket`; of `reusePort` Node knows from 22.12 and 23.1 on. */
export function sharedBy(sharing: PortSharing): {
  readonly reuseAddr?: boolean
  readonly reusePort?: boolean
} {
  if (sharing === 'none') return {}
  return sharing === 'cluster' ? { reuseAddr: true } : { reusePort: true }
}

/** Addresses are literal here, and the system's resolver would defer every datagram to a later tick. */
export function literalAddress(
  address: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  done(null, address, address.includes(':') ? 6 : 4)
}

const MAX_DATAGRAM = 0xffff + 4

/** Bytes that may wait in Node while the system's own buffer is full. */
const MAX_QUEUE = 1 << 20

/** A relay's traffic comes in bursts, which the system's 208 KiB do not hold. The system may grant less. */
export const BUFFER_SIZE: number = 4 << 20
