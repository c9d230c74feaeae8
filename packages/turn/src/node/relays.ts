import { asError } from '@purertc/bytes'
import { type IpFamily, type TransportAddress, transportAddress } from '@purertc/stun'

import type { RelayPlace } from './options.ts'
import { TcpRelay } from './tcp-relay.ts'
import { type SendBuffer, UdpPort } from './udp-port.ts'

export interface RelaysHost {
  opened(relay: number, relayed: TransportAddress, transport: 'udp' | 'tcp'): void
  /** The port could not be bound. */
  failed(relay: number): void
  received(relay: number, from: TransportAddress, bytes: Uint8Array): void
  /** A peer has connected to a relay; the socket is unread, and the host's from now on. */
  arrived(relay: number, peer: TransportAddress, socket: Awaited<ReturnType<TcpRelay['connect']>>): void
  /** Something failed; the server goes on. */
  report(error: Error): void
}

/** The sockets of all relayed addresses, by number. */
export class Relays {
  readonly #places: ReadonlyMap<IpFamily, RelayPlace>
  readonly #buffer: SendBuffer
  readonly #host: RelaysHost
  readonly #udp = new Map<number, UdpPort>()
  readonly #tcp = new Map<number, TcpRelay>()
  /** Relays that the system is still binding. */
  readonly #opening = new Set<number>()

  constructor(places: ReadonlyMap<IpFamily, RelayPlace>, buffer: SendBuffer, host: RelaysHost) {
    this.#places = places
    this.#buffer = buffer
    this.#host = host
  }

  get size(): number {
    return this.#udp.size + this.#tcp.size + this.#opening.size
  }

  send(relay: number, peer: TransportAddress, bytes: Uint8Array): void {
    this.#udp.get(relay)?.send(peer, bytes)
  }

  /** The TCP relay of that number. */
  tcp(relay: number): TcpRelay | undefined {
    return this.#tcp.get(relay)
  }

  /** Resolves once the host was told how it went. */
  async open(relay: number, family: IpFamily, port: number, transport: 'udp' | 'tcp'): Promise<void> {
    const place = this.#places.get(family)
    if (place === undefined) {
      this.#host.failed(relay)
      return
    }
    this.#opening.add(relay)
    const at = transportAddress(place.local, port)
    const socket = await this.#bind<UdpPort | TcpRelay>(() =>
      transport === 'udp' ? UdpPort.bind(at, this.#buffer) : TcpRelay.bind(at),
    )
    if (!this.#opening.delete(relay)) {
      // The relay was closed while the system bound the socket.
      await socket?.close()
    } else if (socket === null) {
      this.#host.failed(relay)
    } else {
      this.#start(relay, socket)
      this.#host.opened(relay, transportAddress(place.advertised, port), transport)
    }
  }

  /** Resolves when the system has released the socket. */
  async close(relay: number): Promise<void> {
    this.#opening.delete(relay)
    const socket = this.#udp.get(relay) ?? this.#tcp.get(relay)
    this.#udp.delete(relay)
    this.#tcp.delete(relay)
    await socket?.close()
  }

  #start(relay: number, socket: UdpPort | TcpRelay): void {
    const failed = (error: Error): void => this.#host.report(error)
    if (socket instanceof UdpPort) {
      this.#udp.set(relay, socket)
      socket.start((from, bytes) => this.#host.received(relay, from, bytes), failed)
    } else {
      this.#tcp.set(relay, socket)
      socket.start((connection, peer) => this.#host.arrived(relay, peer, connection), failed)
    }
  }

  /** Null where the system refuses, which is news unless the port is but another program's. */
  async #bind<T>(bind: () => Promise<T>): Promise<T | null> {
    try {
      return await bind()
    } catch (error) {
      const failure = asError(error)
      if (!isAddressInUse(failure)) this.#host.report(failure)
      return null
    }
  }
}

function isAddressInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}
