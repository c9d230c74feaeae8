import { isIpAddress } from './ip-address.ts'

/** A `stun:` or `stuns:` URI, RFC 7064. */
export interface StunUri {
  /** `stuns`: over TLS or DTLS. */
  readonly secure: boolean
  /** A domain name or an IP address, without brackets. */
  readonly host: string
  /** 3478, or 5349 for `stuns`, where the URI has none. */
  readonly port: number
  /** Whether the URI says the port: then the host is looked up as it is, without SRV records (RFC 8489 §8). */
  readonly isPortGiven: boolean
}

/**
 * Reads a STUN URI; `null` where the text is none.
 *
 * @example
 * parseStunUri('stun:[2001:db8::1]:19302') // { secure: false, host: '2001:db8::1', port: 19302, isPortGiven: true }
 */
export function parseStunUri(text: string): StunUri | null {
  const match = /^(stuns?):(?:\[([^\]]+)\]|([^:/?#@[\]\s]+))(?::(\d{1,5}))?$/i.exec(text)
  if (match === null) return null
  const [, scheme = '', ipv6, name, digits] = match
  const host = ipv6 ?? name ?? ''
  if (ipv6 !== undefined && isIpAddress(ipv6) !== 'IPv6') return null
  const secure = scheme.toLowerCase() === 'stuns'
  const isPortGiven = digits !== undefined
  const port = isPortGiven ? Number(digits) : secure ? 5349 : 3478
  return port > 0xffff ? null : { secure, host, port, isPortGiven }
}

/** The URI as text; the port is left out where it is not given. */
export function formatStunUri({ secure, host, port, isPortGiven }: StunUri): string {
  const name = isIpAddress(host) === 'IPv6' ? `[${host}]` : host
  return `${secure ? 'stuns' : 'stun'}:${name}${isPortGiven ? `:${port}` : ''}`
}
