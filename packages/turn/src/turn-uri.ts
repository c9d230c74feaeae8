import { isIpAddress } from '@purertc/stun'

/** A `turn:` or `turns:` URI, RFC 7065. */
export interface TurnUri {
  /** `turns`: over TLS or DTLS. */
  readonly secure: boolean
  /** A domain name or an IP address, without brackets. */
  readonly host: string
  /** 3478, or 5349 for `turns`, where the URI has none. */
  readonly port: number
  /** Without one in the URI, the domain's SRV records tell. */
  readonly isPortGiven: boolean
  /** What `?transport=` says, in lower case; without it UDP for `turn`, TCP for `turns`. */
  readonly transport: string
}

/**
 * Reads a TURN URI; `null` where the text is none.
 *
 * @example
 * parseTurnUri('turn:turn.example.org?transport=udp')
 * // { secure: false, host: 'turn.example.org', port: 3478, isPortGiven: false, transport: 'udp' }
 */
export function parseTurnUri(text: string): TurnUri | null {
  const match = URI.exec(text)
  if (match === null) return null
  const [, scheme = '', ipv6, name, digits, transport] = match
  const host = ipv6 ?? name ?? ''
  if (ipv6 !== undefined && isIpAddress(ipv6) !== 'IPv6') return null
  const secure = scheme.toLowerCase() === 'turns'
  const port = digits === undefined ? (secure ? 5349 : 3478) : Number(digits)
  if (port > 0xffff) return null
  const isPortGiven = digits !== undefined
  return { secure, host, port, isPortGiven, transport: transport?.toLowerCase() ?? (secure ? 'tcp' : 'udp') }
}

const URI = /^(turns?):(?:\[([^\]]+)\]|([^:/?#@[\]]+))(?::(\d{1,5}))?(?:\?transport=([a-z0-9._~-]+))?$/i
