import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

import { networkOf, Tally } from '@purertc/bytes/node'
import { subprotocol } from '@purertc/signaling-protocol'

import { iceServersFor } from './ice-servers.ts'
import type { ExpiringIceServers, SignalingServerLimits, SignalingServerOptions } from './options.ts'

/** An upgrade is refused with this HTTP status. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** What was found out about an upgrade that may go on. */
export interface Admitted {
  readonly request: IncomingMessage
  readonly address: string
  readonly user: string | undefined
  readonly ice: ExpiringIceServers
  /** To be called when the connection is over. */
  release(): void
}

/** Who may connect, and how many of them at once. */
export class Gate {
  readonly #options: SignalingServerOptions
  readonly #limits: SignalingServerLimits
  readonly #networks: Tally = new Tally(networkOf)
  readonly #users: Tally = new Tally()
  #count = 0

  constructor(options: SignalingServerOptions, limits: SignalingServerLimits) {
    this.#options = options
    this.#limits = limits
  }

  /** Decides on an upgrade; rejects with a {@link Refusal}. */
  async admit(request: IncomingMessage): Promise<Admitted> {
    if (!offersProtocol(request)) throw new Refusal(400, `Sec-WebSocket-Protocol must offer ${subprotocol}`)
    if (this.#count >= this.#limits.connections) throw new Refusal(503, 'the server is full')
    const address = this.#addressOf(request)
    if (this.#networks.of(address) >= this.#limits.connectionsPerAddress)
      throw new Refusal(429, 'too many connections from this address')
    // Counted while hooks decide: else a thousand at once would all find room.
    this.#count++
    this.#networks.add(address)
    let user: string | undefined
    let isHeld = true
    const release = (): void => {
      if (!isHeld) return
      isHeld = false
      this.#count--
      this.#networks.remove(address)
      if (user !== undefined) this.#users.remove(user)
    }
    try {
      if (!isOriginAllowed(request, this.#options.origins))
        throw new Refusal(403, 'the origin is not allowed')
      const name = await this.#options.authenticate?.(request)
      if (name !== undefined) this.#users.add((user = this.#authenticated(name)))
      if ((await this.#options.beforeConnect?.(request)) === false)
        throw new Refusal(403, 'the connection is not allowed')
      return { request, address, user, ice: await iceServersFor(request, this.#options), release }
    } catch (error) {
      release()
      if (error instanceof Refusal) throw error
      throw new Refusal(500, 'a hook of the server failed', { cause: error })
    }
  }

  #addressOf(request: IncomingMessage): string {
    try {
      return this.#options.addressOf?.(request) ?? request.socket.remoteAddress ?? ''
    } catch (cause) {
      throw new Refusal(500, 'a hook of the server failed', { cause })
    }
  }

  /** To be counted before anything else runs: several may hear who they are at the same moment. */
  #authenticated(user: string | null): string {
    if (user === null) throw new Refusal(401, 'credentials are missing or do not hold')
    if (this.#users.of(user) >= this.#limits.connectionsPerUser)
      throw new Refusal(429, 'too many connections of this user')
    return user
  }
}

/** Whether the request's path is the wanted one. */
export function hasPath(request: IncomingMessage, path: string | undefined): boolean {
  return path === undefined || request.url?.split('?', 1)[0] === path
}

/** Answers an upgrade with an HTTP status, and lets go of its socket. */
export function refuse(socket: Duplex, { status, message }: Refusal): void {
  if (socket.writableEnded) return
  // An upgraded socket has lost the listeners of its HTTP server: a reset would end the process.
  socket.on('error', () => socket.destroy())
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${new TextEncoder().encode(message).length}`,
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${message}`)
}

function offersProtocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some((protocol) => protocol.trim() === subprotocol)
}

function isOriginAllowed(request: IncomingMessage, origins: SignalingServerOptions['origins']): boolean {
  const { origin } = request.headers
  if (origins === undefined) return true
  if (typeof origins === 'function') return origins(origin, request)
  return origin === undefined || origins.includes(origin)
}
