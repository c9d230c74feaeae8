/**
 * Where a transport plugs in. UDP, TCP and TLS are in `@purertc/stun/node`; a package that stands above this one and
 * above a DTLS implementation makes STUN over DTLS (RFC 7350) of the two by implementing the same interfaces.
 */
import type { TransportAddress } from './transport-address.ts'

/** A server as a client knows it. */
export interface ServerAddress extends TransportAddress {
  /** The name that the server's certificate is checked against, where the transport has certificates. */
  readonly domain?: string
}

/** What carries one client's messages: to the server it was opened for, and to those it is referred to. */
export interface StunTransport {
  /** Whether a message arrives or the connection fails, so that nothing is sent twice: false for UDP and DTLS. */
  readonly isReliable: boolean
  readonly local: TransportAddress
  /** From now on messages and failures go to `host`; before, they are dropped. */
  start(host: StunTransportHost): void
  /** Sends a copy of the bytes, one message; connects first where it must. Does nothing once closed. */
  send(to: ServerAddress, bytes: Uint8Array): void
  /** Resolves when everything is released. `host` is called no more. */
  close(): Promise<void>
}

export interface StunTransportHost {
  /** One message, or one datagram that is none. `bytes` are borrowed until the call returns. */
  received(from: TransportAddress, bytes: Uint8Array): void
  /**
   * A message to `to` could not be sent, or the connection to it has ended: what waits for an answer gets none. `null`:
   * nothing can be sent to anybody.
   */
  failed(error: Error, to: TransportAddress | null): void
}

/** What a server receives on. */
export interface StunListener {
  /** `udp`, `tcp`, `tls`, `dtls`: for logs, and to tell listeners of the same port apart. */
  readonly transport: string
  /** The address with the port that was bound. */
  readonly local: TransportAddress
  /** From now on messages and failures go to `host`; before, they are dropped. */
  start(host: StunListenerHost): void
  /** Resolves when the system has released the address and all connections of it. */
  close(): Promise<void>
}

export interface StunListenerHost {
  /** One message of `from`, that came by `path`. `bytes` are borrowed until the call returns. */
  received(from: TransportAddress, bytes: Uint8Array, path: AnswerPath): void
  /** An answer could not be sent, or a connection failed. The listener goes on. */
  failed(error: Error): void
}

/** The local end that a message came to, with the way back: a UDP socket, or one connection of a stream listener. */
export interface AnswerPath extends TransportAddress {
  readonly transport: string
  /** Sends a copy of the bytes; a connection ignores `to`, for it leads to one client. */
  send(to: TransportAddress, bytes: Uint8Array): void
}
