/**
 * IP addresses as text and as bytes. Text is canonical: dotted decimal, and RFC 5952 for IPv6 (lower case, the longest
 * run of zeros compressed, IPv4-mapped addresses in mixed notation), so that equal addresses are equal strings.
 */
export type IpFamily = 'IPv4' | 'IPv6'

/**
 * Which family the text is an address of, `null` for anything else, host names included. A zone
 * (`fe80::1%eth0`, RFC 4007 §11) is accepted.
 */
export function isIpAddress(text: string): IpFamily | null {
  if (parseIpv4(text) >= 0) return 'IPv4'
  return parseIpv6(text) === null ? null : 'IPv6'
}

/** The 4 or 16 bytes of an address in network order, `null` where the text is none. A zone is left out. */
export function parseIpAddress(text: string): Uint8Array | null {
  const ipv4 = parseIpv4(text)
  if (ipv4 < 0) return parseIpv6(text)
  return Uint8Array.of(ipv4 >>> 24, ipv4 >>> 16, ipv4 >>> 8, ipv4)
}

/** The canonical text of an address, with its zone; `null` where the text is none. */
export function canonicalIpAddress(text: string): string | null {
  if (parseIpv4(text) >= 0) return text
  const bytes = parseIpv6(text)
  const zone = text.indexOf('%')
  return bytes && formatIpv6(bytes) + (zone < 0 ? '' : text.slice(zone))
}

/** The canonical text of 4 or 16 bytes. Throws `RangeError` for any other length. */
export function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]!}.${bytes[1]!}.${bytes[2]!}.${bytes[3]!}`
  if (bytes.length === 16) return formatIpv6(bytes)
  throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`)
}

/** The text of an IPv4 address held in 32 bits. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`
}

/** An IPv4 address as an unsigned 32-bit number, -1 where the text is none. Leading zeros are refused. */
export function parseIpv4(text: string): number {
  if (text.length < 7 || text.length > 15) return -1
  let address = 0
  let octet = -1
  let octets = 1
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return -1
      octet = octet < 0 ? digit : 10 * octet + digit
      if (octet > 255) return -1
    } else if (digit === DOT && octet >= 0 && octets < 4) {
      address = (address << 8) | octet
      octet = -1
      octets++
    } else {
      return -1
    }
  }
  return octets === 4 && octet >= 0 ? ((address << 8) | octet) >>> 0 : -1
}

function parseIpv6(text: string): Uint8Array | null {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  if (zone === text.length - 1 || address.length < 2 || address.length > 45) return null
  const halves = address.split('::')
  if (halves.length > 2) return null
  const bytes = new Uint8Array(16)
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  if (halves.length === 1) {
    if (head?.length !== 16) return null
    bytes.set(head)
    return bytes
  }
  const tail = parseGroups(halves[1] ?? '', true)
  // The two colons stand for one group of zeros at least (RFC 4291 §2.2).
  if (head === null || tail === null || head.length + tail.length > 14) return null
  bytes.set(head)
  bytes.set(tail, 16 - tail.length)
  return bytes
}

/** The bytes of groups between single colons; the last of them may be an IPv4 address. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  const bytes: number[] = []
  if (text === '') return bytes
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >>> 8, value & 0xff)
      continue
    }
    const ipv4 = mayEndInIpv4 && i === groups.length - 1 ? parseIpv4(group) : -1
    if (ipv4 < 0) return null
    bytes.push(ipv4 >>> 24, (ipv4 >>> 16) & 0xff, (ipv4 >>> 8) & 0xff, ipv4 & 0xff)
  }
  return bytes
}

function formatIpv6(bytes: Uint8Array): string {
  if (isIpv4Mapped(bytes)) return `::ffff:${bytes[12]!}.${bytes[13]!}.${bytes[14]!}.${bytes[15]!}`
  const { start, end } = longestZeroRun(bytes)
  let text = ''
  for (let group = 0; group < 8; group++) {
    if (group === start) {
      text += '::'
      group = end - 1
      continue
    }
    if (group !== 0 && group !== end) text += ':'
    text += ((bytes[2 * group]! << 8) | bytes[2 * group + 1]!).toString(16)
  }
  return text
}

/** `::ffff:0:0/96`, RFC 4291 §2.5.5.2. */
function isIpv4Mapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

/** The groups that `::` replaces: the first of the longest runs, never a single group (RFC 5952 §4.2). */
function longestZeroRun(bytes: Uint8Array): { start: number; end: number } {
  let start = -1
  let end = -1
  let from = 0
  for (let group = 0; group <= 8; group++) {
    if (group < 8 && bytes[2 * group] === 0 && bytes[2 * group + 1] === 0) continue
    if (group - from > Math.max(1, end - start)) {
      start = from
      end = group
    }
    from = group + 1
  }
  return { start, end }
}

const ZERO = 0x30
const DOT = 0x2e - ZERO
