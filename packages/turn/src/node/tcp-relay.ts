import { connect, createServer, type Server, type Socket } from 'node:net'

import { type TransportAddress, transportAddress } from '@purertc/stun'

/**
 * The relayed address of a TCP allocation, RFC 6062 §5: peers connect to it, and connections to peers leave from it.
 *
 * A port that is listened on cannot be connected from, so the listener steps aside for the moment in which the system
 * binds an outgoing connection: connections in both directions may share a port, just not with a listener.
 */
export class TcpRelay {
  readonly #at: TransportAddress
  #server: Server
  #arrived: (socket: Socket, peer: TransportAddress) => void = (socket) => socket.destroy()
  #failed: (error: Error) => void = () => undefined
  #isClosed = false
  /** Outgoing connections are bound one after the other. */
  #turn: Promise<void> = Promise.resolve()

  private constructor(at: TransportAddress, server: Server) {
    this.#at = at
    this.#server = this.#adopt(server)
  }

  /** Rejects with the system's error, `EADDRINUSE` for instance. */
  static async bind(at: TransportAddress): Promise<TcpRelay> {
    return new TcpRelay(at, await listen(at))
  }

  /** From now on connections of peers go to `arrived`, unread. */
  start(arrived: (socket: Socket, peer: TransportAddress) => void, failed: (error: Error) => void): void {
    this.#arrived = arrived
    this.#failed = failed
  }

  /** Connects to a peer; nothing is read from it yet. Rejects with the system's error, or after 30 seconds. */
  async connect(peer: TransportAddress): Promise<Socket> {
    const before = this.#turn
    let done = (): void => undefined
    this.#turn = new Promise((resolve) => (done = resolve))
    await before
    const connected = this.#isClosed ? Promise.reject(new Error('the allocation is gone')) : this.#dial(peer)
    // Who waits for it does so below.
    connected.catch(() => undefined)
    try {
      // Node binds and sends the SYN in the next tick; then the port can be listened on again.
      await new Promise((resolve) => setImmediate(resolve))
      if (!this.#isClosed) this.#server = this.#adopt(await listen(this.#at))
    } finally {
      done()
    }
    return connected
  }

  #dial({ address, port }: TransportAddress): Promise<Socket> {
    const { address: localAddress, port: localPort } = this.#at
    this.#server.close()
    const socket = connect({ host: address, port, localAddress, localPort, allowHalfOpen: true })
    socket.pause()
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.setTimeout(PATIENCE, () => socket.destroy(new Error('the peer does not answer')))
      socket.once('connect', () => {
        socket.setTimeout(0)
        socket.off('error', reject)
        resolve(socket)
      })
    })
  }

  /** Resolves when the system has released the listener; connections are their owner's. */
  async close(): Promise<void> {
    this.#isClosed = true
    const server = this.#server
    // A server waits for all connections that it accepted, which may outlive it here: its socket is gone at once.
    server.close()
    await this.#turn
    this.#server.close()
  }

  #adopt(server: Server): Server {
    server.on('connection', (socket: Socket) => {
      const { remoteAddress = '', remotePort = 0 } = socket
      if (remoteAddress === '') socket.destroy()
      else this.#arrived(socket, transportAddress(remoteAddress, remotePort))
    })
    server.on('error', (error) => this.#failed(error))
    return server
  }
}

async function listen({ family, address, port }: TransportAddress): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, ipv6Only: family === 'IPv6', exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return server
}

/** Milliseconds, as RFC 6062 §5.2 has it. */
const PATIENCE = 30_000
