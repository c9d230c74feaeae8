import type { Socket } from 'node:dgram'

/**
 * What a UDP socket still holds because the system did not take it at once. Its bytes are not copied: they must stay as
 * they are.
 */
export interface SendQueue {
  /** Datagrams. */
  readonly count: () => number
  /** Bytes. */
  readonly size: () => number
}

/**
 * The send queue of a socket of node:dgram. Deno's has none to look at: it copies each datagram before `send` returns,
 * so to the sender it is always empty.
 */
export function sendQueueOf(
  socket: Partial<Pick<Socket, 'getSendQueueCount' | 'getSendQueueSize'>>,
): SendQueue {
  return {
    count: () => socket.getSendQueueCount?.() ?? 0,
    size: () => socket.getSendQueueSize?.() ?? 0,
  }
}
