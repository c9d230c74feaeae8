/** A transport address; structurally the `TransportAddress` of `@purertc/stun`. */
export interface SimAddress {
  readonly family: 'IPv4' | 'IPv6'
  readonly address: string
  readonly port: number
}

/** The family is told by the address: only IPv6 has colons. */
export function simAddress(address: string, port: number): SimAddress {
  return { family: address.includes(':') ? 'IPv6' : 'IPv4', address, port }
}

/** A key for maps: `address|port`. */
export function addressKey(address: SimAddress): string {
  return `${address.address}|${address.port}`
}
