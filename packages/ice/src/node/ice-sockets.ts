import { randomInt } from 'node:crypto'

import { isIpAddress, type TransportAddress } from '@purertc/stun'

import type { LocalSocket } from '../base.ts'
import type { TcpType } from '../candidate.ts'
import { IceError } from '../ice-error.ts'
import type { TurnServerAddress } from '../server-address.ts'
import { interfaceAddresses } from './interface-addresses.ts'
import { InterfaceWatch } from './interface-watch.ts'
import { MulticastDns } from './mdns/multicast-dns.ts'
import { PortMapper } from './port-mapping/port-mapper.ts'
import { ServerConnections } from './server-connections.ts'
import type { IceSocketsOptions } from './socket-options.ts'
import { TcpSocket } from './tcp-socket.ts'
import type { MuxMember, UdpMux } from './udp-mux.ts'
import { UdpSocket } from './udp-socket.ts'

/** What the sockets of an agent hand in; named as the agent's methods. Bytes are borrowed until the call returns. */
export interface IceSocketsHost extends MuxMember {
  handleServerMessage(socket: number, server: TurnServerAddress, bytes: Uint8Array): void
  serverLost(socket: number, server: TurnServerAddress, reason: string): void
  connectionLost(socket: number, to: TransportAddress): void
  nameResolved(name: string, addresses: readonly string[]): void
}

interface Opened {
  readonly socket: UdpSocket | TcpSocket
  /** Where a router lets it be reached from outside. */
  readonly mapped: TransportAddress | null
  readonly tcpType: TcpType | undefined
}

/**
 * The sockets of one agent: a UDP one, and TCP ones if wanted, for each address of this machine that may be of use, and
 * the connections from there to TURN servers. An address that cannot be bound is left out.
 *
 * @example
 * const sockets = new IceSockets({}, {
 *   handleDatagram: (id, from, bytes) => agent.handleDatagram(monotonicNow(), id, from, bytes),
 *   handleServerMessage: (id, server, bytes) => agent.handleServerMessage(monotonicNow(), id, server, bytes),
 *   serverLost: (id, server, reason) => agent.serverLost(monotonicNow(), id, server, reason),
 *   connectionLost: (id, to) => agent.connectionLost(monotonicNow(), id, to),
 *   nameResolved: (name, addresses) => agent.nameResolved(monotonicNow(), name, addresses),
 * })
 * agent.gather(monotonicNow(), await sockets.open())
 */
export class IceSockets {
  readonly #options: IceSocketsOptions
  readonly #host: IceSocketsHost
  readonly #mux: UdpMux | undefined
  // Made when they are needed, which of thousands behind one port none may ever do.
  #mdns: MulticastDns | null = null
  #servers: ServerConnections | null = null
  readonly #mapper: PortMapper | null
  /** Our names, by the address that each hides. */
  readonly #names = new Map<string, string>()
  /** Fragments that the mux knows this agent by: of the present session, and of the one before. */
  readonly #fragments: string[] = []
  /** In the order of their ids; those of addresses that could not be bound, or were lost since, have gaps. */
  readonly #sockets = new Map<number, Opened>()
  #nextId = 0
  #watch: InterfaceWatch | null = null
  #opening: Promise<readonly LocalSocket[]> = Promise.resolve([])
  #isClosed = false

  constructor(options: IceSocketsOptions, host: IceSocketsHost) {
    this.#options = options
    this.#host = host
    this.#mux = options.mux
    const { portMapping = false } = options
    this.#mapper = portMapping === false ? null : new PortMapper(portMapping === true ? {} : portMapping)
  }

  /** Datagrams that could not be sent. */
  get dropped(): number {
    let dropped = 0
    for (const { socket } of this.#sockets.values())
      if (socket instanceof UdpSocket) dropped += socket.dropped
    return dropped
  }

  /**
   * With a `mux`: the agent's session has that fragment; the one before stays known until the next. Throws
   * {@link IceError} `invalid-credentials` where another agent has it.
   */
  follow(fragment: string): void {
    const mux = this.#mux
    if (mux === undefined || this.#isClosed || this.#fragments.includes(fragment)) return
    if (!mux.attach(fragment, this.#host))
      throw new IceError('invalid-credentials', 'another agent of this port has that username fragment')
    this.#fragments.push(fragment)
    const oldest = this.#fragments.length > 2 ? this.#fragments.shift() : undefined
    if (oldest !== undefined) mux.release(oldest, this.#host)
  }

  /**
   * Binds a socket to every address that has none yet, and resolves with those of all present addresses. Called again,
   * before a restart for instance, it follows the machine to other networks.
   */
  open(): Promise<readonly LocalSocket[]> {
    this.#opening = this.#opening.then(() => this.#open())
    return this.#opening
  }

  /**
   * From now on until `close()` tells that addresses came or went: the ids of sockets that are no more, and all that there
   * are now.
   */
  watch(changed: (gone: readonly number[], present: readonly LocalSocket[]) => void): void {
    if (this.#isClosed) return
    this.#watch ??= new InterfaceWatch(
      () => interfaceAddresses(this.#options),
      () => {
        const gone = this.#closeGone()
        void this.open().then((present) => {
          if (!this.#isClosed) changed(gone, present)
        })
      },
      this.#options.interfaceInterval,
    )
    this.#watch.start()
  }

  send(socket: number, to: TransportAddress, bytes: Uint8Array): void {
    if (socket < 0) this.#mux?.send(this.#host, socket, to, bytes)
    else this.#sockets.get(socket)?.socket.send(to, bytes)
  }

  /** As `IceHost.transmitToServer`. */
  sendToServer(socket: number, server: TurnServerAddress, bytes: Uint8Array): void {
    const local =
      socket < 0
        ? this.#mux?.sockets[-1 - socket]?.address.address
        : this.#sockets.get(socket)?.socket.address.address
    if (local !== undefined) this.#serverConnections().send(socket, local, server, bytes)
  }

  /** As `IceHost.resolveName`. */
  resolveName(name: string): void {
    if (this.#isClosed) return
    const isOff = this.#options.mdns === 'off'
    const resolving = isOff ? Promise.resolve([]) : this.#multicastDns().resolve(name)
    // It does not reject: what cannot be asked is unknown.
    void resolving.then((addresses) => {
      if (!this.#isClosed) this.#host.nameResolved(name, addresses)
    })
  }

  disconnectServer(socket: number, server: TurnServerAddress): void {
    this.#servers?.disconnect(socket, server)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#watch?.stop()
    this.#mdns?.close()
    this.#mux?.detach(this.#host)
    await this.#opening
    const sockets = [...this.#sockets.values()]
    this.#sockets.clear()
    await Promise.all([
      this.#servers?.close(),
      this.#mapper?.close(),
      ...sockets.map(({ socket }) => socket.close()),
    ])
  }

  async #open(): Promise<readonly LocalSocket[]> {
    if (this.#isClosed) return []
    const { tcp = [], mux, udp = mux === undefined } = this.#options
    const kinds: (TcpType | undefined)[] = [...(udp ? [undefined] : []), ...tcp]
    const wanted = kinds.flatMap((tcpType) =>
      interfaceAddresses(this.#options).map((address) => ({
        address,
        tcpType,
        key: keyOf(address, tcpType),
      })),
    )
    const known = new Map(
      [...this.#sockets].map(([id, { socket, tcpType }]) => [keyOf(socket.address.address, tcpType), id]),
    )
    const ids = wanted.map(({ key }) => known.get(key) ?? this.#nextId++)
    await Promise.all(
      wanted.map(async ({ address, tcpType, key }, i) => {
        if (known.has(key)) return
        const socket = await this.#bind(ids[i]!, address, tcpType)
        if (socket === null) return
        const mapped = tcpType === undefined ? await this.#mapper?.map(socket.address) : null
        this.#sockets.set(ids[i]!, { socket, tcpType, mapped: mapped ?? null })
      }),
    )
    const shared = (mux?.sockets ?? []).map((socket) => ({
      ...socket,
      ...this.#nameOf(socket.address.address),
    }))
    return [...shared, ...ids.flatMap((id) => this.#describe(id))]
  }

  /** Closes the sockets of addresses that this machine has no more. */
  #closeGone(): number[] {
    const present = new Set(interfaceAddresses(this.#options))
    const gone = [...this.#sockets].filter(([, { socket }]) => !present.has(socket.address.address))
    for (const [id, { socket }] of gone) {
      this.#sockets.delete(id)
      void this.#mapper?.unmap(socket.address)
      void socket.close()
    }
    return gone.map(([id]) => id)
  }

  #describe(id: number): LocalSocket[] {
    const opened = this.#sockets.get(id)
    if (opened === undefined) return []
    const { tcpType, socket, mapped } = opened
    const { address, port } = socket.address
    const outside = this.#options.publicAddresses?.[address]
    const family = outside === undefined ? null : isIpAddress(outside)
    const known = outside !== undefined && family !== null ? [{ family, address: outside, port }] : []
    const outer = mapped === null ? known : [...known, mapped]
    return [
      {
        id,
        address: socket.address,
        ...this.#nameOf(address),
        ...(tcpType && { tcpType }),
        ...(outer.length > 0 && { mapped: outer }),
      },
    ]
  }

  /** A name in place of the address, if that is to be hidden: the same for all its sockets. */
  #nameOf(address: string): Pick<LocalSocket, 'name'> {
    if (this.#options.mdns !== 'hide' || this.#isClosed) return {}
    const name = this.#names.get(address) ?? this.#multicastDns().publish(address)
    this.#names.set(address, name)
    return { name }
  }

  #serverConnections(): ServerConnections {
    return (this.#servers ??= new ServerConnections(this.#options.authorities, {
      received: (socket, server, bytes) => this.#host.handleServerMessage(socket, server, bytes),
      lost: (socket, server, reason) => this.#host.serverLost(socket, server, reason),
    }))
  }

  #multicastDns(): MulticastDns {
    return (this.#mdns ??= new MulticastDns())
  }

  /** Null where the address has no free port, or is one that cannot be bound, as a tentative IPv6 one. */
  async #bind(
    id: number,
    address: string,
    tcpType: TcpType | undefined,
  ): Promise<UdpSocket | TcpSocket | null> {
    const { bufferSize = DEFAULT_BUFFER, portRange } = this.#options
    const received = (from: TransportAddress, bytes: Uint8Array): void =>
      this.#host.handleDatagram(id, from, bytes)
    const lost = (to: TransportAddress): void => this.#host.connectionLost(id, to)
    for (const port of portRange === undefined ? [0] : portsOf(portRange)) {
      try {
        if (tcpType !== undefined) return await TcpSocket.open({ address, port, tcpType, received, lost })
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

function keyOf(address: string, tcpType: TcpType | undefined): string {
  return `${tcpType ?? 'udp'} ${address}`
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
