import type { ConnectionOptions } from 'node:tls'

import { StunError } from '../stun-error.ts'
import type { ServerAddress, StunTransport } from '../stun-transport.ts'
import type { StunUri } from '../stun-uri.ts'
import { transportAddress } from '../transport-address.ts'
import { StreamTransport } from './stream-transport.ts'
import { UdpSocket } from './udp-socket.ts'

/** What a client wants of its own end. */
export interface OpenOptions {
  /** The local address to send from; the system's choice by default. */
  readonly localAddress?: string
  /** The local port; a free one by default. */
  readonly localPort?: number
  /** Milliseconds for a connection and its handshake. */
  readonly connectTimeout?: number
}

/**
 * A kind of transport: what STUN over DTLS is plugged in as, by a package that has both (RFC 7350: `protocol` is `udp`,
 * `isSecure` true, and `open` resolves when the handshake is done and the certificate is that of `server.domain`).
 */
export interface TransportKind {
  /** Which SRV records name its servers. */
  readonly protocol: 'udp' | 'tcp'
  /** Whether it is for `stuns:` URIs; others are for `stun:`. */
  readonly isSecure: boolean
  /** Rejects with `StunError` `transport`, or the system's error, where the server cannot be reached. */
  open(server: ServerAddress, options: OpenOptions): Promise<StunTransport>
}

export const udp: TransportKind = {
  protocol: 'udp',
  isSecure: false,
  open({ family }, { localAddress = family === 'IPv4' ? '0.0.0.0' : '::', localPort = 0 }) {
    return UdpSocket.bind(transportAddress(localAddress, localPort))
  },
}

export const tcp: TransportKind = {
  protocol: 'tcp',
  isSecure: false,
  open: (server, options) => StreamTransport.open(server, options),
}

/** `options` are node:tls's: `ca` for a private authority, `cert` and `key` for a server that asks for them. */
export function tls(options: ConnectionOptions = {}): TransportKind {
  return {
    protocol: 'tcp',
    isSecure: true,
    open: (server, opening) => StreamTransport.open(server, { ...opening, tls: options }),
  }
}

/** The kind by its name, or what the URI wants: UDP for `stun:`, TLS for `stuns:`. */
export function transportFor(
  uri: StunUri,
  wanted: 'udp' | 'tcp' | 'tls' | TransportKind | undefined,
  tlsOptions: ConnectionOptions | undefined,
): TransportKind {
  const name = wanted ?? (uri.secure ? 'tls' : 'udp')
  const kind = typeof name === 'object' ? name : name === 'tls' ? tls(tlsOptions) : name === 'tcp' ? tcp : udp
  if (uri.secure && !kind.isSecure)
    throw new StunError('invalid-address', `a stuns: URI asks for TLS or DTLS, not for ${kind.protocol}`)
  return kind
}
