import { type IpFamily, isIpAddress } from './ip-address.ts'
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
 * The address of a canonical text and a port. Throws {@link StunError} `invalid-address` where `address` is no IP
 * address or `port` no 16-bit number.
 *
 * @example
 * formatAddress(transportAddress('::1', 3478)) // '[::1]:3478'
 */
export function transportAddress(address: string, port: number): TransportAddress {
  const family = isIpAddress(address)
  if (family === null) throw new StunError('invalid-address', `${JSON.stringify(address)} is no IP address`)
  if (!Number.isInteger(port) || port < 0 || port > 0xffff)
    throw new StunError('invalid-address', `${port} is no port`)
  return { family, address, port }
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
