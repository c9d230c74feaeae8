import { connect, createServer, type Server, type Socket } from 'node:net'

import { Counters, DecodeError } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import { FiveTupleMap } from '../../server/five-tuple-map.ts'
import { BatchBuffers } from '../batch-buffers.ts'
import { WriteBatch } from '../write-batch.ts'
import { MAX_FRAME, readSiblingFrames, SiblingFrames, type SiblingFramesHost } from './sibling-frames.ts'

/** Takes what a relay of another process sends to one of ours. Bytes are borrowed until the call returns. */
export type SiblingData = (relay: number, from: TransportAddress, data: Uint8Array) => void

/** Takes a datagram of a client of ours that came to another process. Bytes are borrowed until the call returns. */
export type HandedOver = (client: TransportAddress, bytes: Uint8Array) => void

/**
 * The other processes that serve the same ports: a stream to each of them, and one from each. Two clients whose allocations
 * are in different processes need no sockets between their relays then; and what comes to the wrong process reaches the
 * right one. What a turn of the event loop has for a process leaves in one write, and is read in one.
 */
export class Siblings {
  /** Datagrams that went to other processes, or were lost for they did not keep up. */
  readonly passed: Counters<'relayed' | 'handed-over' | 'lost'> = new Counters()
  /** Where the others hear this one: a socket in the file system. */
  readonly path: string
  readonly #index: number
  readonly #server: Server
  readonly #buffers = new BatchBuffers()
  /** By process: those that hear this one. */
  readonly #hearers = new Map<number, WriteBatch>()
  readonly #sockets = new Set<Socket>()
  /** Relays of this process. */
  readonly #own = new Map<number, TransportAddress>()
  /** Relays of the others, by the address that peers send to. */
  readonly #relays = new FiveTupleMap<SiblingRelay>()
  readonly #ports = new Map<string, HandedOver>()
  readonly #onGone: (() => void)[] = []
  #received: SiblingData = () => undefined
  #isClosed = false

  private constructor(index: number, path: string, server: Server) {
    this.#index = index
    this.path = path
    this.#server = server
    server.on('connection', (socket) => this.#admit(socket))
  }

  /** The process of that number among them. `path` is a name that is free. Rejects with the system's error. */
  static async open(index: number, path: string): Promise<Siblings> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    return new Siblings(index, path, server)
  }

  /** From now on what is for relays of this process goes there. */
  start(received: SiblingData): void {
    this.#received = received
  }

  /** Hears another process from now on, until it is gone. */
  hear(process: number, path: string): void {
    const addresses = new Map<number, TransportAddress>()
    const chunk = Buffer.allocUnsafeSlow(CHUNK)
    /** Bytes of a frame whose end is still to come, which stand first in the chunk. */
    let rest = 0
    const frames = this.#framesOf(process, addresses)
    const read = (count: number): boolean => {
      const end = rest + count
      try {
        const used = readSiblingFrames(chunk, end, frames)
        chunk.copyWithin(0, used, end)
        rest = end - used
        return true
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
        socket.destroy()
        return false
      }
    }
    const socket = connect({ path, onread: { buffer: () => chunk.subarray(rest), callback: read } })
    this.#keep(socket)
    const hello = Buffer.alloc(2)
    hello.writeUInt16BE(this.#index)
    socket.write(hello)
    socket.once('close', () => {
      for (const [relay, address] of addresses) this.#forget(process, relay, address)
      if (!this.#isClosed) for (const listener of this.#onGone) listener()
    })
  }

  /** What the frames of that process mean; `addresses` are those of its relays. */
  #framesOf(process: number, addresses: Map<number, TransportAddress>): SiblingFramesHost {
    return {
      relayed: (to: number, from: number, data: Uint8Array) => {
        const address = addresses.get(from)
        if (address !== undefined) this.#received(to, address, data)
      },
      opened: (relay: number, address: TransportAddress) => {
        addresses.set(relay, address)
        this.#relays.set(0, address, { process, relay })
      },
      closed: (relay: number) => {
        this.#forget(process, relay, addresses.get(relay))
        addresses.delete(relay)
      },
      datagram: (port: string, client: TransportAddress, bytes: Uint8Array) =>
        this.#ports.get(port)?.(client, bytes),
    }
  }

  /** A UDP relay of this process is open: what the others have for it comes by the stream. */
  announce(relay: number, address: TransportAddress): void {
    this.#own.set(relay, address)
    for (const batch of this.#hearers.values()) SiblingFrames.opened(batch, relay, address)
  }

  /** It is closed. */
  withdraw(relay: number): void {
    if (this.#own.delete(relay))
      for (const batch of this.#hearers.values()) SiblingFrames.closed(batch, relay)
  }

  /** Takes what a relay of this process sends, if it is for one of another process; else false. */
  relay(from: number, peer: TransportAddress, data: Uint8Array): boolean {
    const found = this.#relays.get(0, peer)
    const batch = found && this.#hearers.get(found.process)
    if (found === undefined || batch === undefined || !this.#own.has(from)) return false
    this.passed.count(SiblingFrames.relayed(batch, found.relay, from, data) ? 'relayed' : 'lost')
    return true
  }

  /** What comes to the other processes on the port of that name, from clients of this one, goes to `received`. */
  share(port: string, received: HandedOver): void {
    this.#ports.set(port, received)
  }

  /** Hands a datagram on that port over to the process that serves its client. */
  handOver(process: number, port: string, client: TransportAddress, bytes: Uint8Array): void {
    const batch = this.#hearers.get(process)
    const isPassed = batch !== undefined && SiblingFrames.datagram(batch, port, client, bytes)
    this.passed.count(isPassed ? 'handed-over' : 'lost')
  }

  /** Calls back whenever another process that was heard is gone. */
  onGone(listener: () => void): void {
    this.#onGone.push(listener)
  }

  /** Resolves when the system has released everything. */
  async close(): Promise<void> {
    this.#isClosed = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of [...this.#sockets]) socket.destroy()
    await closed
  }

  /** A process that wants to hear this one says first which it is. */
  #admit(socket: Socket): void {
    this.#keep(socket)
    socket.once('data', (hello) => {
      const process = hello.readUInt16BE()
      const batch = new WriteBatch(socket, this.#buffers, MAX_QUEUE)
      this.#hearers.set(process, batch)
      for (const [relay, address] of this.#own) SiblingFrames.opened(batch, relay, address)
      socket.once('close', () => {
        batch.close()
        if (this.#hearers.get(process) === batch) this.#hearers.delete(process)
      })
    })
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // A process that is gone is replaced, and heard again then.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #forget(process: number, relay: number, address: TransportAddress | undefined): void {
    if (address === undefined) return
    const known = this.#relays.get(0, address)
    if (known?.process === process && known.relay === relay) this.#relays.delete(0, address)
  }
}

/** A relay of another process. */
interface SiblingRelay {
  readonly process: number
  readonly relay: number
}

/** What is read at once, at most: a frame fits. */
const CHUNK: number = 4 * MAX_FRAME

/** Bytes that may wait for a process to read them. */
const MAX_QUEUE = 4 << 20
