import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'

import { sendQueueOf, type SendQueue } from '@purertc/bytes/node'
import { isIpAddress, type TransportAddress } from '@purertc/stun'

export interface UdpSocketOptions {
  /** An interface's address. */
  readonly address: string
  /** 0: any. */
  readonly port: number
  /** Bytes of kernel buffer in each direction; the system may allow less. */
  readonly bufferSize: number
  /** Bytes are borrowed until the call returns. */
  readonly received: (from: TransportAddress, bytes: Uint8Array) => void
}

/** One bound UDP socket, made for many datagrams: sending allocates nothing, and never waits. */
export class UdpSocket {
  readonly address: TransportAddress
  readonly #socket: Socket
  readonly #queue: SendQueue
  /** Datagrams that the kernel did not take at once keep their slot until it has taken all of them. */
  readonly #slots: Slot[] = []
  #next = 0
  #isClosed = false
  /** Datagrams that were not sent: the kernel's buffer and the slots were full, or the socket was closed. */
  dropped = 0

  private constructor(socket: Socket, address: TransportAddress, received: UdpSocketOptions['received']) {
    this.#socket = socket
    this.#queue = sendQueueOf(socket)
    this.address = address
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      received(from.family === 'IPv6' ? withoutZone(from) : from, bytes)
    })
    // Errors of single datagrams are losses; a socket that fails for good is found out by its silence.
    socket.on('error', () => this.dropped++)
  }

  /** Rejects with the system's error where the address cannot be bound. */
  static async bind({ address, port, bufferSize, received }: UdpSocketOptions): Promise<UdpSocket> {
    const isIpv6 = isIpAddress(address) === 'IPv6'
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      ipv6Only: isIpv6,
      recvBufferSize: bufferSize,
      sendBufferSize: bufferSize,
      // Without it every send takes a turn through the event loop, to look up what is an address already.
      lookup: (host, _options, callback) => callback(null, host, isIpv6 ? 6 : 4),
    })
    try {
      const listening = once(socket, 'listening')
      socket.bind({ port, address, exclusive: true })
      await listening
    } catch (error) {
      socket.close()
      throw error
    }
    const bound = { family: isIpv6 ? 'IPv6' : 'IPv4', address, port: socket.address().port } as const
    return new UdpSocket(socket, bound, received)
  }

  /** Sends or drops; the bytes may be used again when the call returns. */
  send(to: TransportAddress, bytes: Uint8Array): void {
    // A forged packet may come from port 0; Node throws where the answer shall go there.
    const waiting = this.#isClosed || to.port === 0 ? SLOTS : this.#queue.count()
    if (waiting >= SLOTS) {
      this.dropped++
      return
    }
    if (waiting === 0) this.#next = 0
    const slot = this.#takeSlot(bytes.length)
    slot.set(bytes)
    this.#socket.send(slot, to.port, to.address)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }

  #takeSlot(length: number): Uint8Array {
    const index = this.#next
    this.#next = (index + 1) % SLOTS
    const slot = this.#slots[index]
    if (slot?.view.length === length) return slot.view
    const memory =
      slot !== undefined && slot.memory.length >= length
        ? slot.memory
        : new Uint8Array(Math.max(length, SMALLEST_SLOT))
    const view = memory.subarray(0, length)
    this.#slots[index] = { memory, view }
    return view
  }
}

interface Slot {
  readonly memory: Uint8Array
  /** Its first bytes, as many as the last datagram had: the next one is often as long. */
  readonly view: Uint8Array
}

/** Node writes `fe80::1%eth0`; a candidate has no zone. */
function withoutZone(from: RemoteInfo): TransportAddress {
  const zone = from.address.indexOf('%')
  return zone < 0 ? from : { family: from.family, address: from.address.slice(0, zone), port: from.port }
}

/** Mostly one is used: a queue that is not empty takes all that follows, so those in use are the latest ones. */
const SLOTS = 32
const SMALLEST_SLOT = 1_500
