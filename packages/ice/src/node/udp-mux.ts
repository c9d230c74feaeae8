import { Counters } from '@purertc/bytes'
import { AlarmClock, monotonicNow } from '@purertc/bytes/node'
import { isStunDatagram, type TransportAddress } from '@purertc/stun'

import type { LocalSocket } from '../base.ts'
import { MuxRoutes } from './mux-routes.ts'
import { localFragmentOf, transactionOf } from './stun-peek.ts'
import { UdpSocket } from './udp-socket.ts'

export interface UdpMuxOptions {
  /** The addresses of this machine to serve on: one IPv4 and one IPv6 one, usually. */
  readonly addresses: readonly string[]
  /** The one port; 0: any, the same for all addresses. */
  readonly port: number
  /** Bytes of kernel buffer of each socket and direction. Default 4 MiB; the system may allow less. */
  readonly bufferSize?: number
  /** The public addresses of a static 1:1 NAT, by local address. */
  readonly publicAddresses?: Readonly<Record<string, string>>
}

/** An agent's side. Bytes are borrowed until the call returns. */
export interface MuxMember {
  handleDatagram(socket: number, from: TransportAddress, bytes: Uint8Array): void
  /** As `IceAgent.handleRoutine`: of a message from where the agent has its peer. It spares the mux to look for the addressee. */
  handleRoutine?(socket: number, from: TransportAddress, bytes: Uint8Array): boolean
}

/**
 * - `unknown-fragment`: a request for no agent that is here.
 * - `unknown-transaction`: a response that nobody waits for.
 * - `unknown-peer`: data from where no agent has a peer.
 * - `malformed`: a request without a USERNAME of ICE's form.
 */
export type MuxDiscard = 'unknown-fragment' | 'unknown-transaction' | 'unknown-peer' | 'malformed'

/**
 * One UDP port for any number of agents. Checks find their agent by the username fragment that they are made for, answers by
 * their transaction, and everything else (DTLS, SRTP: RFC 7983) by where it comes from, once that agent has accepted a
 * check from there. What matches nothing is counted and dropped without an answer.
 *
 * TURN servers tell clients apart by address and port, so agents behind one port reach them over TCP or TLS alone.
 *
 * @example
 * const mux = await UdpMux.bind({ addresses: ['198.51.100.7', '2001:db8::7'], port: 3478 })
 * const ice = new NodeIceTransport({ role: 'controlled', lite: true, mux }, host)
 */
export class UdpMux {
  readonly discarded: Counters<MuxDiscard> = new Counters()
  /** For the alarms of the agents' drivers. */
  readonly clock: AlarmClock = new AlarmClock()
  readonly #publicAddresses: Readonly<Record<string, string>>
  readonly #sockets: UdpSocket[] = []
  readonly #byFragment = new Map<string, MuxMember>()
  readonly #fragments = new Map<MuxMember, Set<string>>()
  readonly #byTransaction = new Map<string, MuxMember>()
  readonly #routes = new MuxRoutes<MuxMember>()

  private constructor({ publicAddresses = {} }: UdpMuxOptions) {
    this.#publicAddresses = publicAddresses
  }

  /** Rejects with the system's error where an address or the port cannot be bound. */
  static async bind(options: UdpMuxOptions): Promise<UdpMux> {
    const mux = new UdpMux(options)
    const { addresses, bufferSize = DEFAULT_BUFFER } = options
    let { port } = options
    try {
      for (const [index, address] of addresses.entries()) {
        const received = (from: TransportAddress, bytes: Uint8Array): void =>
          mux.#receive(-1 - index, from, bytes)
        const socket = await UdpSocket.bind({ address, port, bufferSize, received })
        mux.#sockets.push(socket)
        port = socket.address.port
      }
    } catch (error) {
      await mux.close()
      throw error
    }
    return mux
  }

  /** What every agent gathers on. Their ids are negative, and so those of none of its own sockets. */
  get sockets(): readonly LocalSocket[] {
    return this.#sockets.map(({ address }, index) => {
      const id = -1 - index
      const outside = this.#publicAddresses[address.address]
      const mapped = outside !== undefined && { mapped: [{ ...address, address: outside }] }
      return { id, address, ...mapped }
    })
  }

  /** Agents that take part. */
  get size(): number {
    return this.#fragments.size
  }

  /** False where another agent has that fragment: then this one must have another (RFC 8445 §5.3 makes that rare). */
  attach(fragment: string, member: MuxMember): boolean {
    const holder = this.#byFragment.get(fragment)
    if (holder !== undefined) return holder === member
    this.#byFragment.set(fragment, member)
    const fragments = this.#fragments.get(member) ?? new Set()
    this.#fragments.set(member, fragments.add(fragment))
    return true
  }

  /** The agent's session of that fragment is over. */
  release(fragment: string, member: MuxMember): void {
    if (this.#fragments.get(member)?.delete(fragment) === true) this.#byFragment.delete(fragment)
  }

  /** The agent is closed: nothing finds it any more. */
  detach(member: MuxMember): void {
    for (const fragment of this.#fragments.get(member) ?? []) this.#byFragment.delete(fragment)
    this.#fragments.delete(member)
    this.#routes.forget(member)
  }

  /** Sends for a member. Its checks and its answers to checks tell where its peer's data comes from. */
  send(member: MuxMember, socket: number, to: TransportAddress, bytes: Uint8Array): void {
    if (bytes[0]! < 2 && isStunDatagram(bytes)) this.#note(member, socket, to, bytes)
    this.#sockets[-1 - socket]?.send(to, bytes)
  }

  async close(): Promise<void> {
    this.#byFragment.clear()
    this.#fragments.clear()
    this.#byTransaction.clear()
    this.clock.clear()
    await Promise.all(this.#sockets.splice(0).map((socket) => socket.close()))
  }

  #note(member: MuxMember, socket: number, to: TransportAddress, bytes: Uint8Array): void {
    const type = (bytes[0]! << 8) | bytes[1]!
    if (type === BINDING_REQUEST) {
      // The answer will come from where this member has its peer.
      if (this.#routes.find(socket, to)?.member === member) return
      const transaction = transactionOf(bytes)
      if (this.#byTransaction.size >= MAX_TRANSACTIONS) this.#forgetOldest()
      this.#byTransaction.set(transaction, member)
    } else if (type === BINDING_SUCCESS) {
      this.#routes.use(monotonicNow(), socket, to, member)
    }
  }

  #forgetOldest(): void {
    for (const transaction of this.#byTransaction.keys()) {
      this.#byTransaction.delete(transaction)
      return
    }
  }

  #receive(socket: number, from: TransportAddress, bytes: Uint8Array): void {
    const route = this.#routes.find(socket, from)
    const isStun = bytes[0]! < 4 && isStunDatagram(bytes)
    // Thousands of idle agents have little else to say, and who has its peer there is mostly meant.
    if (isStun && route?.member.handleRoutine?.(socket, from, bytes) === true) {
      route.usedAt = monotonicNow()
      return
    }
    const member = isStun ? this.#addressee(socket, from, bytes) : route?.member
    if (member === undefined) this.discarded.count('unknown-peer')
    else if (typeof member === 'string') this.discarded.count(member)
    else member.handleDatagram(socket, from, bytes)
  }

  #addressee(socket: number, from: TransportAddress, bytes: Uint8Array): MuxMember | MuxDiscard {
    if ((bytes[0]! & 1) === 0 && (bytes[1]! & 0x10) === 0) {
      const fragment = localFragmentOf(bytes)
      if (fragment === null) return 'malformed'
      return this.#byFragment.get(fragment) ?? 'unknown-fragment'
    }
    const transaction = transactionOf(bytes)
    const asked = this.#byTransaction.get(transaction)
    this.#byTransaction.delete(transaction)
    const member = asked ?? this.#routes.find(socket, from)?.member
    if (member === undefined) return 'unknown-transaction'
    // Nobody else knows the transaction; a lite peer's data comes from where only its answers do.
    this.#routes.use(monotonicNow(), socket, from, member)
    return member
  }
}

const DEFAULT_BUFFER = 4 << 20
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101

/** Requests whose answers may still come; of more, the oldest ones are given up, as if lost. */
const MAX_TRANSACTIONS = 32_768
