import { lookup } from 'node:dns/promises'
import { EventEmitter } from 'node:events'

import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  type IcmpValue,
  isIpAddress,
  StatusCode,
  type TransportAddress,
  transportAddress,
} from '@purertc/stun'

import type { TurnClientConfig } from '../client/config.ts'
import { TurnClient } from '../client/turn-client.ts'
import { TurnError } from '../turn-error.ts'
import { parseTurnUri, type TurnUri } from '../turn-uri.ts'
import { type LinkOptions, openLink, type ServerLink } from './server-link.ts'

export interface NodeTurnClientOptions
  extends Omit<TurnClientConfig, 'crypto' | 'server' | 'isReliable'>, LinkOptions {
  /** A `turn:` URI, over UDP or with `?transport=tcp`, or a `turns:` URI, over TLS. */
  readonly server: string
  /** A way to that server that is there already; it is closed with the client. Default: made as the URI says. */
  readonly link?: ServerLink
  /**
   * Whether to go on from another local port after 437, which says that ours has an allocation already, somebody's
   * before us. `attempt` counts from 1. Default: three times (RFC 8656 §7.4); a `link` of your own is not replaced.
   */
  readonly tryAnotherPort?: (attempt: number) => boolean
  readonly crypto?: CryptoProvider
}

/**
 * - `message`: data from a peer, in bytes of its own.
 * - `icmp`: an error came back for what was sent to a peer; servers that cannot know of them, ours included, send none.
 * - `peerRefused`: the server does not let us reach that peer.
 * - `error`: the allocation is lost; the client is of no more use, and its link to the server is released.
 */
export interface NodeTurnClientEvents {
  message: [data: Uint8Array, peer: TransportAddress]
  icmp: [peer: TransportAddress, icmp: IcmpValue]
  peerRefused: [peer: TransportAddress, error: TurnError]
  error: [error: TurnError]
}

/** A TURN client with a link to its server of its own. Made by {@link createTurnClient}. */
export class NodeTurnClient extends EventEmitter<NodeTurnClientEvents> {
  readonly #machine: TurnClient
  readonly #link: ServerLink
  readonly #alarm: Alarm
  #onAllocated: (error: TurnError | null) => void = () => undefined
  #onClosed: () => void = () => undefined
  #closing: Promise<void> | null = null

  /** Takes the link over; see {@link createTurnClient}. */
  constructor(link: ServerLink, config: TurnClientConfig) {
    super()
    this.#link = link
    this.#machine = new TurnClient(config, {
      transmit: (bytes) => link.send(bytes),
      allocated: () => this.#onAllocated(null),
      received: (_now, { family, address, port }, bytes) => {
        this.emit('message', bytes.slice(), { family, address, port })
      },
      peerRefused: (peer, error) => void this.emit('peerRefused', peer, error),
      icmpReceived: ({ family, address, port }, icmp) => {
        this.emit('icmp', { family, address, port }, icmp)
      },
      failed: (error) => this.#fail(error),
      closed: () => this.#onClosed(),
    })
    this.#alarm = new Alarm((now) => {
      this.#machine.handleTimeout(now)
      this.#rearm()
    })
    link.start(
      (bytes) => {
        this.#machine.handleDatagram(monotonicNow(), bytes)
        this.#rearm()
      },
      (cause) => this.#linkFailed(new TurnError('transport', cause.message, { cause })),
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

  /** Where IPv6 peers reach us, with `family: 'both'`; null where the server gave no such address. */
  get additionalAddress(): TransportAddress | null {
    return this.#machine.additionalAddress
  }

  /** What another client asks for the next port with, where this one has `port: 'pair'`. */
  get reservationToken(): Uint8Array | null {
    return this.#machine.reservationToken
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
    await this.#link.close()
  }

  /** Without a link nothing can be given back. */
  #linkFailed(error: TurnError): void {
    if (this.#closing === null) this.#fail(error)
    this.#onClosed()
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
 * Allocates at a TURN server. Rejects with {@link TurnError} where it refuses, is silent or out of reach, or with the system's error
 * where its name is unknown; nothing is left open then.
 *
 * @example
 * const client = await createTurnClient({ server: 'turn:turn.example.org', username: 'ann', password: 'secret' })
 * client.on('message', (data, peer) => client.send(peer, data))
 * console.log(client.relayedAddress)
 */
export async function createTurnClient(options: NodeTurnClientOptions): Promise<NodeTurnClient> {
  const { server: text, link: given, crypto = nodeCrypto, ...rest } = options
  const { localAddress, tls, connectTimeout, tryAnotherPort = upToThree, ...config } = rest
  const uri = parseTurnUri(text)
  if (uri === null || !(given !== undefined || isSupported(uri)))
    throw new TurnError('invalid-config', `${JSON.stringify(text)} is no TURN server that we can reach`)
  const server = await resolveServer(uri)
  for (let attempt = 1; ; attempt++) {
    const link = given ?? (await openLink(uri, server, { localAddress, tls, connectTimeout }))
    const client = new NodeTurnClient(link, { ...config, crypto, server, isReliable: link.isReliable })
    try {
      await client.allocate()
      return client
    } catch (error) {
      await client.close()
      if (given !== undefined || !isMismatch(error) || !tryAnotherPort(attempt)) throw error
    }
  }
}

function isMismatch(error: unknown): boolean {
  return error instanceof TurnError && error.code === StatusCode.allocationMismatch
}

function upToThree(attempt: number): boolean {
  return attempt <= 3
}

/** `turns:` over UDP is DTLS, which this package does not have: it takes a `link`. */
function isSupported({ secure, transport }: TurnUri): boolean {
  return transport === 'tcp' || (transport === 'udp' && !secure)
}

async function resolveServer({ host, port }: TurnUri): Promise<TransportAddress> {
  if (isIpAddress(host) !== null) return transportAddress(host, port)
  const { address } = await lookup(host)
  return transportAddress(address, port)
}
