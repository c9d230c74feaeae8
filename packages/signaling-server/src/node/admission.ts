import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { type IceServer, subprotocol } from '@purertc/signaling-protocol'

import type { SignalingServerOptions } from './options.ts'

/** An upgrade is refused with this HTTP status. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** Decides on an upgrade: gives the ICE servers to welcome it with, or throws a {@link Refusal}. */
export async function admit(
  request: IncomingMessage,
  options: SignalingServerOptions,
): Promise<readonly IceServer[]> {
  if (!offersProtocol(request)) throw new Refusal(400, `Sec-WebSocket-Protocol must offer ${subprotocol}`)
  try {
    if (!isOriginAllowed(request, options.origins)) throw new Refusal(403, 'the origin is not allowed')
    if (options.beforeConnect !== undefined && !(await options.beforeConnect(request)))
      throw new Refusal(403, 'the connection is not allowed')
    const { iceServers = [] } = options
    return typeof iceServers === 'function' ? await iceServers(request) : iceServers
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(500, 'a hook of the server failed', { cause: error })
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
