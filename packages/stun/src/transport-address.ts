import { canonicalIpAddress, type IpFamily } from './ip-address.ts'
import { StunError } from './stun-error.ts'

/**
 * An IP address and a port. The text of `address` is canonical (see {@link formatIpAddress}): what decoders and Node's
 * sockets hand out is.
 */
export interface TransportAddress {
  readonly family: IpFamily
  readonly address: string
  readonly port: number
}

/**
 * The address of a text, in whatever form, and a port. Throws {@link StunError} `invalid-address` where `text` is no IP
 * address or `port` no 16-bit number.
 *
 * @example
 * formatAddress(transportAddress('0:0::1', 3478)) // '[::1]:3478'
 */
export function transportAddress(text: string, port: number): TransportAddress {
  const address = canonicalIpAddress(text)
  if (address === null) throw new StunError('invalid-address', `${JSON.stringify(text)} is no IP address`)
  if (!Number.isInteger(port) || port < 0 || port > 0xffff)
    throw new StunError('invalid-address', `${port} is no port`)
  return { family: address.includes(':') ? 'IPv6' : 'IPv4', address, port }
}

export function sameAddress(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && a.address === b.address
}

/** `1.2.3.4:5` or `[::1]:5`: fit for a log, a URL or the key of a map. */
export function formatAddress(address: TransportAddress): string {
  return address.family === 'IPv4'
    ? `${address.address}:${address.port}`
    : `[${address.address}]:${address.port}`
}
