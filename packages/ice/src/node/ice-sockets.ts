import { randomInt } from 'node:crypto'

import type { TransportAddress } from '@purertc/stun'

import type { LocalSocket } from '../base.ts'
import type { TurnServerAddress } from '../server-address.ts'
import { type AddressFilter, interfaceAddresses } from './interface-addresses.ts'
import { ServerConnections } from './server-connections.ts'
import { UdpSocket } from './udp-socket.ts'

export interface IceSocketsOptions extends AddressFilter {
  /** Ports to bind, both ends included. Default: what the system gives. */
  readonly portRange?: { readonly min: number; readonly max: number }
  /** Bytes of kernel buffer of each socket and direction. Default 4 MiB; the system may allow less. */
  readonly bufferSize?: number
  /** PEM certificates of whom to trust about TURN servers over TLS, in place of the system's authorities. */
  readonly authorities?: readonly string[]
}

/** What the sockets of an agent hand in; named as the agent's methods. Bytes are borrowed until the call returns. */
export interface IceSocketsHost {
  handleDatagram(socket: number, from: TransportAddress, bytes: Uint8Array): void
  handleServerMessage(socket: number, server: TurnServerAddress, bytes: Uint8Array): void
  serverLost(socket: number, server: TurnServerAddress, reason: string): void
}

/**
 * The sockets of one agent: a UDP one for each address of this machine that may be of use, and the connections from
 * there to TURN servers. An address that cannot be bound is left out.
 *
 * @example
 * const sockets = new IceSockets({}, {
 *   handleDatagram: (id, from, bytes) => agent.handleDatagram(monotonicNow(), id, from, bytes),
 *   handleServerMessage: (id, server, bytes) => agent.handleServerMessage(monotonicNow(), id, server, bytes),
 *   serverLost: (id, server, reason) => agent.serverLost(monotonicNow(), id, server, reason),
 * })
 * agent.gather(monotonicNow(), await sockets.open())
 */
export class IceSockets {
  readonly #options: IceSocketsOptions
  readonly #host: IceSocketsHost
  readonly #servers: ServerConnections
  /** In the order of their ids; those of addresses that could not be bound, or were lost since, have gaps. */
  readonly #sockets = new Map<number, UdpSocket>()
  #nextId = 0
  #opening: Promise<readonly LocalSocket[]> = Promise.resolve([])
  #isClosed = false

  constructor(options: IceSocketsOptions, host: IceSocketsHost) {
    this.#options = options
    this.#host = host
    this.#servers = new ServerConnections(options.authorities, {
      received: (socket, server, bytes) => host.handleServerMessage(socket, server, bytes),
      lost: (socket, server, reason) => host.serverLost(socket, server, reason),
    })
  }

  /** Datagrams that could not be sent. */
  get dropped(): number {
    let dropped = 0
    for (const socket of this.#sockets.values()) dropped += socket.dropped
    return dropped
  }

  /**
   * Binds a socket to every address that has none yet, and resolves with those of all present addresses. Called again,
   * before a restart for instance, it follows the machine to other networks.
   */
  open(): Promise<readonly LocalSocket[]> {
    this.#opening = this.#opening.then(() => this.#open())
    return this.#opening
  }

  send(socket: number, to: TransportAddress, bytes: Uint8Array): void {
    this.#sockets.get(socket)?.send(to, bytes)
  }

  /** As `IceHost.transmitToServer`. */
  sendToServer(socket: number, server: TurnServerAddress, bytes: Uint8Array): void {
    const local = this.#sockets.get(socket)?.address.address
    if (local !== undefined) this.#servers.send(socket, local, server, bytes)
  }

  disconnectServer(socket: number, server: TurnServerAddress): void {
    this.#servers.disconnect(socket, server)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#opening
    const sockets = [...this.#sockets.values()]
    this.#sockets.clear()
    await Promise.all([this.#servers.close(), ...sockets.map((socket) => socket.close())])
  }

  async #open(): Promise<readonly LocalSocket[]> {
    if (this.#isClosed) return []
    const addresses = interfaceAddresses(this.#options)
    const known = new Map([...this.#sockets].map(([id, { address }]) => [address.address, id]))
    const ids = addresses.map((address) => known.get(address) ?? this.#nextId++)
    await Promise.all(
      addresses.map(async (address, i) => {
        if (known.has(address)) return
        const socket = await this.#bind(ids[i]!, address)
        if (socket !== null) this.#sockets.set(ids[i]!, socket)
      }),
    )
    return ids.flatMap((id) => {
      const socket = this.#sockets.get(id)
      return socket === undefined ? [] : [{ id, address: socket.address }]
    })
  }

  /** Null where the address has no free port, or is one that cannot be bound, as a tentative IPv6 one. */
  async #bind(id: number, address: string): Promise<UdpSocket | null> {
    const { bufferSize = DEFAULT_BUFFER, portRange } = this.#options
    const received = (from: TransportAddress, bytes: Uint8Array): void =>
      this.#host.handleDatagram(id, from, bytes)
    for (const port of portRange === undefined ? [0] : portsOf(portRange)) {
      try {
        return await UdpSocket.bind({ address, port, bufferSize, received })
      } catch (error) {
        const code = codeOf(error)
        if (code === undefined) throw error
        if (code !== 'EADDRINUSE' && code !== 'EACCES') return null
      }
    }
    return null
  }
}

/** The code of a system's error. */
function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

/** All ports, from a random one on: agents that start together shall not try the same ones in turn. */
function* portsOf({ min, max }: { readonly min: number; readonly max: number }): Generator<number> {
  const count = max - min + 1
  const first = randomInt(count)
  for (let i = 0; i < count; i++) yield min + ((first + i) % count)
}

/** A burst of packets of 16 KiB each must fit while the event loop is busy elsewhere. */
const DEFAULT_BUFFER = 4 * 1_048_576
