import { openLink, type ServerLink } from '@purertc/turn/node'

import type { TurnServerAddress } from '../server-address.ts'

export interface ServerConnectionsHost {
  /** A message of the server; borrowed until the call returns. */
  received(socket: number, server: TurnServerAddress, bytes: Uint8Array): void
  /** The connection could not be made, or is no more. Not after {@link ServerConnections.disconnect}. */
  lost(socket: number, server: TurnServerAddress, reason: string): void
}

interface Connection {
  /** What was sent before the connection stood; null once it does. */
  waiting: Uint8Array[] | null
  link: ServerLink | null
  isWanted: boolean
}

/** The TCP and TLS connections of one agent to TURN servers: one for each local address and server. */
export class ServerConnections {
  readonly #host: ServerConnectionsHost
  readonly #authorities: readonly string[] | undefined
  readonly #connections = new Map<string, Connection>()
  readonly #closing = new Set<Promise<void>>()

  /** `authorities`: PEM certificates to trust in place of the system's. */
  constructor(authorities: readonly string[] | undefined, host: ServerConnectionsHost) {
    this.#authorities = authorities
    this.#host = host
  }

  /** Sends a copy; connects from `localAddress` first where that is still to be done. */
  send(socket: number, localAddress: string, server: TurnServerAddress, bytes: Uint8Array): void {
    const key = keyOf(socket, server)
    let connection = this.#connections.get(key)
    if (connection === undefined) {
      connection = { waiting: [], link: null, isWanted: true }
      this.#connections.set(key, connection)
      void this.#connect(key, connection, socket, localAddress, server)
    }
    if (connection.link !== null) connection.link.send(bytes)
    else if ((connection.waiting?.length ?? 0) < MAX_WAITING) connection.waiting?.push(new Uint8Array(bytes))
  }

  disconnect(socket: number, server: TurnServerAddress): void {
    this.#drop(keyOf(socket, server))
  }

  /** Resolves when the system has released all connections. */
  async close(): Promise<void> {
    for (const key of [...this.#connections.keys()]) this.#drop(key)
    await Promise.all(this.#closing)
  }

  async #connect(
    key: string,
    connection: Connection,
    socket: number,
    localAddress: string,
    server: TurnServerAddress,
  ): Promise<void> {
    const { address, hostname, transport } = server
    const uri = {
      host: hostname ?? address.address,
      port: address.port,
      secure: transport === 'tls',
      transport: 'tcp',
    }
    const tls = this.#authorities && { ca: [...this.#authorities] }
    try {
      const link = await openLink(uri, address, { localAddress, tls })
      if (!connection.isWanted) {
        this.#release(link)
        return
      }
      const waiting = connection.waiting ?? []
      connection.link = link
      connection.waiting = null
      link.start(
        (bytes) => this.#host.received(socket, server, bytes),
        (cause) => this.#lost(key, connection, socket, server, cause.message),
      )
      for (const bytes of waiting) link.send(bytes)
    } catch (error) {
      this.#lost(key, connection, socket, server, error instanceof Error ? error.message : String(error))
    }
  }

  #lost(
    key: string,
    connection: Connection,
    socket: number,
    server: TurnServerAddress,
    reason: string,
  ): void {
    if (!connection.isWanted) return
    this.#drop(key)
    this.#host.lost(socket, server, reason)
  }

  #drop(key: string): void {
    const connection = this.#connections.get(key)
    if (connection === undefined) return
    this.#connections.delete(key)
    connection.isWanted = false
    if (connection.link !== null) this.#release(connection.link)
  }

  #release(link: ServerLink): void {
    const closing = link.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}

function keyOf(socket: number, { address, transport }: TurnServerAddress): string {
  return `${socket}>${transport}:${address.address}|${address.port}`
}

/** A client asks once and waits for the answer. */
const MAX_WAITING = 8
