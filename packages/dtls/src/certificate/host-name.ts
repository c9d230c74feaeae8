import { equalBytes } from '@purertc/bytes'

import type { SubjectNames } from './x509-extensions.ts'

/**
 * Whether a certificate of these names is a host's, RFC 9525 §6 (once RFC 6125). An address must be among the
 * addresses, byte by byte; a name among the names, without regard to case. The common name does not count.
 */
export function matchesHost(names: SubjectNames, host: string): boolean {
  const address = parseAddress(host)
  if (address !== null) return names.ip.some((candidate) => equalBytes(candidate, address))
  const wanted = normalize(host)
  return isName(wanted) && names.dns.some((candidate) => matchesName(normalize(candidate), wanted))
}

/** The bytes of an IPv4 or IPv6 address, null for a name. */
export function parseAddress(host: string): Uint8Array | null {
  const bytes = host.includes(':') ? parseIpv6(host) : parseOctets(host)
  return bytes === null ? null : Uint8Array.from(bytes)
}

/**
 * RFC 9525 §6.3: a wildcard is the whole of the leftmost label, and stands for exactly one label. At least two more
 * must follow, since `*.org` would be everybody's.
 */
function matchesName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return isName(pattern) && pattern === name
  const suffix = pattern.slice(1)
  if (!isName(suffix.slice(1)) || !suffix.slice(1).includes('.')) return false
  const dot = name.indexOf('.')
  return dot > 0 && name.slice(dot) === suffix
}

/** Labels of letters, digits, hyphens and (in practice) underscores: a NUL or a second wildcard is no host's name. */
const isName = (name: string): boolean => /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name)

/** A dot at the end says that the name is absolute, which all of them are here. */
const normalize = (name: string): string => name.toLowerCase().replace(/\.$/, '')

function parseOctets(text: string): number[] | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return null
  const octets = parts.map(Number)
  return octets.every((octet) => octet < 256) ? octets : null
}

/** RFC 4291 §2.2; a zone is left out. */
function parseIpv6(text: string): number[] | null {
  const halves = text.replace(/%.*$/, '').split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half) => (half === '' ? [] : parseGroups(half.split(':'))))
  if (head === null || head === undefined || tail === null) return null
  if (tail === undefined) return head.length === 16 ? head : null
  const zeros = 16 - head.length - tail.length
  return zeros < 2 ? null : [...head, ...new Array<number>(zeros).fill(0), ...tail]
}

function parseGroups(groups: readonly string[]): number[] | null {
  const bytes: number[] = []
  for (const [i, group] of groups.entries()) {
    const octets = i === groups.length - 1 ? parseOctets(group) : null
    if (octets !== null) bytes.push(...octets)
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    } else return null
  }
  return bytes
}
