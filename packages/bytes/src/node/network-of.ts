import { isIPv6 } from 'node:net'

/**
 * What limits of connections count as one client's address: an IPv4 address, also where IPv6 writes it (RFC 4291
 * §2.5.5.2), and the /64 of an IPv6 address, within which one client has as many as it likes (RFC 4291 §2.5.4). Anything
 * else is its own.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped?.[1] ?? `${groupsOf(address).slice(0, 4).join(':')}::/64`
}

/** The eight groups, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  // One form for all: a URL's host is as RFC 5952 §4 has it, and without a zone.
  const { hostname } = new URL(`http://[${address.replace(/%.*/s, '')}]`)
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [
    string[],
    string[],
  ]
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
}
