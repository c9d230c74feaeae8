import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { formatAddress, sameAddress, type TransportAddress } from '@purertc/stun'
import { TurnClient, type TurnError } from '@purertc/turn'

import { type Base, RelayBase, type SocketBase } from './base.ts'
import { localPreference } from './priority.ts'
import { isStream, type TurnServerAddress, UNREACHABLE } from './server-address.ts'

/** One TURN server asked from one base. */
export interface Relay {
  readonly via: SocketBase
  readonly server: TurnServerAddress
  /** Position among the TURN servers. */
  readonly index: number
  /** Null until there is an allocation, and after it is gone. */
  base: RelayBase | null
  /** Where the server sees `via`. */
  mapped: TransportAddress | null
}

export interface RelaysHost {
  /** Bytes are borrowed until the call returns. */
  transmit(base: SocketBase, server: TurnServerAddress, bytes: Uint8Array): void
  /** Nothing more is sent to that server, or comes from it. */
  disconnect(base: SocketBase, server: TurnServerAddress): void
  allocated(relay: Relay): void
  /** There will be no allocation. */
  failed(relay: Relay, code: number, text: string): void
  received(now: Millis, base: RelayBase, peer: TransportAddress, bytes: Uint8Array): void
  /** The allocation is gone; `isReleased`: because it was given back. */
  lost(base: RelayBase, isReleased: boolean): void
  /** The place at the server is free for the allocation that {@link Relays.awaitPlace} asked about. */
  placeFree(relay: Relay): void
  /** The server does not relay to that peer. */
  peerRefused(base: RelayBase, peer: TransportAddress, code: number): void
}

interface Entry {
  readonly relay: Relay
  readonly client: TurnClient
  /** Somebody wants a new allocation once this one is given back. */
  isAwaited: boolean
}

/** The agent's allocations, one for each base and TURN server. They outlive a restart: their address stays good. */
export class Relays {
  readonly #crypto: CryptoProvider
  readonly #host: RelaysHost
  readonly #entries: Map<string, Entry> = new Map()

  constructor(crypto: CryptoProvider, host: RelaysHost) {
    this.#crypto = crypto
    this.#host = host
  }

  /** Allocations that are still awaited. */
  get pending(): number {
    let pending = 0
    for (const { client, isAwaited } of this.#entries.values())
      if (isAwaited || client.state === 'allocating') pending++
    return pending
  }

  /** Whether nothing is left to be given back to a server. */
  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  find(via: SocketBase, server: TurnServerAddress): Relay | undefined {
    return this.#entries.get(keyOf(via, server))?.relay
  }

  /** The allocation there is being given back: `placeFree` says when another can be asked for. */
  awaitPlace(via: SocketBase, server: TurnServerAddress): void {
    const entry = this.#entries.get(keyOf(via, server))
    if (entry?.client.state === 'closing') entry.isAwaited = true
  }

  /** Asks for an allocation, unless the base has one there. `index`: position among the TURN servers. */
  allocate(now: Millis, via: SocketBase, server: TurnServerAddress, index: number): void {
    const key = keyOf(via, server)
    if (this.#entries.has(key)) return
    const relay: Relay = { via, server, index, base: null, mapped: null }
    const client = new TurnClient(
      {
        crypto: this.#crypto,
        server: server.address,
        username: server.username,
        password: server.password,
        isReliable: isStream(server),
        // A channel for every address that is checked would be a waste; the pair that carries data gets one.
        channels: 'manual',
      },
      {
        transmit: (bytes) => this.#host.transmit(via, server, bytes),
        allocated: (relayed, mapped) => {
          relay.base = new RelayBase(client, relayed, localPreference(via.index, index))
          relay.mapped = mapped
          this.#host.allocated(relay)
        },
        received: (at, peer, bytes) => {
          if (relay.base !== null) this.#host.received(at, relay.base, peer, bytes)
        },
        peerRefused: (peer, { code }) => {
          if (relay.base !== null && typeof code === 'number') this.#host.peerRefused(relay.base, peer, code)
        },
        failed: (error) => {
          this.#forget(key, relay)
          this.#ended(relay, codeOf(error), error.reason)
        },
        closed: () => {
          this.#forget(key, relay)
          if (entry.isAwaited) this.#host.placeFree(relay)
        },
      },
    )
    const entry: Entry = { relay, client, isAwaited: false }
    this.#entries.set(key, entry)
    client.allocate(now)
  }

  /** False where the datagram is not TURN's: it may be a peer's that lives at the server's address. */
  handleDatagram(now: Millis, via: SocketBase, from: TransportAddress, bytes: Uint8Array): boolean {
    for (const { relay, client } of this.#entries.values())
      if (relay.via === via && !isStream(relay.server) && sameAddress(relay.server.address, from))
        return client.handleDatagram(now, bytes)
    return false
  }

  /** A message from the connection to a server over TCP or TLS. */
  handleMessage(now: Millis, via: SocketBase, server: TurnServerAddress, bytes: Uint8Array): void {
    this.#entries.get(keyOf(via, server))?.client.handleDatagram(now, bytes)
  }

  /** The connection is no more, or never was: neither is the allocation. */
  serverLost(via: SocketBase, server: TurnServerAddress, reason: string): void {
    const key = keyOf(via, server)
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    const { relay, client } = entry
    if (client.state !== 'closing') this.#ended(relay, UNREACHABLE, reason)
    else if (entry.isAwaited) this.#host.placeFree(relay)
  }

  handleTimeout(now: Millis): void {
    for (const { client } of this.#entries.values()) if (client.nextTimeout <= now) client.handleTimeout(now)
  }

  get nextTimeout(): Millis {
    let earliest = Infinity
    for (const { client } of this.#entries.values()) earliest = Math.min(earliest, client.nextTimeout)
    return Millis(earliest)
  }

  /** Gives up allocations that have not come yet, with a report each. */
  abandon(now: Millis): void {
    for (const entry of [...this.#entries.values()]) {
      const { relay, client, isAwaited } = entry
      if (!isAwaited && client.state !== 'allocating') continue
      entry.isAwaited = false
      client.close(now)
      this.#host.failed(relay, UNREACHABLE, 'the TURN server does not answer')
    }
  }

  /** Gives back all allocations but that of `kept`. */
  release(now: Millis, kept: Base | null): void {
    this.#release(now, (relay) => kept === null || relay.base !== kept)
  }

  /** Gives back the allocation of `base`: the server may have forgotten it. */
  giveUp(now: Millis, base: Base): void {
    this.#release(now, (relay) => relay.base === base)
  }

  #release(now: Millis, isMeant: (relay: Relay) => boolean): void {
    for (const entry of [...this.#entries.values()]) {
      const { relay, client } = entry
      if (!isMeant(relay)) continue
      entry.isAwaited = false
      const released = relay.base
      relay.base = null
      client.close(now)
      if (released !== null) this.#host.lost(released, true)
    }
  }

  /** The socket is gone, and with it the way to its allocations; the servers will let them expire. */
  removeBase(via: SocketBase): void {
    for (const [key, { relay }] of this.#entries) {
      if (relay.via !== via) continue
      this.#forget(key, relay)
      const { base } = relay
      relay.base = null
      if (base !== null) this.#host.lost(base, false)
    }
  }

  #forget(key: string, { via, server }: Relay): void {
    this.#entries.delete(key)
    if (isStream(server)) this.#host.disconnect(via, server)
  }

  #ended(relay: Relay, code: number, text: string): void {
    const { base } = relay
    relay.base = null
    if (base !== null) this.#host.lost(base, false)
    else this.#host.failed(relay, code, text)
  }
}

function codeOf({ code }: TurnError): number {
  if (typeof code === 'number') return code
  return code === 'unauthenticated' ? 401 : UNREACHABLE
}

/** A server sees one client a socket (RFC 8656 §3.2), so whoever shares both shares the allocation. */
function keyOf(via: SocketBase, { address, transport = 'udp' }: TurnServerAddress): string {
  return `${via.id}>${transport}:${formatAddress(address)}`
}
