import { EventEmitter } from 'node:events'

import { Counters } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'
import type { TransportAddress } from '@purertc/stun'

import type { AllocationInfo } from '../server/allocation.ts'
import type { DeletionReason, TurnServerDiscard, TurnServerHost } from '../server/config.ts'
import type { Metric } from '../server/metrics.ts'
import { accountOf } from '../server/shared-secret.ts'
import { TurnServer } from '../server/turn-server.ts'
import { TurnError } from '../turn-error.ts'
import { driverMetrics } from './driver-metrics.ts'
import type { DisconnectReason, ListeningAddress, TurnListener } from './listener.ts'
import { ListenerTable } from './listener-table.ts'
import { listenAt } from './listeners.ts'
import { type NodeTurnServerOptions, relayPlaces, shareConfig } from './options.ts'
import { PasswordLookups } from './password-lookups.ts'
import { PeerLinks, type PeerLinksHost } from './peer-links.ts'
import { Relays, type RelaysHost } from './relays.ts'
import { sharedPlaces } from './processes/process-share.ts'
import type { Siblings } from './processes/siblings.ts'
import { SendBuffer } from './udp-port.ts'
import { usersOf } from './users.ts'

/**
 * - `allocationCreated`, `allocationDeleted`: a client has a relayed address, or has it no more.
 * - `discarded`: a datagram was dropped: why, from whom, its length, and the allocation that it was for.
 * - `error`: a socket failed, a relay could not be opened, or a user could not be looked up; the server goes on.
 */
export interface NodeTurnServerEvents {
  allocationCreated: [allocation: AllocationInfo]
  allocationDeleted: [allocation: AllocationInfo, reason: DeletionReason]
  discarded: [
    reason: TurnServerDiscard,
    from: TransportAddress,
    length: number,
    allocation: AllocationInfo | null,
  ]
  error: [error: Error]
}

/**
 * A TURN server on sockets: UDP, TCP, TLS or DTLS for each listening address, UDP for each allocation, one timer for
 * all. Made by {@link createTurnServer}. Errors are events; with nobody listening for `error` they are dropped.
 */
export class NodeTurnServer extends EventEmitter<NodeTurnServerEvents> {
  readonly #server: TurnServer
  readonly #sendBuffer = new SendBuffer()
  readonly #options: NodeTurnServerOptions
  readonly #listeners = new ListenerTable()
  readonly #relays: Relays
  readonly #peers: PeerLinks
  /** What `close()` waits for: sockets that are being bound or closed. */
  readonly #unsettled = new Set<Promise<void>>()
  readonly #alarm: Alarm
  /** The processes that serve with this one. */
  readonly #siblings: Siblings | undefined
  /** Connections that ended or were not taken, by reason; not over UDP. */
  readonly disconnected: Counters<DisconnectReason> = new Counters()
  #onEmpty: () => void = () => undefined
  #isClosed = false

  /** Listens nowhere yet; see {@link createTurnServer}. */
  constructor(options: NodeTurnServerOptions) {
    super()
    this.#options = options
    const places = relayPlaces(options)
    this.#siblings = options.share?.siblings
    const { crypto = nodeCrypto, ...config } = options
    const users = usersOf(options, crypto)
    const lookups =
      users.ask && new PasswordLookups(users.ask, options.passwordCache, (error) => this.#report(error))
    const account = options.account ?? (options.sharedSecret === undefined ? undefined : accountOf)
    this.#relays = new Relays(places, this.#sendBuffer, this.#relaysHost())
    this.#peers = new PeerLinks(this.#peerLinksHost())
    this.#server = new TurnServer(
      {
        ...config,
        ...shareConfig(options),
        crypto,
        families: [...places.keys()],
        ...(account === undefined ? {} : { account }),
        authenticate: (username) => users.known(username) ?? (lookups ? lookups.known(username) : null),
      },
      this.#machineHost(lookups),
    )
    this.#alarm = new Alarm((now) => {
      this.#server.handleTimeout(now)
      this.#rearm()
    })
    this.#siblings?.start((relay, from, bytes) => {
      if (!this.#isClosed) this.#server.relayReceived(monotonicNow(), relay, from, bytes)
    })
  }

  /** The listening addresses, with their actual ports. */
  get addresses(): readonly ListeningAddress[] {
    return this.#listeners.addresses
  }

  get allocations(): readonly AllocationInfo[] {
    return this.#server.allocations
  }

  /** Answers by kind: `success`, or the error code. */
  get answered(): Counters<'success' | `${number}`> {
    return this.#server.answered
  }

  /** Datagrams that were dropped, by reason. */
  get discarded(): Counters<TurnServerDiscard> {
    return this.#server.discarded
  }

  /**
   * Listens on one more address, UDP where it names no transport, and resolves to it with its actual port. Rejects with
   * the system's error, or {@link TurnError}: `invalid-state` once the server is closed, `invalid-config` for TLS
   * without a certificate.
   */
  async listen(at: TransportAddress & { readonly transport?: string }): Promise<ListeningAddress> {
    const { tls, connections, legacyChannels, share } = this.#options
    const listener = await listenAt(at, {
      buffer: this.#sendBuffer,
      ...{ tls, connections, legacyChannels, share },
    })
    if (this.#isClosed) {
      await listener.close()
      throw new TurnError('invalid-state', 'the server is closed')
    }
    this.attach(listener)
    return listener.local
  }

  /** Serves by a listener of your own; it is closed with the server. */
  attach(listener: TurnListener): void {
    const number = this.#listeners.add(listener)
    listener.start({
      received: (client, bytes) => {
        this.#server.handleDatagram(monotonicNow(), number, client, bytes)
        this.#rearm()
      },
      disconnected: (client, reason) => {
        this.disconnected.count(reason)
        this.#server.disconnected(number, client)
      },
      failed: (error) => this.#report(error),
      isServed: (client) => this.#server.isServed(number, client),
    })
  }

  /**
   * Stops listening on one of {@link NodeTurnServer.addresses} and ends its clients' allocations. Resolves to false where
   * there is none such.
   */
  async unlisten(at: ListeningAddress): Promise<boolean> {
    const number = this.#listeners.find(at)
    if (number === null) return false
    const listener = this.#listeners.remove(number)
    this.#server.listenerClosed(number)
    await listener?.close()
    return true
  }

  /** The server's figures, its connections included, for `formatMetrics`. */
  metrics(): Metric[] {
    return [...this.#server.metrics(), ...driverMetrics(this.disconnected, this.#siblings?.passed)]
  }

  /**
   * Takes no new allocations and resolves when the last one has ended, or after `patience` seconds. True where none is
   * left. Follow it with `close()`. New clients are sent to that of the `alternates` which is of their family (300), or
   * refused (508).
   */
  async drain(patience = 3600, alternates: readonly TransportAddress[] = []): Promise<boolean> {
    this.#server.drain(alternates)
    if (this.#server.load.allocations > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000 * patience)
        this.#onEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#onEmpty = () => undefined
    return this.#server.load.allocations === 0
  }

  /** Ends an allocation, by the number of its relay. False where there is none. */
  release(relay: number): boolean {
    return this.#server.release(relay)
  }

  /** Ends all allocations and releases all sockets; afterwards nothing keeps the process alive. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#server.close()
    this.#peers.closeAll()
    this.#alarm.clear()
    for (const listener of this.#listeners.takeAll()) this.#settle(listener.close())
    if (this.#siblings !== undefined) this.#settle(this.#siblings.close())
    while (this.#unsettled.size > 0) await Promise.all(this.#unsettled)
  }

  #machineHost(lookups: PasswordLookups | undefined): TurnServerHost {
    return {
      ...(this.#options.share &&
        sharedPlaces(this.#options.share, (place, refusal) => {
          if (!this.#isClosed) this.#server.placeClaimed(place, refusal)
        })),
      ...(lookups && { lookUpPassword: (name, realm) => this.#lookUp(lookups, name, realm) }),
      discarded: (reason, from, length, allocation) => {
        if (this.listenerCount('discarded') > 0) this.emit('discarded', reason, from, length, allocation)
      },
      transmit: (listener, client, bytes) => this.#listeners.get(listener)?.send(client, bytes),
      relay: (relay, peer, bytes) => {
        if (this.#siblings?.relay(relay, peer, bytes) !== true) this.#relays.send(relay, peer, bytes)
      },
      openRelay: (relay, family, port, transport) =>
        this.#settle(this.#relays.open(relay, family, port, transport)),
      closeRelay: (relay) => {
        this.#siblings?.withdraw(relay)
        this.#settle(this.#relays.close(relay))
      },
      isStream: (listener) => this.#listeners.get(listener)?.isStream === true,
      connectPeer: (connection, relay, peer) =>
        this.#settle(this.#peers.connect(connection, this.#relays.tcp(relay), peer)),
      closePeer: (connection) => this.#peers.close(connection),
      joinPeer: (connection, listener, client) => {
        const stream = this.#listeners.get(listener)?.detach?.(client) ?? null
        if (stream !== null) this.#peers.join(connection, stream)
        else this.#peers.close(connection)
      },
      pin: (listener, client) => this.#listeners.get(listener)?.pin?.(client),
      allocationCreated: (allocation) => void this.emit('allocationCreated', allocation),
      allocationDeleted: (allocation, reason) => {
        this.#listeners.get(allocation.listener)?.unpin?.(allocation.client)
        this.emit('allocationDeleted', allocation, reason)
        if (this.#server.load.allocations === 0) this.#onEmpty()
      },
    }
  }

  #relaysHost(): RelaysHost {
    return {
      opened: (relay, relayed, transport) => {
        if (transport === 'udp') this.#siblings?.announce(relay, relayed)
        this.#server.relayOpened(monotonicNow(), relay, relayed)
        this.#rearm()
      },
      failed: (relay) => this.#server.relayFailed(monotonicNow(), relay),
      received: (relay, from, bytes) => this.#server.relayReceived(monotonicNow(), relay, from, bytes),
      arrived: (relay, peer, socket) => {
        const connection = this.#server.peerArrived(monotonicNow(), relay, peer)
        if (connection === null) socket.destroy()
        else this.#peers.add(connection, socket)
        this.#rearm()
      },
      report: (error) => this.#report(error),
    }
  }

  #peerLinksHost(): PeerLinksHost {
    return {
      relayed: (connection, direction, bytes) =>
        this.#server.peerRelayed(monotonicNow(), connection, direction, bytes),
      isWanted: (connection) => this.#server.isConnecting(connection),
      connected: (connection) => {
        this.#server.peerConnected(monotonicNow(), connection)
        this.#rearm()
      },
      ended: (connection) => {
        this.#server.peerEnded(connection)
        this.#rearm()
      },
    }
  }

  #lookUp(lookups: PasswordLookups, username: string, realm: string): void {
    lookups.lookUp(username, realm, (passwords) => {
      if (this.#isClosed) return
      this.#server.passwordFound(monotonicNow(), username, passwords)
      this.#rearm()
    })
  }

  #settle(work: Promise<void>): void {
    const settled = work.finally(() => this.#unsettled.delete(settled))
    this.#unsettled.add(settled)
  }

  #rearm(): void {
    if (!this.#isClosed) this.#alarm.set(this.#server.nextTimeout)
  }

  #report(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}
