import { Counters, type Millis } from '@purertc/bytes'
import { ConnectionId, MessageClass, Method, StunMessage } from '@purertc/stun'

import type { TurnError } from '../turn-error.ts'
import type { TurnRequests } from './turn-requests.ts'

/** What a data connection asks of its host and tells it. Bytes are borrowed until the call returns. */
export interface DataConnectionHost {
  transmit(bytes: Uint8Array): void
  /** From the byte behind the last message on, the stream is the peer's. */
  bound(): void
  failed(error: TurnError): void
}

/**
 * The beginning of a client's data connection, RFC 6062 §4.3: on a new TCP or TLS connection to the server, ConnectionBind
 * makes it one with a peer.
 *
 * @example
 * const binding = client.dataConnection(connectionId, { transmit, bound, failed })
 * binding.start(now)
 */
export class DataConnection {
  readonly #host: DataConnectionHost
  readonly #connectionId: number
  readonly #requests: TurnRequests

  /** Made by `TurnClient.dataConnection`; `control` are the requests of the allocation. */
  constructor(control: TurnRequests, connectionId: number, host: DataConnectionHost) {
    this.#host = host
    this.#connectionId = connectionId
    this.#requests = control.fork(new Counters(), { transmit: (bytes) => host.transmit(bytes) })
  }

  get nextTimeout(): Millis {
    return this.#requests.nextTimeout
  }

  start(now: Millis): void {
    this.#requests.start(now, {
      method: Method.connectionBind,
      write: (message) => void message.add(ConnectionId, this.#connectionId),
      succeeded: () => this.#host.bound(),
      failed: (_at, error) => this.#host.failed(error),
    })
  }

  /** One message from the server. */
  handleMessage(now: Millis, bytes: Uint8Array): void {
    const message = StunMessage.decode(bytes)
    if (message !== null && message.class >= MessageClass.successResponse)
      this.#requests.handleResponse(now, message)
  }

  handleTimeout(now: Millis): void {
    this.#requests.handleTimeout(now)
  }
}
