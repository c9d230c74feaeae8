import { randomInt } from 'node:crypto'

import type { TransportAddress } from '@purertc/stun'

import type { LocalSocket } from '../base.ts'
import { type AddressFilter, interfaceAddresses } from './interface-addresses.ts'
import { UdpSocket } from './udp-socket.ts'

export interface IceSocketsOptions extends AddressFilter {
  /** Ports to bind, both ends included. Default: what the system gives. */
  readonly portRange?: { readonly min: number; readonly max: number }
  /** Bytes of kernel buffer of each socket and direction. Default 1 MiB; the system may allow less. */
  readonly bufferSize?: number
}

/**
 * The sockets of one agent: one for each address of this machine that may be of use. An address that cannot be bound is
 * left out.
 *
 * @example
 * const sockets = new IceSockets({}, (id, from, bytes) => agent.handleDatagram(monotonicNow(), id, from, bytes))
 * agent.gather(monotonicNow(), await sockets.open())
 */
export class IceSockets {
  readonly #options: IceSocketsOptions
  readonly #received: (socket: number, from: TransportAddress, bytes: Uint8Array) => void
  readonly #sockets = new Map<number, UdpSocket>()
  #opening: Promise<void> | null = null
  #isClosed = false

  /** `received` borrows the bytes until it returns. */
  constructor(
    options: IceSocketsOptions,
    received: (socket: number, from: TransportAddress, bytes: Uint8Array) => void,
  ) {
    this.#options = options
    this.#received = received
  }

  /** Datagrams that could not be sent. */
  get dropped(): number {
    let dropped = 0
    for (const socket of this.#sockets.values()) dropped += socket.dropped
    return dropped
  }

  /** Binds the sockets, once: called again, it tells what was bound. */
  async open(): Promise<readonly LocalSocket[]> {
    this.#opening ??= this.#open()
    await this.#opening
    return [...this.#sockets].map(([id, { address }]) => ({ id, address }))
  }

  send(socket: number, to: TransportAddress, bytes: Uint8Array): void {
    this.#sockets.get(socket)?.send(to, bytes)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#opening
    await this.#closeAll()
  }

  async #open(): Promise<void> {
    const addresses = interfaceAddresses(this.#options)
    const bound = await Promise.all(addresses.map((address, id) => this.#bind(id, address)))
    for (const socket of bound) if (socket !== null) this.#sockets.set(socket.id, socket.socket)
    if (this.#isClosed) await this.#closeAll()
  }

  /** Null where the address has no free port, or is one that cannot be bound, as a tentative IPv6 one. */
  async #bind(id: number, address: string): Promise<{ id: number; socket: UdpSocket } | null> {
    const { bufferSize = DEFAULT_BUFFER, portRange } = this.#options
    const received = (from: TransportAddress, bytes: Uint8Array): void => this.#received(id, from, bytes)
    for (const port of portRange === undefined ? [0] : portsOf(portRange)) {
      try {
        return { id, socket: await UdpSocket.bind({ address, port, bufferSize, received }) }
      } catch (error) {
        const code = codeOf(error)
        if (code === undefined) throw error
        if (code !== 'EADDRINUSE' && code !== 'EACCES') return null
      }
    }
    return null
  }

  async #closeAll(): Promise<void> {
    const sockets = [...this.#sockets.values()]
    this.#sockets.clear()
    await Promise.all(sockets.map((socket) => socket.close()))
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

const DEFAULT_BUFFER = 1_048_576
