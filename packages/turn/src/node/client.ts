import { lookup } from 'node:dns/promises'
import { EventEmitter } from 'node:events'

import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import { isIpAddress, type TransportAddress, transportAddress } from '@purertc/stun'

import type { TurnClientConfig } from '../client/config.ts'
import { TurnClient } from '../client/turn-client.ts'
import { TurnError } from '../turn-error.ts'
import { parseTurnUri } from '../turn-uri.ts'
import { SendBuffer, UdpPort } from './udp-port.ts'

export interface NodeTurnClientOptions extends Omit<TurnClientConfig, 'crypto' | 'server'> {
  /** A `turn:` URI; UDP is the only transport. */
  readonly server: string
  /** The local address to talk to the server from; the system's choice by default. */
  readonly localAddress?: string
  readonly crypto?: CryptoProvider
}

/**
 * - `message`: data from a peer, in bytes of its own.
 * - `peerRefused`: the server does not let us reach that peer.
 * - `error`: the allocation is lost; the client is of no more use, and its socket is released.
 */
export interface NodeTurnClientEvents {
  message: [data: Uint8Array, peer: TransportAddress]
  peerRefused: [peer: TransportAddress, error: TurnError]
  error: [error: TurnError]
}

/** A TURN client on a UDP socket of its own. Made by {@link createTurnClient}. */
export class NodeTurnClient extends EventEmitter<NodeTurnClientEvents> {
  readonly #machine: TurnClient
  readonly #socket: UdpPort
  readonly #alarm: Alarm
  #onAllocated: (error: TurnError | null) => void = () => undefined
  #onClosed: () => void = () => undefined
  #closing: Promise<void> | null = null

  /** Takes the socket over; see {@link createTurnClient}. */
  constructor(socket: UdpPort, config: TurnClientConfig) {
    super()
    this.#socket = socket
    this.#machine = new TurnClient(config, {
      transmit: (bytes) => socket.send(config.server, bytes),
      allocated: () => this.#onAllocated(null),
      received: (_now, { family, address, port }, bytes) => {
        this.emit('message', bytes.slice(), { family, address, port })
      },
      peerRefused: (peer, error) => void this.emit('peerRefused', peer, error),
      failed: (error) => this.#fail(error),
      closed: () => this.#onClosed(),
    })
    this.#alarm = new Alarm((now) => {
      this.#machine.handleTimeout(now)
      this.#rearm()
    })
    socket.start(
      (from, bytes) => {
        if (from.port !== config.server.port || from.address !== config.server.address) return
        this.#machine.handleDatagram(monotonicNow(), bytes)
        this.#rearm()
      },
      (cause) => this.#fail(new TurnError('transport', cause.message, { cause })),
    )
  }

  /** Where peers reach us, null once the allocation is lost. */
  get relayedAddress(): TransportAddress | null {
    return this.#machine.relayedAddress
  }

  /** Where the server sees us, null once the allocation is lost. */
  get mappedAddress(): TransportAddress | null {
    return this.#machine.mappedAddress
  }

  /** Resolves with the allocation; rejects with {@link TurnError} where there is none to be had. Call it once. */
  async allocate(): Promise<void> {
    const allocated = new Promise<void>((resolve, reject) => {
      this.#onAllocated = (error) => (error === null ? resolve() : reject(error))
    })
    this.#machine.allocate(monotonicNow())
    this.#rearm()
    await allocated
    this.#onAllocated = () => undefined
  }

  /** Sends data to a peer, see `TurnClient.send`. */
  send(peer: TransportAddress, data: Uint8Array): void {
    this.#machine.send(monotonicNow(), peer, data)
    this.#rearm()
  }

  /** Lets a peer's address reach us before we have sent anything to it. */
  createPermission(peer: TransportAddress): void {
    this.#machine.createPermission(monotonicNow(), peer)
    this.#rearm()
  }

  /** Gives the allocation back and releases the socket; takes six seconds where the server is silent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve
    })
    this.#machine.close(monotonicNow())
    this.#rearm()
    await closed
    this.#alarm.clear()
    await this.#socket.close()
  }

  #fail(error: TurnError): void {
    void this.close()
    this.#onAllocated(error)
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }

  #rearm(): void {
    this.#alarm.set(this.#machine.nextTimeout)
  }
}

/**
 * Allocates at a TURN server. Rejects with {@link TurnError} where it refuses or is silent, or with the system's error
 * where its name is unknown; nothing is left open then.
 *
 * @example
 * const client = await createTurnClient({ server: 'turn:turn.example.org', username: 'ann', password: 'secret' })
 * client.on('message', (data, peer) => client.send(peer, data))
 * console.log(client.relayedAddress)
 */
export async function createTurnClient(options: NodeTurnClientOptions): Promise<NodeTurnClient> {
  const { server: text, localAddress, crypto = nodeCrypto, ...config } = options
  const server = await resolveServer(text)
  const anywhere = server.family === 'IPv4' ? '0.0.0.0' : '::'
  const local = transportAddress(localAddress ?? anywhere, 0)
  const socket = await UdpPort.bind(local, new SendBuffer())
  const client = new NodeTurnClient(socket, { ...config, crypto, server })
  try {
    await client.allocate()
  } catch (error) {
    await client.close()
    throw error
  }
  return client
}

async function resolveServer(text: string): Promise<TransportAddress> {
  const uri = parseTurnUri(text)
  if (uri === null || uri.secure || uri.transport !== 'udp')
    throw new TurnError('invalid-config', `${JSON.stringify(text)} is no TURN server that UDP reaches`)
  if (isIpAddress(uri.host) !== null) return transportAddress(uri.host, uri.port)
  const { address } = await lookup(uri.host)
  return transportAddress(address, uri.port)
}
