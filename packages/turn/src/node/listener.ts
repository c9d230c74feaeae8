import type { Duplex } from 'node:stream'

import type { TransportAddress } from '@purertc/stun'

/** Where clients come in, and how. */
export interface ListeningAddress extends TransportAddress {
  /** `udp`, `tcp`, `tls`, `dtls`, or what a listener of your own calls itself. */
  readonly transport: string
}

/**
 * What a server takes clients' messages from: a UDP socket, or a DTLS, TCP or TLS port with all its connections.
 * Implement it to serve over another transport (`NodeTurnServer.attach`).
 */
export interface TurnListener {
  readonly local: ListeningAddress
  /** Whether each client has a stream of bytes of its own, so that TCP allocations can be had (RFC 6062). */
  readonly isStream?: boolean
  /** From now on clients are heard. */
  start(host: TurnListenerHost): void
  /** Sends a copy of the bytes, one message, to a client that was heard. */
  send(client: TransportAddress, bytes: Uint8Array): void
  /** The client has an allocation, or has it no more, where that makes a difference. */
  pin?(client: TransportAddress): void
  unpin?(client: TransportAddress): void
  /** Hands a client's stream over, `null` where there is none: it carries no messages any more. Needed with `isStream`. */
  detach?(client: TransportAddress): Duplex | null
  /** Resolves when the system has released everything. The host is called no more. */
  close(): Promise<void>
}

export interface TurnListenerHost {
  /** One message of a client. Bytes are borrowed until the call returns. */
  received(client: TransportAddress, bytes: Uint8Array): void
  /** The client's connection is over, and with it what was allocated over it. */
  disconnected(client: TransportAddress, reason: DisconnectReason): void
  /** Something failed; the listener goes on. */
  failed(error: Error): void
  /** Whether the client has an allocation, or is about to have one. */
  isServed(client: TransportAddress): boolean
}

/**
 * Why a connection ended, or was not taken.
 *
 * - `ended`, `failed`: the client or the network did it.
 * - `not-a-frame`, `too-large`: the stream was no TURN.
 * - `idle`: no allocation, and no message for too long.
 * - `handshake`: TLS failed, or took too long.
 * - `too-many`, `address-limit`: all places are taken, or those of one client address.
 */
export type DisconnectReason =
  'ended' | 'failed' | 'not-a-frame' | 'too-large' | 'idle' | 'handshake' | 'too-many' | 'address-limit'
