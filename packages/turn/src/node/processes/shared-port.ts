import { createSocket, type Socket } from 'node:dgram'

import { sendQueueOf, type SendQueue } from '@purertc/bytes/node'
import type { TransportAddress } from '@purertc/stun'

import { FiveTupleMap } from '../../server/five-tuple-map.ts'
import { BUFFER_SIZE, literalAddress, type SendBuffer, sharedBy, UdpPort } from '../udp-port.ts'
import { ownerOf, type ProcessShare } from './process-share.ts'

/**
 * A UDP port that several processes serve, each client by one of them. Where Node can, each process has a socket of its own
 * and the system keeps to a client's 4-tuple. Else they have one socket, whose datagrams anybody may read, who then hands
 * them over to the process that serves the client; and clients that stay are pinned: they get a socket on that port that is
 * connected to them, which Linux prefers, with nothing between the system and their process.
 */
export class SharedPort {
  /** The address with the port that was bound. */
  readonly local: TransportAddress
  readonly #name: string
  readonly #port: UdpPort
  readonly #buffer: SendBuffer
  readonly #share: ProcessShare
  /** Clients that stay, with their sockets where they need some. */
  readonly #pins = new FiveTupleMap<Pin>()
  #received: (from: TransportAddress, bytes: Uint8Array) => void = () => undefined
  /** Whether clients get sockets of their own. */
  #isPinning: boolean

  private constructor(port: UdpPort, name: string, buffer: SendBuffer, share: ProcessShare) {
    this.local = port.local
    this.#name = name
    this.#port = port
    this.#buffer = buffer
    this.#share = share
    this.#isPinning = share.sharing === 'cluster'
  }

  /** `transport` tells ports apart whose numbers are not known yet. Rejects with the system's error. */
  static async bind(
    at: TransportAddress,
    transport: 'udp' | 'dtls',
    buffer: SendBuffer,
    share: ProcessShare,
  ): Promise<SharedPort> {
    const port = await UdpPort.bind(at, buffer, share.sharing)
    return new SharedPort(port, `${transport} ${port.local.address} ${port.local.port}`, buffer, share)
  }

  start(received: (from: TransportAddress, bytes: Uint8Array) => void, failed: (error: Error) => void): void {
    const { sharing, index, count, siblings } = this.#share
    this.#received = received
    siblings.share(this.#name, received)
    this.#port.start((from, bytes) => {
      const owner = sharing === 'cluster' ? ownerOf(from, count) : index
      if (owner === index) received(from, bytes)
      else siblings.handOver(owner, this.#name, from, bytes)
    }, failed)
    // The system deals out anew among the sockets that are left: clients of ours that it dealt to us would go elsewhere.
    siblings.onGone(() => this.#pinAll())
  }

  send(client: Pick<TransportAddress, 'address' | 'port'>, bytes: Uint8Array): void {
    const link = this.#pins.get(0, client)?.link
    if (link?.isConnected === true) {
      this.#buffer.bytes.set(bytes)
      link.socket.send(this.#buffer.bytes, 0, bytes.length)
      if (link.queue.count() > 0) this.#buffer.abandon()
    } else {
      this.#port.send(client, bytes)
    }
  }

  /** The client is served by this process from now on. */
  pin(client: TransportAddress): void {
    if (this.#pins.get(0, client) !== undefined) return
    const pin: Pin = { client: { ...client }, link: null }
    this.#pins.set(0, client, pin)
    if (this.#isPinning) pin.link = this.#connect(client)
  }

  /** It is served no more. */
  unpin(client: TransportAddress): void {
    const pin = this.#pins.get(0, client)
    this.#pins.delete(0, client)
    if (pin !== undefined) closeSoon(pin)
  }

  async close(): Promise<void> {
    for (const pin of [...this.#pins.values()]) this.unpin(pin.client)
    await this.#port.close()
  }

  #pinAll(): void {
    this.#isPinning = true
    for (const pin of this.#pins.values()) pin.link ??= this.#connect(pin.client)
  }

  #connect({ family, address, port }: TransportAddress): Link {
    const isIpv6 = family === 'IPv6'
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      ipv6Only: isIpv6,
      ...sharedBy(this.#share.sharing),
      lookup: literalAddress,
      recvBufferSize: BUFFER_SIZE,
    })
    const link: Link = { socket, queue: sendQueueOf(socket), isConnected: false }
    // Until it is connected, in this turn of the event loop, the socket may take datagrams of others: they are heard too.
    socket.on('message', (bytes, from) => this.#received(from, bytes))
    socket.on('error', () => undefined)
    socket.bind({ port: this.local.port, address: this.local.address, exclusive: true })
    socket.connect(port, address, () => {
      link.isConnected = true
    })
    return link
  }
}

interface Pin {
  readonly client: TransportAddress
  link: Link | null
}

/** A socket that is connected to a client. */
interface Link {
  readonly socket: Socket
  readonly queue: SendQueue
  isConnected: boolean
}

/** The answer to what ended the allocation is still to be sent, in this turn of the event loop. */
function closeSoon({ link }: Pin): void {
  if (link !== null) setImmediate(() => link.socket.close())
}
