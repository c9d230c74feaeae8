import type { Millis } from '@purertc/bytes'

import { simAddress, type SimAddress } from './address.ts'
import type { Link } from './link.ts'
import type { Nat } from './nat.ts'

/** Source and destination of a datagram on its way. */
export interface Path {
  readonly from: SimAddress
  readonly to: SimAddress
}

export interface SimSocket {
  readonly local: SimAddress
  /** Bytes are copied. After `close()`, or while the host is down, nothing is sent. */
  send(to: SimAddress, bytes: Uint8Array): void
  close(): void
}

export interface BindOptions {
  /** Default: the next free one from 49152 on. */
  readonly port?: number
  /** `bytes` are borrowed until the call returns. */
  received(now: Millis, from: SimAddress, bytes: Uint8Array): void
}

/** A machine with one address. A dual-stack or multi-homed peer is several of them. */
export class SimHost {
  readonly address: string
  /** The NAT it stands behind; null on the public network. */
  readonly nat: Nat | null
  /** Carries all that this host sends; its conditions and its rule can be replaced. */
  readonly link: Link<Path>
  /** False: it neither sends nor receives, as with the cable pulled. */
  up = true
  readonly #send: (host: SimHost, path: Path, bytes: Uint8Array) => void
  readonly #sockets = new Map<number, BindOptions>()
  #nextPort = 49_152

  /** Made by `Network.host`. */
  constructor(
    address: string,
    nat: Nat | null,
    link: Link<Path>,
    send: (host: SimHost, path: Path, bytes: Uint8Array) => void,
  ) {
    this.address = address
    this.nat = nat
    this.link = link
    this.#send = send
  }

  /** Opens a UDP socket. Throws where the port is taken. */
  bind(options: BindOptions): SimSocket {
    const port = options.port ?? this.#freePort()
    if (this.#sockets.has(port)) throw new Error(`${this.address} has bound port ${port} already`)
    this.#sockets.set(port, options)
    const local = simAddress(this.address, port)
    return {
      local,
      send: (to, bytes) => {
        if (this.#sockets.get(port) === options) this.#send(this, { from: local, to }, bytes)
      },
      close: () => {
        if (this.#sockets.get(port) === options) this.#sockets.delete(port)
      },
    }
  }

  /** Hands a datagram to the socket of `port`; false when there is none. */
  deliver(now: Millis, from: SimAddress, port: number, bytes: Uint8Array): boolean {
    const socket = this.#sockets.get(port)
    socket?.received(now, from, bytes)
    return socket !== undefined
  }

  #freePort(): number {
    while (this.#sockets.has(this.#nextPort)) this.#nextPort++
    return this.#nextPort++
  }
}
