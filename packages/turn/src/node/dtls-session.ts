import type { ConnectionOptions } from 'node:tls'

import { connect, type DtlsSocket } from '@purertc/dtls/node'
import type { TransportAddress } from '@purertc/stun'

import { TurnError } from '../turn-error.ts'

/** Of `tls.connect`'s options, those that say whom to trust: DTLS goes by the same. */
export type TrustOptions = Pick<ConnectionOptions, 'ca' | 'servername' | 'rejectUnauthorized'>

export interface DtlsSessionOptions extends TrustOptions {
  /** Milliseconds that the handshake may take. Default 10,000. */
  readonly handshakeTimeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Shakes hands with a server (RFC 7350) that is asked for as `host`, wherever DNS led. Rejects with {@link TurnError}
 * `transport`, or `cancelled` by its `signal`; nothing is left open then.
 */
export async function connectDtls(
  host: string,
  { address, port }: TransportAddress,
  { handshakeTimeout = 10_000, signal, ca, servername = '', rejectUnauthorized }: DtlsSessionOptions = {},
): Promise<DtlsSocket> {
  const socket = connect({
    host: address,
    port,
    servername: servername === '' ? host : servername,
    ...(ca === undefined ? {} : { ca }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    alpn: [ALPN_STUN],
    handshakeTimeout,
  })
  const cancel = (): void => socket.close()
  signal?.addEventListener('abort', cancel)
  await new Promise<void>((resolve, reject) => {
    let cause: Error | undefined
    socket.once('error', (error) => (cause = error))
    socket.once('close', () => {
      const reason = cause?.message ?? 'the session was closed'
      const code = signal?.aborted === true ? 'cancelled' : 'transport'
      reject(new TurnError(code, reason, cause === undefined ? {} : { cause }))
    })
    socket.once('secureConnect', () => resolve())
  }).finally(() => signal?.removeEventListener('abort', cancel))
  socket.removeAllListeners('close')
  return socket
}

/** RFC 7443: what STUN and TURN are called. */
const ALPN_STUN = 'stun.turn'
