import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import type { RemoteAddress } from './remote-address.ts'

/** A bound UDP port that a server speaks by: its own, or one that is shared with others. */
export interface DatagramPort {
  readonly local: AddressInfo
  /** From now on datagrams go to `received`; their bytes are borrowed until it returns. */
  start(received: (from: RemoteAddress, datagram: Uint8Array) => void, failed: (error: Error) => void): void
  /** Sends a copy. Whether it arrives is UDP's business. */
  send(to: RemoteAddress, datagram: Uint8Array): void
  /** Resolves when the system has released the port. */
  close(): Promise<void>
}

/** A port of the server's own. Rejects with the system's error. */
export async function openPort(
  type: 'udp4' | 'udp6',
  at: { readonly port: number; readonly address?: string | undefined },
): Promise<DatagramPort> {
  const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER })
  socket.bind(at.port, at.address)
  await once(socket, 'listening').catch((error: unknown) => {
    socket.close()
    throw error
  })
  return {
    local: socket.address(),
    start: (received, failed) => {
      socket.on('message', (datagram, from) => received(from, datagram))
      socket.on('error', failed)
    },
    send: (to, datagram) => {
      // A forged packet may come from port 0; Node throws where the answer shall go there.
      if (to.port === 0) return
      // See UdpLink.send: the kernel may take it later, and an error is one more way of losing it.
      socket.send(Buffer.from(datagram), to.port, to.address, () => undefined)
    },
    close: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

/** Bytes that the kernel keeps for us: thousands of clients may begin at once. It gives less where it is told to. */
const RECEIVE_BUFFER = 4 * 1024 * 1024
