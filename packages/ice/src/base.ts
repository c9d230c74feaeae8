import type { Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'
import type { TurnClient } from '@purertc/turn'

import { addressScope } from './address-scope.ts'
import type { IceCandidate, TcpType } from './candidate.ts'
import { localPreference, tcpLocalPreference } from './priority.ts'

/** A bound UDP socket of the host, or a way to exchange datagrams over TCP connections (RFC 4571 framing is the host's). */
export interface LocalSocket {
  /** Names the socket in `IceHost.transmit` and `IceAgent.handleDatagram`. */
  readonly id: number
  /** The address of an interface, never the unspecified one. */
  readonly address: TransportAddress
  /**
   * A TCP socket that listens (`passive`), one that does not (`active`, its port is 9: RFC 6544 §4.5), or one that does
   * both at once (`so`). Sending to an address opens a connection to it, where `passive` has one already. Default: UDP.
   */
  readonly tcpType?: TcpType
  /** What the peer is told in place of the address: an mDNS name (`….local`) that the host answers for. */
  readonly name?: string
  /** Where a static 1:1 NAT, or a mapping that a router was asked for, lets the peer reach this socket. */
  readonly mapped?: readonly TransportAddress[]
}

/**
 * What a local candidate sends from, RFC 8445 §4: a socket, or an allocation on a TURN server. Candidates that share a
 * base share its pairs, because from the peer's side they are one sender.
 */
export interface Base {
  readonly address: TransportAddress
  /** RFC 8445 §5.1.2.1, 0 to 65535. */
  readonly preference: number
  readonly isRelay: boolean
  /** Of a TCP base; undefined for UDP. */
  readonly tcpType: TcpType | undefined
  /** The bytes are borrowed until the call returns. */
  send(now: Millis, to: TransportAddress, bytes: Uint8Array): void
  /** Data will be sent to `to`: makes the way there as cheap as it can be. */
  favour(now: Millis, to: TransportAddress): void
}

export interface LocalCandidate {
  readonly base: Base
  readonly candidate: IceCandidate
  /** Of `candidate`. */
  readonly address: TransportAddress
}

export class SocketBase implements Base {
  readonly isRelay = false
  readonly tcpType: TcpType | undefined
  readonly name: string | undefined
  readonly mapped: readonly TransportAddress[]
  readonly id: number
  readonly address: TransportAddress
  readonly preference: number
  /** Position among the agent's sockets, from which local preferences follow. */
  readonly index: number
  readonly #transmit: (socket: number, to: TransportAddress, bytes: Uint8Array) => void

  constructor(
    socket: LocalSocket,
    index: number,
    transmit: (socket: number, to: TransportAddress, bytes: Uint8Array) => void,
  ) {
    this.id = socket.id
    this.address = socket.address
    this.tcpType = socket.tcpType
    this.name = socket.name
    this.mapped = socket.mapped ?? []
    this.index = index
    this.preference =
      socket.tcpType === undefined ? localPreference(index) : tcpLocalPreference(socket.tcpType, index)
    this.#transmit = transmit
  }

  send(_now: Millis, to: TransportAddress, bytes: Uint8Array): void {
    this.#transmit(this.id, to, bytes)
  }

  /** Whether a server there can be asked: over UDP and its own family, and from loopback nothing outside. */
  canAsk(server: TransportAddress): boolean {
    const { address, family } = this.address
    if (this.tcpType !== undefined || family !== server.family) return false
    return addressScope(address) !== 'loopback' || addressScope(server.address) === 'loopback'
  }

  favour(): void {
    // A socket reaches everybody alike.
  }
}

export class RelayBase implements Base {
  readonly isRelay = true
  readonly tcpType = undefined
  readonly address: TransportAddress
  readonly preference: number
  readonly #client: TurnClient

  constructor(client: TurnClient, relayed: TransportAddress, preference: number) {
    this.#client = client
    this.address = relayed
    this.preference = preference
  }

  send(now: Millis, to: TransportAddress, bytes: Uint8Array): void {
    this.#client.send(now, to, bytes)
  }

  /** A channel saves 32 bytes a datagram (RFC 8656 §12). */
  favour(now: Millis, to: TransportAddress): void {
    this.#client.bindChannel(now, to)
  }
}
