import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import type { StunCredentials } from './client-credentials.ts'
import type { MessageBuilder } from './message-builder.ts'
import type { MessageDirection } from './server.ts'
import type { StunError } from './stun-error.ts'
import type { ServerAddress } from './stun-transport.ts'
import type { RetransmitPolicy } from './transactions.ts'
import type { TransportAddress } from './transport-address.ts'

export interface StunClientConfig {
  readonly crypto: CryptoProvider
  readonly server: ServerAddress
  /** None by default: public servers ask for none. */
  readonly credentials?: StunCredentials
  /** Sent as SOFTWARE; none by default. */
  readonly software?: string
  /** Whether requests end in FINGERPRINT. Default true. */
  readonly fingerprint?: boolean
  /**
   * When a request is sent again; RFC 8489 §6.2.1 by default, where `rto` is what is waited until the server's
   * round-trip time is known. `false`: never, as over a transport that delivers; the request fails after 39.5 s.
   */
  readonly retransmit?: Partial<RetransmitPolicy> | false
  /** Whether to ask the server that a 300 names (RFC 8489 §10). Default true; else the request fails with 300. */
  readonly followAlternate?: boolean
}

/** What one request has of its own. */
export interface BindingOptions {
  /** Whom to ask instead of the configured server. */
  readonly server?: ServerAddress
  /** In place of the client's, and of what is known about the round-trip time. */
  readonly retransmit?: Partial<RetransmitPolicy> | false
  /** May add attributes to this request before it is signed. */
  readonly preparing?: (request: MessageBuilder) => void
}

export interface BindingResult {
  /** Where the server sees us: XOR-MAPPED-ADDRESS. */
  readonly mapped: TransportAddress
  /** Who answered: the server that was asked, or the one it referred us to. */
  readonly server: ServerAddress
  /** The server's SOFTWARE. */
  readonly software: string | undefined
  /** OTHER-ADDRESS, where the server offers behaviour discovery (RFC 5780). */
  readonly other: TransportAddress | undefined
  /** RESPONSE-ORIGIN: the address that the server says it answered from. */
  readonly origin: TransportAddress | undefined
}

/** What a client asks of its host. `request` is what `StunClient.bind` returned. */
export interface StunClientHost {
  transmit(to: ServerAddress, bytes: Uint8Array): void
  succeeded(now: Millis, request: number, result: BindingResult): void
  /** The request has ended without an address: refused by the server, unanswered, or cancelled. */
  failed(now: Millis, request: number, error: StunError): void
  /** May add attributes to any request before it is signed. */
  preparing?(request: MessageBuilder): void
  /** Sees every message that is sent, and every answer to one of them, for a log. `bytes` are borrowed. */
  observed?(direction: MessageDirection, server: TransportAddress, bytes: Uint8Array): void
}

/** Datagrams that changed nothing: no answer to a request of ours, or one that was not signed as it must be. */
export type StunClientDiscard = 'unmatched' | 'unauthenticated' | 'malformed'
