import { once } from 'node:events'
import { createServer, connect, type Server, type Socket } from 'node:net'

import { isIpAddress, type TransportAddress } from '@purertc/stun'

import type { TcpType } from '../candidate.ts'
import { DatagramFramer, frameDatagram } from './datagram-framing.ts'

export interface TcpSocketOptions {
  /** An interface's address. */
  readonly address: string
  /** Of `passive` and `so`; 0: any. */
  readonly port: number
  readonly tcpType: TcpType
  /** Bytes are borrowed until the call returns. */
  readonly received: (from: TransportAddress, bytes: Uint8Array) => void
  /** The connection could not be made, or is no more. */
  readonly lost: (to: TransportAddress) => void
}

interface Connection {
  readonly socket: Socket
  readonly remote: TransportAddress
  isOpen: boolean
  /** What is to be sent when it opens. */
  waiting: Uint8Array[]
}

/**
 * Datagrams over TCP for one local address, RFC 6544: `active` connects to whoever is sent to, `passive` takes
 * connections, `so` connects from its one port while the other end does the same. Frames are RFC 4571's.
 */
export class TcpSocket {
  /** Its port is 9 where it is active (RFC 6544 §4.5). */
  readonly address: TransportAddress
  readonly #options: TcpSocketOptions
  readonly #server: Server | null
  readonly #connections = new Map<string, Connection>()
  /** Connections of strangers that have sent nothing yet. */
  #idle = 0
  #isClosed = false

  private constructor(options: TcpSocketOptions, server: Server | null, port: number) {
    const family = isIpAddress(options.address) === 'IPv6' ? 'IPv6' : 'IPv4'
    this.#options = options
    this.#server = server
    this.address = { family, address: options.address, port }
    server?.on('connection', (socket) => this.#accept(socket))
    // Without a listener it would end the process; a server that fails for good is found out by its silence.
    server?.on('error', () => undefined)
  }

  /** Rejects with the system's error where the port cannot be had. */
  static async open(options: TcpSocketOptions): Promise<TcpSocket> {
    if (options.tcpType === 'active') return new TcpSocket(options, null, ACTIVE_PORT)
    const server = createServer({ noDelay: true })
    const listening = once(server, 'listening')
    server.listen({ host: options.address, port: options.port, exclusive: true })
    await listening
    const { port } = server.address() as { port: number }
    if (options.tcpType === 'passive') return new TcpSocket(options, server, port)
    // A port that listens cannot connect: the kernel's own simultaneous open takes what comes in meanwhile.
    server.close()
    await once(server, 'close')
    return new TcpSocket(options, null, port)
  }

  /** Sends a copy of the datagram; to an address without a connection a passive socket sends nothing. */
  send(to: TransportAddress, bytes: Uint8Array): void {
    if (this.#isClosed || bytes.length > MAX_DATAGRAM) return
    const known = this.#connections.get(keyOf(to))
    const connection = known ?? (this.#options.tcpType === 'passive' ? null : this.#connect(to))
    if (connection === null) return
    const frame = frameDatagram(bytes)
    if (!connection.isOpen) {
      if (connection.waiting.length < MAX_WAITING) connection.waiting.push(frame)
    } else if (connection.socket.writableLength < MAX_BUFFERED) {
      connection.socket.write(frame)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { socket } of this.#connections.values()) socket.destroy()
    this.#connections.clear()
    if (this.#server === null) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  #connect(to: TransportAddress): Connection | null {
    if (to.port === 0 || this.#connections.size >= MAX_CONNECTIONS) return null
    const { address, port } = this.address
    const socket = connect({
      host: to.address,
      port: to.port,
      localAddress: address,
      ...(this.#options.tcpType === 'so' && { localPort: port }),
    })
    socket.setNoDelay(true)
    const remote = { family: to.family, address: to.address, port: to.port }
    const connection: Connection = { socket, remote, isOpen: false, waiting: [] }
    this.#connections.set(keyOf(to), connection)
    socket.once('connect', () => {
      connection.isOpen = true
      for (const frame of connection.waiting) socket.write(frame)
      connection.waiting = []
    })
    this.#read(connection)
    return connection
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    const isFull = this.#idle >= MAX_IDLE || this.#connections.size >= MAX_CONNECTIONS
    if (this.#isClosed || isFull || remoteAddress === undefined || remotePort === undefined) {
      socket.destroy()
      return
    }
    const remote = { family: this.address.family, address: remoteAddress, port: remotePort }
    const connection: Connection = { socket, remote, isOpen: true, waiting: [] }
    this.#connections.set(keyOf(remote), connection)
    // Who connects has a check to send.
    this.#idle++
    socket.setTimeout(IDLE_PATIENCE, () => socket.destroy())
    const greeted = (): void => {
      this.#idle--
      socket.off('data', greeted)
      socket.off('close', greeted)
      socket.setTimeout(0)
    }
    socket.on('data', greeted)
    socket.on('close', greeted)
    this.#read(connection)
  }

  #read({ socket, remote }: Connection): void {
    const framer = new DatagramFramer((bytes) => {
      if (!this.#isClosed) this.#options.received(remote, bytes)
    })
    socket.on('data', (chunk) => framer.push(chunk))
    // `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (this.#connections.get(keyOf(remote))?.socket !== socket) return
      this.#connections.delete(keyOf(remote))
      if (!this.#isClosed) this.#options.lost(remote)
    })
  }
}

function keyOf({ address, port }: TransportAddress): string {
  return `${address}|${port}`
}

/** RFC 6544 §4.5: discard. */
const ACTIVE_PORT = 9
const MAX_DATAGRAM = 0xffff
/** What may be sent before a connection stands: a check, and the first data behind it. */
const MAX_WAITING = 16
/** Bytes that may wait for the peer to read; beyond, datagrams are lost as UDP's would be. */
const MAX_BUFFERED = 1 << 20
const MAX_CONNECTIONS = 256
/** Connections of strangers that have said nothing, and how long they may, in milliseconds. */
const MAX_IDLE = 32
const IDLE_PATIENCE = 5_000
