import { parseStunUri } from '@purertc/stun'
import { parseTurnUri } from '@purertc/turn'

import { IceError } from './ice-error.ts'

/** A STUN or TURN URI, RFC 7064 and RFC 7065, taken apart. */
export interface ServerUrl {
  readonly kind: 'stun' | 'turn'
  /** A host name or an IP address, without brackets. */
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp'
  /** `stuns:` and `turns:`: over TLS, or DTLS where the transport is UDP. */
  readonly isSecure: boolean
}

/**
 * Reads `stun:host`, `stun:host:port`, `turn:host:port?transport=udp` and their secure forms. The port is 3478 by
 * default, 5349 for the secure ones. Throws {@link IceError} `invalid-url`.
 *
 * @example
 * parseServerUrl('turn:[2001:db8::1]:3479?transport=udp') // { kind: 'turn', host: '2001:db8::1', port: 3479, … }
 */
export function parseServerUrl(url: string): ServerUrl {
  const stun = parseStunUri(url)
  const turn = parseTurnUri(url)
  const uri = stun ?? turn
  const transport = turn?.transport ?? (stun?.secure === true ? 'tcp' : 'udp')
  if (uri === null || uri.port === 0 || (transport !== 'udp' && transport !== 'tcp'))
    throw new IceError('invalid-url', `${JSON.stringify(url)} is no STUN or TURN URI`)
  const { host, port, secure: isSecure } = uri
  return { kind: turn === null ? 'stun' : 'turn', host, port, transport, isSecure }
}
