import { once } from 'node:events'
import { connect } from 'node:net'

import { type ClientFrame, subprotocol } from '@purertc/signaling-protocol'

import type { SignalingServer } from '../src/index.ts'

/** A client without a WebSocket's manners: it answers no ping and no goodbye. */
export async function rawClient(server: SignalingServer): Promise<{
  socket: ReturnType<typeof connect>
  send(frame: ClientFrame): void
  ping(): void
}> {
  const socket = connect(server.address!.port, '127.0.0.1')
  socket.on('error', () => {})
  const connected = once(server, 'connect')
  socket.write(upgradeRequest('/'))
  await connected
  socket.resume()
  const send = (frame: ClientFrame): void => {
    const payload = Buffer.from(JSON.stringify(frame))
    // FIN and text; masked with zeros, RFC 6455 §5.2.
    socket.write(Buffer.concat([Buffer.of(0x81, 0x80 | payload.length, 0, 0, 0, 0), payload]))
  }
  /** With as much in it as a control frame may have, RFC 6455 §5.5. */
  const ping = (): void =>
    void socket.write(Buffer.concat([Buffer.of(0x89, 0xfd, 0, 0, 0, 0), Buffer.alloc(125)]))
  return { socket, send, ping }
}

export function upgradeRequest(path: string, protocols: readonly string[] = [subprotocol]): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...protocols.map((protocol) => `Sec-WebSocket-Protocol: ${protocol}`),
    '\r\n',
  ].join('\r\n')
}
