import type { TlsOptions } from 'node:tls'

import type { TransportAddress } from '@purertc/stun'

import { TurnError } from '../turn-error.ts'
import { DtlsPort } from './dtls-port.ts'
import type { TurnListener } from './listener.ts'
import type { ProcessShare } from './processes/process-share.ts'
import { SharedPort } from './processes/shared-port.ts'
import { StreamListener, type StreamLimits } from './stream-listener.ts'
import { type SendBuffer, UdpPort } from './udp-port.ts'

export interface ListenOptions {
  /** What UDP ports send from. */
  readonly buffer: SendBuffer
  /** Certificate and key, for TLS and DTLS. */
  readonly tls?: TlsOptions | undefined
  readonly connections?: StreamLimits | undefined
  readonly legacyChannels?: boolean | undefined
  readonly share?: ProcessShare | undefined
}

/** Binds, UDP where no transport is named. Rejects with the system's error, or {@link TurnError} `invalid-config`. */
export async function listenAt(
  at: TransportAddress & { readonly transport?: string },
  options: ListenOptions,
): Promise<TurnListener> {
  const { buffer, tls, connections = {}, legacyChannels, share } = options
  const streams = { ...connections, legacyChannels, isShared: share !== undefined }
  switch (at.transport ?? 'udp') {
    case 'udp':
      return udpListener(await bindUdp(at, 'udp', buffer, share))
    case 'tcp':
      return StreamListener.bind(at, streams)
    case 'tls':
      if (tls !== undefined) return StreamListener.bind(at, { ...streams, tls })
      break
    case 'dtls':
      if (tls !== undefined)
        return dtlsListener(await DtlsPort.on(() => bindUdp(at, 'dtls', buffer, share), tls, connections))
  }
  const { transport } = at
  if (transport === 'tls' || transport === 'dtls')
    throw new TurnError('invalid-config', `${transport} takes a certificate and its key: give tls`)
  throw new TurnError('invalid-config', `there is no transport ${String(transport)}`)
}

function bindUdp(
  at: TransportAddress,
  transport: 'udp' | 'dtls',
  buffer: SendBuffer,
  share: ProcessShare | undefined,
): Promise<UdpPort | SharedPort> {
  return share === undefined ? UdpPort.bind(at, buffer) : SharedPort.bind(at, transport, buffer, share)
}

/** A UDP socket has no connections to lose. */
function udpListener(port: UdpPort | SharedPort): TurnListener {
  return {
    local: { ...port.local, transport: 'udp' },
    start: (host) =>
      port.start(
        (from, bytes) => host.received(from, bytes),
        (error) => host.failed(error),
      ),
    send: (client, bytes) => port.send(client, bytes),
    ...(port instanceof SharedPort && {
      pin: (client: TransportAddress) => port.pin(client),
      unpin: (client: TransportAddress) => port.unpin(client),
    }),
    close: () => port.close(),
  }
}

/** DTLS sessions on one UDP port. */
function dtlsListener(port: DtlsPort): TurnListener {
  return {
    local: { ...port.local, transport: 'dtls' },
    start: (host) => port.start(host),
    send: (client, bytes) => port.send(client, bytes),
    close: () => port.close(),
  }
}
