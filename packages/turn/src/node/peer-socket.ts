import type { Socket } from 'node:net'

import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { TransportAddress } from '@purertc/stun'

import type { TurnClient } from '../client/turn-client.ts'
import { TurnError } from '../turn-error.ts'
import type { TurnUri } from '../turn-uri.ts'
import { connectStream, type LinkOptions } from './server-link.ts'
import { StreamConnection } from './stream-connection.ts'

/** What a data connection is made from. */
export interface DataConnectionOptions extends LinkOptions {
  readonly uri: TurnUri
  readonly server: TransportAddress
}

/**
 * A socket whose other end is a peer: a new connection to the server, bound to one that the server has with the peer (RFC
 * 6062 §4.3). Rejects with {@link TurnError}; nothing is left open then.
 */
export async function openPeerSocket(
  client: TurnClient,
  connectionId: number,
  options: DataConnectionOptions,
): Promise<Socket> {
  const { uri, server } = options
  const socket = await connectStream(uri, server, options)
  return new Promise((resolve, reject) => {
    const fail = (error: TurnError): void => {
      alarm.clear()
      connection.destroy()
      reject(error)
    }
    const connection = new StreamConnection(socket, false, {
      received: (bytes) => {
        binding.handleMessage(monotonicNow(), bytes)
        alarm.set(binding.nextTimeout)
      },
      ended: (_reason, cause) =>
        fail(new TurnError('transport', cause?.message ?? 'the server closed the connection', { cause })),
    })
    const binding = client.dataConnection(connectionId, {
      transmit: (bytes) => connection.send(bytes),
      bound: () => {
        alarm.clear()
        resolve(connection.detach())
      },
      failed: fail,
    })
    const alarm = new Alarm((now) => {
      binding.handleTimeout(now)
      alarm.set(binding.nextTimeout)
    })
    binding.start(monotonicNow())
    alarm.set(binding.nextTimeout)
  })
}
