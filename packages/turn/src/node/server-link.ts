import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

import { isIpAddress, type TransportAddress, transportAddress } from '@purertc/stun'

import { TurnError } from '../turn-error.ts'
import type { TurnUri } from '../turn-uri.ts'
import { connectDtls } from './dtls-session.ts'
import { StreamConnection } from './stream-connection.ts'
import { SendBuffer, UdpPort } from './udp-port.ts'

/**
 * A client's way to its server: a UDP socket, a DTLS session, or a TCP or TLS connection. Implement it to go another way
 * (`link` of `createTurnClient`).
 */
export interface ServerLink {
  /** Whether what is sent arrives or the link fails: nothing is sent twice then. */
  readonly isReliable: boolean
  /** From now on messages are heard. `failed` is called once, when the link is of no more use. */
  start(received: (bytes: Uint8Array) => void, failed: (cause: Error) => void): void
  /** Sends a copy of the bytes, one message. Does nothing once closed. */
  send(bytes: Uint8Array): void
  /** Resolves when the system has released the link. */
  close(): Promise<void>
}

/** What of a URI tells how to get there. */
export type LinkTarget = Pick<TurnUri, 'secure' | 'host' | 'transport'>

export interface LinkOptions {
  /** The local address to talk to the server from, but over DTLS; the system's choice by default. */
  readonly localAddress?: string | undefined
  /** For `turns:`, what to trust: `ca`, `servername`, … of `tls.connect`. */
  readonly tls?: ConnectionOptions | undefined
  /** Seconds that making a connection may take. Default 10. */
  readonly connectTimeout?: number | undefined
  /** Gives it up while it is being made: {@link TurnError} `cancelled`, and nothing is left open. */
  readonly signal?: AbortSignal | undefined
}

/** Rejects with {@link TurnError} `transport` where the server cannot be reached, its certificate is no good included. */
export async function openLink(
  uri: LinkTarget,
  server: TransportAddress,
  options: LinkOptions,
): Promise<ServerLink> {
  throwIfCancelled(options.signal)
  if (uri.transport !== 'udp') return openStream(uri, server, options)
  return uri.secure ? openDtls(uri, server, options) : openUdp(server, options)
}

async function openDtls(
  { host }: LinkTarget,
  server: TransportAddress,
  { tls, connectTimeout = 10, signal }: LinkOptions,
): Promise<ServerLink> {
  const socket = await connectDtls(host, server, { ...tls, handshakeTimeout: 1000 * connectTimeout, signal })
  return {
    isReliable: false,
    start: (received, failed) => {
      socket.on('message', received)
      socket.on('close', () => failed(new Error('the server closed the session')))
    },
    send: (bytes) => {
      if (socket.association.state === 'connected' && bytes.length <= MAX_RECORD) socket.send(bytes)
    },
    close: () => {
      socket.removeAllListeners()
      socket.close()
      return Promise.resolve()
    },
  }
}

async function openUdp(server: TransportAddress, { localAddress }: LinkOptions): Promise<ServerLink> {
  const anywhere = server.family === 'IPv4' ? '0.0.0.0' : '::'
  const port = await UdpPort.bind(transportAddress(localAddress ?? anywhere, 0), new SendBuffer())
  return {
    isReliable: false,
    start: (received, failed) =>
      port.start((from, bytes) => {
        if (from.port === server.port && from.address === server.address) received(bytes)
      }, failed),
    send: (bytes) => port.send(server, bytes),
    close: () => port.close(),
  }
}

async function openStream(
  uri: LinkTarget,
  server: TransportAddress,
  options: LinkOptions,
): Promise<ServerLink> {
  return new StreamLink(await connectStream(uri, server, options))
}

/** A TCP or TLS connection. Rejects with {@link TurnError} `transport`. */
export async function connectStream(
  { host, secure }: LinkTarget,
  { address, port }: TransportAddress,
  { localAddress, tls, connectTimeout = 10, signal }: LinkOptions,
): Promise<Socket> {
  const to = { host: address, port, ...(localAddress === undefined ? {} : { localAddress }) }
  // The name that the user trusts is the one in the URI, wherever DNS leads (RFC 8656 §3.1); SNI takes no addresses.
  const name = isIpAddress(host) === null ? { servername: host } : {}
  const socket = secure ? connectTls({ ...name, ...tls, ...to }) : connectTcp(to)
  await connected(socket, secure ? 'secureConnect' : 'connect', 1000 * connectTimeout, signal)
  return socket
}

/** Throws {@link TurnError} `cancelled`. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new TurnError('cancelled', 'given up by its signal')
}

async function connected(
  socket: Socket,
  event: string,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const cancel = (): unknown => socket.destroy(new Error('given up by its signal'))
  try {
    signal?.addEventListener('abort', cancel)
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve)
      socket.once('error', reject)
      socket.setTimeout(patience, () => reject(new Error('the server does not take the connection')))
    })
    socket.setTimeout(0)
  } catch (error) {
    socket.on('error', () => undefined)
    socket.destroy()
    throwIfCancelled(signal)
    throw TurnError.from('transport', error)
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

class StreamLink implements ServerLink {
  readonly isReliable = true
  readonly #connection: StreamConnection
  #received: (bytes: Uint8Array) => void = () => undefined
  #failed: (cause: Error) => void = () => undefined

  constructor(socket: Socket) {
    this.#connection = new StreamConnection(socket, false, {
      received: (bytes) => this.#received(bytes),
      ended: (_reason, error) => this.#failed(error ?? new Error('the server closed the connection')),
    })
  }

  start(received: (bytes: Uint8Array) => void, failed: (cause: Error) => void): void {
    this.#received = received
    this.#failed = failed
  }

  send(bytes: Uint8Array): void {
    this.#connection.send(bytes)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

/** Bytes of a DTLS record's plaintext, RFC 6347 §4.1. */
const MAX_RECORD = 16_384
