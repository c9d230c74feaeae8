import type { TlsOptions } from 'node:tls'

import { networkOf, Tally } from '@purertc/bytes/node'
import { createServer, type DtlsServer, type DtlsSocket, readCertificate } from '@purertc/dtls/node'
import { isIpAddress, type TransportAddress } from '@purertc/stun'

import { FiveTupleMap } from '../server/five-tuple-map.ts'
import { TurnError } from '../turn-error.ts'
import type { DisconnectReason } from './listener.ts'
import { SharedPort } from './processes/shared-port.ts'
import type { StreamLimits } from './stream-listener.ts'
import { SendBuffer, UdpPort } from './udp-port.ts'

export interface DtlsPortHost {
  /** One message of a client. Bytes are borrowed until the call returns. */
  received(client: TransportAddress, bytes: Uint8Array): void
  disconnected(client: TransportAddress, reason: DisconnectReason): void
  failed(error: Error): void
  /** Whether a silent client is to be kept. */
  isServed(client: TransportAddress): boolean
}

/**
 * A UDP port on which clients speak DTLS (RFC 7350): a session for each address that has returned a cookie. Sessions are
 * bounded in number and idleness, as connections are.
 */
export class DtlsPort {
  readonly local: TransportAddress
  readonly #server: DtlsServer
  readonly #port: UdpPort | SharedPort
  readonly #limits: StreamLimits
  readonly #sessions = new FiveTupleMap<Session>()
  readonly #networks = new Tally(networkOf)
  readonly #sweep: NodeJS.Timeout
  #host: DtlsPortHost | null = null

  private constructor(server: DtlsServer, port: UdpPort | SharedPort, limits: StreamLimits) {
    this.local = port.local
    this.#port = port
    this.#server = server
    this.#limits = limits
    server.on('secureConnection', (socket) => this.#open(socket))
    server.on('clientError', (_error, { address: from, port: fromPort }) =>
      this.#host?.disconnected(addressOf(from, fromPort), 'handshake'),
    )
    server.on('error', (error) => this.#host?.failed(error))
    this.#sweep = setInterval(() => this.#closeIdle(), this.#idleTimeout / 2)
    this.#sweep.unref()
  }

  /**
   * Binds; port 0 takes a free one. `tls` has certificate and key in PEM. Rejects with the system's error, or
   * `invalid-config`.
   */
  static bind(at: TransportAddress, tls: TlsOptions, limits: StreamLimits = {}): Promise<DtlsPort> {
    return DtlsPort.on(() => UdpPort.bind(at, new SendBuffer()), tls, limits)
  }

  /** The same on a port of another kind. */
  static async on(
    bind: () => Promise<UdpPort | SharedPort>,
    tls: TlsOptions,
    { maxConnections = 10_000, ...limits }: StreamLimits = {},
  ): Promise<DtlsPort> {
    const server = createServer({
      certificate: readCertificate(pemOf(tls.cert, 'certificate'), pemOf(tls.key, 'key')),
      // Users prove who they are by STUN; TURN knows no certificates of clients.
      verify: { anonymous: true },
      clientCertificate: 'none',
      maxSessions: maxConnections,
    })
    const port = await bind()
    server.listenOn({
      local: port.local,
      start: (received, failed) => port.start(received, failed),
      send: (to, datagram) => port.send(to, datagram),
      close: () => port.close(),
    })
    return new DtlsPort(server, port, limits)
  }

  start(host: DtlsPortHost): void {
    this.#host = host
  }

  /** Sends a copy of one message; does nothing where there is no session. */
  send(client: TransportAddress, bytes: Uint8Array): void {
    const socket = this.#sessions.get(0, client)?.socket
    // What fits no record is lost, as it would be in UDP.
    if (socket?.association.state === 'connected' && bytes.length <= MAX_RECORD) socket.send(bytes)
  }

  async close(): Promise<void> {
    this.#host = null
    clearInterval(this.#sweep)
    await new Promise<void>((resolve) => this.#server.close(resolve))
  }

  get #idleTimeout(): number {
    return 1000 * (this.#limits.idleTimeout ?? DEFAULT_IDLE)
  }

  #open(socket: DtlsSocket): void {
    const address = addressOf(socket.remote.address, socket.remote.port)
    if (this.#networks.of(address.address) >= (this.#limits.connectionsPerAddress ?? 256)) {
      this.#host?.disconnected(address, 'address-limit')
      socket.close()
      return
    }
    this.#networks.add(address.address)
    const session: Session = { socket, address, heardAt: performance.now() }
    this.#sessions.set(0, address, session)
    if (this.#port instanceof SharedPort) this.#port.pin(address)
    socket.on('message', (bytes) => {
      session.heardAt = performance.now()
      this.#host?.received(address, bytes)
    })
    socket.once('close', ({ kind }) => this.#forget(session, kind === 'close-notify' ? 'ended' : 'failed'))
  }

  #closeIdle(): void {
    const oldest = performance.now() - this.#idleTimeout
    for (const session of [...this.#sessions.values()]) {
      if (session.heardAt > oldest || this.#host?.isServed(session.address) !== false) continue
      this.#forget(session, 'idle')
      session.socket.close()
    }
  }

  #forget(session: Session, reason: DisconnectReason): void {
    const { address } = session
    if (this.#sessions.get(0, address) !== session) return
    this.#sessions.delete(0, address)
    if (this.#port instanceof SharedPort) this.#port.unpin(address)
    this.#networks.remove(address.address)
    this.#host?.disconnected(address, reason)
  }
}

interface Session {
  readonly socket: DtlsSocket
  readonly address: TransportAddress
  heardAt: number
}

/** As UDP sockets write addresses. */
function addressOf(address: string, port: number): TransportAddress {
  return { family: isIpAddress(address) ?? 'IPv6', address, port }
}

function pemOf(pem: TlsOptions['cert'] | TlsOptions['key'], what: string): string {
  const first: unknown = Array.isArray(pem) ? pem[0] : pem
  if (typeof first === 'string' || first instanceof Uint8Array) return Buffer.from(first).toString()
  throw new TurnError('invalid-config', `DTLS takes one ${what} in PEM`)
}

const DEFAULT_IDLE = 30

/** Bytes of a DTLS record's plaintext, RFC 6347 §4.1. */
const MAX_RECORD = 16_384
