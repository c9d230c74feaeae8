import type { Duplex } from 'node:stream'

import type { TransportAddress } from '@purertc/stun'

import type { TcpRelay } from './tcp-relay.ts'

export interface PeerLinksHost {
  /** Whether anybody still waits for a connection that is being made. */
  isWanted(connection: number): boolean
  /** A connection was made. */
  connected(connection: number): void
  /** So many bytes have come over a joined connection; milliseconds to wait before more are read. */
  relayed(connection: number, direction: 'to-peer' | 'to-client', bytes: number): number
  /** A connection could not be made, or has ended by the will of one of its sides; what it was joined to is closed. */
  ended(connection: number): void
}

/** TCP connections with peers, by number, and the clients' connections that they are joined to (RFC 6062 §5.4 and §5.5). */
export class PeerLinks {
  readonly #host: PeerLinksHost
  readonly #links = new Map<number, Link>()

  constructor(host: PeerLinksHost) {
    this.#host = host
  }

  /**
   * Connects to a peer from a relay's address. It waits as long as the system does: the machine gives the peer up before
   * that, and then nobody wants the socket.
   */
  async connect(connection: number, relay: TcpRelay | undefined, peer: TransportAddress): Promise<void> {
    // Whatever the reason is, the client is told 447 (RFC 6062 §5.2).
    const socket = await relay?.connect(peer).catch(() => undefined)
    if (socket === undefined) {
      this.#host.ended(connection)
    } else if (this.#host.isWanted(connection)) {
      this.add(connection, socket)
      this.#host.connected(connection)
    } else {
      socket.destroy()
    }
  }

  /** Keeps a connection, unread. */
  add(connection: number, peer: Duplex): void {
    const link: Link = { peer, client: null }
    this.#links.set(connection, link)
    this.#watch(connection, link, peer)
  }

  /** From now on data passes both ways, as fast as the slower side reads and the limits allow. */
  join(connection: number, client: Duplex): void {
    const link = this.#links.get(connection)
    if (link === undefined) {
      client.destroy()
      return
    }
    link.client = client
    this.#watch(connection, link, client)
    pump(client, link.peer, (bytes) => this.#host.relayed(connection, 'to-peer', bytes))
    pump(link.peer, client, (bytes) => this.#host.relayed(connection, 'to-client', bytes))
  }

  /** Ends a connection and what it is joined to; the host is not told. */
  close(connection: number): void {
    const link = this.#links.get(connection)
    this.#links.delete(connection)
    link?.peer.destroy()
    link?.client?.destroy()
  }

  closeAll(): void {
    for (const connection of [...this.#links.keys()]) this.close(connection)
  }

  #watch(connection: number, link: Link, side: Duplex): void {
    // An error is one more way to end, and `close` follows it.
    side.on('error', () => undefined)
    side.once('close', () => {
      if (this.#links.get(connection) !== link) return
      this.#links.delete(connection)
      const other = side === link.peer ? link.client : link.peer
      if (other !== null) finish(other)
      this.#host.ended(connection)
    })
  }
}

interface Link {
  readonly peer: Duplex
  client: Duplex | null
}

/** One direction of a joined pair. */
function pump(from: Duplex, to: Duplex, count: (bytes: number) => number): void {
  const goOn = (): void => void from.resume()
  from.on('data', (chunk: Buffer) => {
    const delay = count(chunk.length)
    const isTaken = to.write(chunk)
    if (isTaken && delay <= 0) return
    from.pause()
    if (delay > 0) setTimeout(goOn, delay).unref()
    else to.once('drain', goOn)
  })
  from.on('end', () => to.end())
  from.resume()
}

/** Lets what was written last leave, for a while. */
function finish(stream: Duplex): void {
  stream.end()
  setTimeout(() => stream.destroy(), LINGER).unref()
}

/** Milliseconds. */
const LINGER = 1_000
