import { EventEmitter } from 'node:events'

import type { Counters } from '@purertc/bytes'
import { monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { StunServer, type StunServerConfig, type StunServerDiscard } from '../server.ts'
import { StunError } from '../stun-error.ts'
import { formatAddress, type TransportAddress, transportAddress } from '../transport-address.ts'
import { UdpSocket } from './udp-socket.ts'

export interface NodeStunServerOptions extends Omit<StunServerConfig, 'crypto'> {
  /** Where to listen first. Default: port 3478 on all IPv4 addresses. Port 0 takes a free one. */
  readonly listen?: readonly ListenAddress[]
  /** May keep an answer back by returning false: a success (`code` null), or an error. */
  readonly answering?: (client: TransportAddress, code: number | null) => boolean
  readonly crypto?: CryptoProvider
}

export interface ListenAddress {
  /** An IP address; `0.0.0.0` and `::` stand for all of their family. */
  readonly address: string
  /** Default 3478. */
  readonly port?: number
}

/** `error`: an answer could not be sent from `local`; the server goes on. */
export interface NodeStunServerEvents {
  error: [error: Error, local: TransportAddress]
}

/**
 * A STUN server on UDP sockets. Errors are events; with nobody listening for `error` they are dropped, for a client
 * that cannot be reached is no reason to stop.
 *
 * @example
 * const server = await createStunServer({ listen: [{ address: '0.0.0.0' }, { address: '::' }] })
 * await server.close()
 */
export class NodeStunServer extends EventEmitter<NodeStunServerEvents> {
  readonly #server: StunServer
  readonly #sockets = new Map<string, UdpSocket>()
  #isClosed = false

  constructor(options: Omit<NodeStunServerOptions, 'listen'> = {}) {
    super()
    const { crypto = nodeCrypto, answering, ...config } = options
    this.#server = new StunServer(
      { ...config, crypto },
      {
        transmit: (to, bytes, local) => this.#sockets.get(formatAddress(local))?.send(to, bytes),
        ...(answering === undefined ? {} : { answering }),
      },
    )
  }

  /** The addresses that are bound, with their actual ports. */
  get addresses(): readonly TransportAddress[] {
    return [...this.#sockets.values()].map((socket) => socket.local)
  }

  /** Answers by kind: `success`, or the error code. */
  get answered(): Counters<'success' | `${number}`> {
    return this.#server.answered
  }

  /** Datagrams that got no answer, by reason. */
  get discarded(): Counters<StunServerDiscard> {
    return this.#server.discarded
  }

  /**
   * Listens on one more address and resolves to it with its actual port. Rejects with the system's error, or
   * `StunError` `closed`, or `invalid-address`.
   */
  async bind({ address, port = 3478 }: ListenAddress): Promise<TransportAddress> {
    if (this.#isClosed) throw new StunError('closed', 'the server is closed')
    const socket = await UdpSocket.bind(transportAddress(address, port))
    if (this.#isClosed) {
      // While the system bound it.
      await socket.close()
      throw new StunError('closed', 'the server is closed')
    }
    socket.start({
      received: (from, bytes) => this.#server.handleDatagram(monotonicNow(), from, socket.local, bytes),
      failed: (error) => this.#fail(error, socket.local),
    })
    this.#sockets.set(formatAddress(socket.local), socket)
    return socket.local
  }

  /** Stops listening on an address of {@link NodeStunServer.addresses}; does nothing for another one. */
  async unbind(address: TransportAddress): Promise<void> {
    const key = formatAddress(address)
    const socket = this.#sockets.get(key)
    this.#sockets.delete(key)
    await socket?.close()
  }

  /** Releases all sockets; afterwards nothing keeps the process alive. */
  async close(): Promise<void> {
    this.#isClosed = true
    const sockets = [...this.#sockets.values()]
    this.#sockets.clear()
    await Promise.all(sockets.map((socket) => socket.close()))
  }

  #fail(error: Error, local: TransportAddress): void {
    if (this.listenerCount('error') > 0) this.emit('error', error, local)
  }
}

/** Starts a server; rejects, with nothing left open, where one of the addresses cannot be bound. */
export async function createStunServer(options: NodeStunServerOptions = {}): Promise<NodeStunServer> {
  const { listen = [{ address: '0.0.0.0' }], ...config } = options
  const server = new NodeStunServer(config)
  try {
    for (const address of listen) await server.bind(address)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
