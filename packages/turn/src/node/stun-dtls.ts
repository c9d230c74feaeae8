/**
 * STUN over DTLS (RFC 7350) for `@purertc/stun`, which knows no DTLS itself: a client's transport and a server's listener.
 */
import type { TlsOptions } from 'node:tls'

import { asError } from '@purertc/bytes'
import type { DtlsSocket } from '@purertc/dtls/node'
import {
  type AnswerPath,
  formatAddress,
  type ServerAddress,
  type StunListener,
  type StunListenerHost,
  type StunTransport,
  type StunTransportHost,
  type TransportAddress,
  transportAddress,
} from '@purertc/stun'
import type { TransportKind } from '@purertc/stun/node'

import { DtlsPort } from './dtls-port.ts'
import { connectDtls, type DtlsSessionOptions, type TrustOptions } from './dtls-session.ts'
import type { StreamLimits } from './stream-listener.ts'

/**
 * The transport of a STUN client.
 *
 * @example
 * const client = await NodeStunClient.open('stuns:stun.example.org', { transport: dtls() })
 */
export function dtls(trust: TrustOptions = {}): TransportKind {
  return {
    protocol: 'udp',
    isSecure: true,
    open: async (server, { connectTimeout }) => {
      const options = { ...trust, handshakeTimeout: connectTimeout }
      const transport = new DtlsTransport(options)
      await transport.reach(server)
      return transport
    },
  }
}

/**
 * A listener for `NodeStunServer.attach`. `tls` has certificate and key in PEM. Rejects with the system's error.
 *
 * @example
 * await server.attach(await listenStunDtls(transportAddress('0.0.0.0', 5349), { cert, key }))
 */
export async function listenStunDtls(
  at: TransportAddress,
  tls: TlsOptions,
  limits: StreamLimits = {},
): Promise<StunListener> {
  return new DtlsStunListener(await DtlsPort.bind(at, tls, limits))
}

/** A session for the server, and one for each that it refers to. */
class DtlsTransport implements StunTransport {
  readonly isReliable = false
  /** DTLS sockets do not tell theirs. */
  readonly local: TransportAddress = transportAddress('0.0.0.0', 0)
  readonly #options: DtlsSessionOptions
  readonly #sessions = new Map<string, Promise<DtlsSocket>>()
  #host: StunTransportHost | null = null
  #isClosed = false

  constructor(options: DtlsSessionOptions) {
    this.#options = options
  }

  /** Resolves when there is a session with that server. */
  reach(server: ServerAddress): Promise<DtlsSocket> {
    const key = formatAddress(server)
    const session = this.#sessions.get(key) ?? this.#connect(server)
    this.#sessions.set(key, session)
    return session
  }

  start(host: StunTransportHost): void {
    this.#host = host
  }

  send(to: ServerAddress, bytes: Uint8Array): void {
    if (this.#isClosed) return
    const copy = new Uint8Array(bytes)
    this.reach(to).then(
      (socket) => {
        if (!this.#isClosed) socket.send(copy)
      },
      (error: unknown) => this.#lose(to, asError(error)),
    )
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#host = null
    const sessions = await Promise.allSettled(this.#sessions.values())
    this.#sessions.clear()
    for (const session of sessions) if (session.status === 'fulfilled') session.value.close()
  }

  async #connect(server: ServerAddress): Promise<DtlsSocket> {
    const socket = await connectDtls(server.domain ?? server.address, server, this.#options)
    socket.on('message', (bytes) => this.#host?.received(server, bytes))
    socket.on('close', () => this.#lose(server, new Error('the server has closed the session')))
    return socket
  }

  #lose(server: ServerAddress, error: Error): void {
    this.#sessions.delete(formatAddress(server))
    this.#host?.failed(error, server)
  }
}

class DtlsStunListener implements StunListener {
  readonly transport = 'dtls'
  readonly local: TransportAddress
  readonly #port: DtlsPort
  readonly #path: AnswerPath

  constructor(port: DtlsPort) {
    this.local = port.local
    this.#port = port
    this.#path = { ...port.local, transport: 'dtls', send: (to, bytes) => port.send(to, bytes) }
  }

  start(host: StunListenerHost): void {
    this.#port.start({
      received: (from, bytes) => host.received(from, bytes, this.#path),
      disconnected: () => undefined,
      failed: (error) => host.failed(error),
      isServed: () => false,
    })
  }

  close(): Promise<void> {
    return this.#port.close()
  }
}
