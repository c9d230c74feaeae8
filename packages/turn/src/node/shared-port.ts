import { createSocket, type Socket } from 'node:dgram'

import { sendQueueOf, type SendQueue } from '@purertc/bytes/node'
import type { TransportAddress } from '@purertc/stun'

import { FiveTupleMap } from '../server/five-tuple-map.ts'
import type { ListeningAddress, TurnListener, TurnListenerHost } from './listener.ts'
import { BUFFER_SIZE, literalAddress, type SendBuffer, UdpPort } from './udp-port.ts'

/** What one of several processes must know to serve the same ports as the others (Linux). */
export interface ProcessShare {
  /** From 0 to `count - 1`. */
  readonly index: number
  readonly count: number
  /** 32 bytes that all of them have: who is challenged by one may come back to another. */
  readonly nonceSecret: Uint8Array
  /** Hands a request over to the process that serves its client; it calls `NodeTurnServer.deliver` there. */
  readonly forward: (to: number, request: ForwardedRequest) => void
  /** Asks for a place of that account's, over all processes; `answer` takes null, or the code of the refusal. */
  readonly claim: (place: number, account: string, answer: (refusal: 486 | 508 | null) => void) => void
  /** What was claimed is over, granted or not. */
  readonly release: (place: number) => void
}

export interface ForwardedRequest {
  readonly local: ListeningAddress
  readonly client: TransportAddress
  /** Borrowed until the call returns. */
  readonly bytes: Uint8Array
}

/** Which process serves a client: the same for all of its datagrams (FNV-1a). */
export function ownerOf({ address, port }: TransportAddress, count: number): number {
  let hash = 0x811c9dc5
  for (const character of `${address} ${port}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  return (hash >>> 0) % count
}

/**
 * A UDP port that several processes of a cluster listen on: whoever is awake takes the next datagram. A client with an
 * allocation gets a socket of its own on that port, connected to it, and from then on the system hands its datagrams to
 * the process that has it: allocations are pinned by 5-tuple, with nothing between the system and the process.
 */
export class SharedPort implements TurnListener {
  readonly local: ListeningAddress
  readonly #at: TransportAddress
  readonly #port: UdpPort
  readonly #buffer: SendBuffer
  readonly #pins = new FiveTupleMap<Pin>()
  #host: TurnListenerHost | null = null

  private constructor(port: UdpPort, buffer: SendBuffer) {
    this.#at = port.local
    this.local = { ...port.local, transport: 'udp' }
    this.#port = port
    this.#buffer = buffer
  }

  /** Rejects with the system's error. */
  static async bind(at: TransportAddress, buffer: SendBuffer): Promise<SharedPort> {
    return new SharedPort(await UdpPort.bind(at, buffer, { isShared: true }), buffer)
  }

  start(host: TurnListenerHost): void {
    this.#host = host
    this.#port.start(
      (from, bytes) => host.received(from, bytes),
      (error) => host.failed(error),
    )
  }

  send(client: TransportAddress, bytes: Uint8Array): void {
    const pin = this.#pins.get(0, client)
    if (pin?.isConnected === true) {
      this.#buffer.bytes.set(bytes)
      pin.socket.send(this.#buffer.bytes, 0, bytes.length)
      if (pin.queue.count() > 0) this.#buffer.abandon()
    } else {
      this.#port.send(client, bytes)
    }
  }

  pin(client: TransportAddress): void {
    const { address, port } = client
    if (this.#pins.get(0, client) !== undefined) return
    const isIpv6 = client.family === 'IPv6'
    const type = isIpv6 ? 'udp6' : 'udp4'
    const socket = createSocket({
      type,
      ipv6Only: isIpv6,
      reuseAddr: true,
      lookup: literalAddress,
      recvBufferSize: BUFFER_SIZE,
    })
    const pin: Pin = { socket, queue: sendQueueOf(socket), isConnected: false }
    this.#pins.set(0, client, pin)
    // Until it is connected, in this turn of the event loop, the socket may take datagrams of others: they are heard too.
    socket.on('message', (bytes, from) => this.#host?.received(from, bytes))
    socket.on('error', () => undefined)
    socket.bind({ port: this.#at.port, address: this.#at.address, exclusive: true })
    socket.connect(port, address, () => {
      pin.isConnected = true
    })
  }

  unpin(client: TransportAddress): void {
    const pin = this.#pins.get(0, client)
    this.#pins.delete(0, client)
    if (pin !== undefined) closeSoon(pin.socket)
  }

  async close(): Promise<void> {
    this.#host = null
    for (const { socket } of [...this.#pins.values()]) closeSoon(socket)
    await this.#port.close()
  }
}

interface Pin {
  readonly socket: Socket
  readonly queue: SendQueue
  isConnected: boolean
}

/** The answer to what ended the allocation is still to be sent, in this turn of the event loop. */
function closeSoon(socket: Socket): void {
  setImmediate(() => socket.close())
}
