import { EventEmitter } from 'node:events'

import { Counters } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'
import { type IpFamily, sameAddress, type TransportAddress, transportAddress } from '@purertc/stun'

import type { AllocationInfo } from '../server/allocation.ts'
import type { DeletionReason, TurnServerDiscard } from '../server/config.ts'
import { type Metric, metricBy } from '../server/metrics.ts'
import { accountOf } from '../server/shared-secret.ts'
import { TurnServer } from '../server/turn-server.ts'
import { TurnError } from '../turn-error.ts'
import { type DisconnectReason, type ListeningAddress, listenUdp, type TurnListener } from './listener.ts'
import { listenAddresses, type NodeTurnServerOptions, type RelayPlace, relayPlaces } from './options.ts'
import { StreamListener } from './stream-listener.ts'
import { SendBuffer, UdpPort } from './udp-port.ts'
import { PasswordCache, type PasswordSource, usersOf } from './users.ts'

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
 * A TURN server on sockets: UDP, TCP or TLS for each listening address, UDP for each allocation, one timer for all. Made
 * by {@link createTurnServer}. Errors are events; with nobody listening for `error` they are dropped.
 */
export class NodeTurnServer extends EventEmitter<NodeTurnServerEvents> {
  readonly #server: TurnServer
  readonly #places: ReadonlyMap<IpFamily, RelayPlace>
  readonly #sendBuffer = new SendBuffer()
  readonly #options: NodeTurnServerOptions
  /** By number; a number is never given twice. */
  readonly #listeners = new Map<number, TurnListener>()
  #nextListener = 0
  readonly #relays = new Map<number, UdpPort>()
  /** Relays that the system is still binding. */
  readonly #opening = new Set<number>()
  /** What `close()` waits for: sockets that are being bound or closed. */
  readonly #unsettled = new Set<Promise<void>>()
  readonly #alarm: Alarm
  /** Connections that ended or were not taken, by reason; TCP and TLS only. */
  readonly disconnected: Counters<DisconnectReason> = new Counters()
  #onEmpty: () => void = () => undefined
  #isClosed = false

  /** Listens nowhere yet; see {@link createTurnServer}. */
  constructor(options: NodeTurnServerOptions) {
    super()
    this.#options = options
    this.#places = relayPlaces(options)
    const { crypto = nodeCrypto, ...config } = options
    const users = usersOf(options, crypto)
    const { ask } = users
    const families = [...this.#places.keys()]
    const account = options.account ?? (options.sharedSecret === undefined ? undefined : accountOf)
    const passwords = new PasswordCache(options.passwordCache)
    this.#server = new TurnServer(
      {
        ...config,
        crypto,
        families,
        ...(account === undefined ? {} : { account }),
        authenticate: (username) => users.known(username) ?? (ask ? passwords.get(username) : null),
      },
      {
        ...(ask && { lookUpPassword: (name, realm) => this.#lookUp(ask, passwords, name, realm) }),
        discarded: (reason, from, length, allocation) => {
          if (this.listenerCount('discarded') > 0) this.emit('discarded', reason, from, length, allocation)
        },
        transmit: (listener, client, bytes) => this.#listeners.get(listener)?.send(client, bytes),
        relay: (relay, peer, bytes) => this.#relays.get(relay)?.send(peer, bytes),
        openRelay: (relay, family, port) => this.#settle(this.#openRelay(relay, family, port)),
        closeRelay: (relay) => this.#closeRelay(relay),
        allocationCreated: (allocation) => void this.emit('allocationCreated', allocation),
        allocationDeleted: (allocation, reason) => {
          this.emit('allocationDeleted', allocation, reason)
          if (this.#server.load.allocations === 0) this.#onEmpty()
        },
      },
    )
    this.#alarm = new Alarm((now) => {
      this.#server.handleTimeout(now)
      this.#rearm()
    })
  }

  /** The listening addresses, with their actual ports. */
  get addresses(): readonly ListeningAddress[] {
    return [...this.#listeners.values()].map(({ local }) => local)
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
    const listener = await this.#bind(at)
    if (this.#isClosed) {
      await listener.close()
      throw new TurnError('invalid-state', 'the server is closed')
    }
    this.attach(listener)
    return listener.local
  }

  /** Serves by a listener of your own; it is closed with the server. */
  attach(listener: TurnListener): void {
    const number = this.#nextListener++
    this.#listeners.set(number, listener)
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
    for (const [number, listener] of this.#listeners) {
      const { transport } = listener.local
      if (transport !== at.transport || !sameAddress(listener.local, at)) continue
      this.#listeners.delete(number)
      this.#server.listenerClosed(number)
      await listener.close()
      return true
    }
    return false
  }

  /** The server's figures, its connections included, for `formatMetrics`. */
  metrics(): Metric[] {
    const ended = this.disconnected.snapshot() as Record<string, number>
    const help = 'Connections that ended or were not taken'
    return [
      ...this.#server.metrics(),
      metricBy('turn_disconnections_total', 'counter', help, 'reason', ended),
    ]
  }

  /**
   * Takes no new allocations (508) and resolves when the last one has ended, or after `patience` seconds. True where
   * none is left. Follow it with `close()`.
   */
  async drain(patience = 3600): Promise<boolean> {
    this.#server.drain()
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
    this.#alarm.clear()
    for (const listener of this.#listeners.values()) this.#settle(listener.close())
    this.#listeners.clear()
    while (this.#unsettled.size > 0) await Promise.all(this.#unsettled)
  }

  /** A store that fails is an error of ours, and none of the user's: who asked is not refused, and asks again. */
  #lookUp(ask: PasswordSource, passwords: PasswordCache, username: string, realm: string): void {
    const found = (password: string | null | undefined): void => {
      if (this.#isClosed) return
      this.#server.passwordFound(monotonicNow(), username, password)
      this.#rearm()
    }
    const failed = (error: unknown): void => {
      this.#report(error instanceof Error ? error : new Error(String(error)))
      found(undefined)
    }
    try {
      const answer = ask(username, realm)
      if (!(answer instanceof Promise)) {
        found(answer)
        return
      }
      answer
        .then((password) => {
          passwords.set(username, password)
          found(password)
        })
        .catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #bind(at: TransportAddress & { readonly transport?: string }): Promise<TurnListener> {
    const { tls, connections, legacyChannels } = this.#options
    switch (at.transport ?? 'udp') {
      case 'udp':
        return listenUdp(at, this.#sendBuffer)
      case 'tcp':
        return StreamListener.bind(at, { ...connections, legacyChannels })
      case 'tls':
        if (tls !== undefined) return StreamListener.bind(at, { ...connections, legacyChannels, tls })
    }
    throw new TurnError('invalid-config', `nothing to listen by on ${String(at.transport)}`)
  }

  async #openRelay(relay: number, family: IpFamily, port: number): Promise<void> {
    const place = this.#places.get(family)
    if (place === undefined) {
      this.#server.relayFailed(monotonicNow(), relay)
      return
    }
    this.#opening.add(relay)
    const socket = await this.#bindRelay(place, port)
    if (!this.#opening.delete(relay)) {
      // The server was closed while the system bound the socket.
      await socket?.close()
    } else if (socket === null) {
      this.#server.relayFailed(monotonicNow(), relay)
    } else {
      this.#relays.set(relay, socket)
      socket.start(
        (from, bytes) => this.#server.relayReceived(monotonicNow(), relay, from, bytes),
        (error) => this.#report(error),
      )
      this.#server.relayOpened(monotonicNow(), relay, transportAddress(place.advertised, port))
      this.#rearm()
    }
  }

  /** Null where the system refuses, which is news unless the port is but another program's. */
  async #bindRelay({ local }: RelayPlace, port: number): Promise<UdpPort | null> {
    try {
      return await UdpPort.bind(transportAddress(local, port), this.#sendBuffer)
    } catch (error) {
      if (!isAddressInUse(error as Error)) this.#report(error as Error)
      return null
    }
  }

  #closeRelay(relay: number): void {
    this.#opening.delete(relay)
    const socket = this.#relays.get(relay)
    if (socket === undefined) return
    this.#relays.delete(relay)
    this.#settle(socket.close())
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

/**
 * Starts a TURN server, which answers Binding requests too. Rejects, with nothing left open, where an address cannot be
 * bound (the system's error) or an option is wrong ({@link TurnError} `invalid-config`).
 *
 * @example
 * const server = await createTurnServer({
 *   listen: [{ address: '198.51.100.1', port: 3478 }],
 *   realm: 'example.org',
 *   authenticate: { ann: 'secret' },
 * })
 * await server.close()
 */
export async function createTurnServer(options: NodeTurnServerOptions): Promise<NodeTurnServer> {
  const server = new NodeTurnServer(options)
  try {
    for (const address of listenAddresses(options)) await server.listen(address)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

function isAddressInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}
