import { parseIpAddress } from '@purertc/stun'

/**
 * Where an address leads.
 *
 * - `loopback`: 127/8, ::1.
 * - `link-local`: 169.254/16 (and with it the metadata service of many a cloud), fe80::/10.
 * - `private`: RFC 1918, carriers' 100.64/10 (RFC 6598), IPv6 fc00::/7 (RFC 4193) and site-local fec0::/10.
 * - `multicast`: 224/4, ff00::/8, and the broadcast address.
 * - `unspecified`: 0/8, ::.
 * - `reserved`: what is no host's address: 240/4, IETF protocol assignments 192.0.0/24.
 */
export type AddressScope =
  'public' | 'loopback' | 'link-local' | 'private' | 'multicast' | 'unspecified' | 'reserved'

/**
 * The scope of an IP address. An IPv6 address that carries an IPv4 address in it (mapped, compatible, NAT64 or 6to4)
 * leads where that one leads, so that no disguise opens a door. Text that is no IP address is `reserved`.
 */
export function addressScope(address: string): AddressScope {
  const bytes = parseIpAddress(address)
  if (bytes === null) return 'reserved'
  return bytes.length === 4 ? scopeOfIpv4(bytes, 0) : scopeOfIpv6(bytes)
}

/** Which peers clients may reach beside public ones. */
export interface PeerPolicyOptions {
  /** Peers on the server's own machine. Default false. */
  readonly allowLoopbackPeers?: boolean
  /** Peers on private and link-local addresses, in the server's own networks. Default false. */
  readonly allowPrivatePeers?: boolean
}

/**
 * A relay reaches whatever its machine reaches, so what is not public is closed by default: a user must not talk to the
 * services behind the operator's firewall (RFC 8656 §21.1.1 asks for such a policy).
 */
export function peerPolicy(options: PeerPolicyOptions): (address: string) => boolean {
  const scopes = new Set<AddressScope>(['public'])
  if (options.allowLoopbackPeers === true) scopes.add('loopback')
  if (options.allowPrivatePeers === true) scopes.add('private').add('link-local')
  return (address) => scopes.has(addressScope(address))
}

function scopeOfIpv4(bytes: Uint8Array, at: number): AddressScope {
  const a = bytes[at]!
  const b = bytes[at + 1]!
  const c = bytes[at + 2]!
  if (a === 0) return 'unspecified'
  if (a === 127) return 'loopback'
  if (a === 169 && b === 254) return 'link-local'
  if (a === 10 || (a === 172 && b >>> 4 === 1) || (a === 192 && b === 168)) return 'private'
  if (a === 100 && b >>> 6 === 1) return 'private'
  if (a === 192 && b === 0 && c === 0) return 'reserved'
  if (a >>> 4 === 14) return 'multicast'
  if (a === 255 && b === 255 && c === 255 && bytes[at + 3] === 255) return 'multicast'
  return a >>> 4 === 15 ? 'reserved' : 'public'
}

function scopeOfIpv6(bytes: Uint8Array): AddressScope {
  const embedded = embeddedIpv4(bytes)
  if (embedded >= 0) return scopeOfIpv4(bytes, embedded)
  const a = bytes[0]!
  const b = bytes[1]!
  if (a === 0xff) return 'multicast'
  if (a === 0xfe && b >>> 6 === 2) return 'link-local'
  if (a === 0xfe && b >>> 6 === 3) return 'private'
  if (a >>> 1 === 0x7e) return 'private'
  // 64:ff9b:1::/48, an operator's own NAT64 (RFC 8215): where the IPv4 address lies is the operator's choice.
  if (hasPrefix(bytes, NAT64_LOCAL)) return 'private'
  if (!hasZeros(bytes, 0, 15)) return 'public'
  return bytes[15] === 0 ? 'unspecified' : bytes[15] === 1 ? 'loopback' : 'reserved'
}

/** Offset of an IPv4 address within an IPv6 address, -1 where there is none. */
function embeddedIpv4(bytes: Uint8Array): number {
  // ::ffff:0:0/96 (RFC 4291 §2.5.5.2) and its translated form ::ffff:0:0:0/96 (RFC 6145 §2.2).
  if (hasZeros(bytes, 0, 10) && bytes[10] === 0xff && bytes[11] === 0xff) return 12
  if (hasZeros(bytes, 0, 8) && bytes[8] === 0xff && bytes[9] === 0xff && hasZeros(bytes, 10, 12)) return 12
  // ::/96, IPv4-compatible (RFC 4291 §2.5.5.1), but for :: and ::1 and their like.
  if (hasZeros(bytes, 0, 12) && !hasZeros(bytes, 12, 15)) return 12
  // 64:ff9b::/96, NAT64 (RFC 6052 §2.1).
  if (hasPrefix(bytes, NAT64) && hasZeros(bytes, 4, 12)) return 12
  // 2002::/16, 6to4 (RFC 3056 §2).
  return bytes[0] === 0x20 && bytes[1] === 0x02 ? 2 : -1
}

function hasPrefix(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => bytes[i] === byte)
}

function hasZeros(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}

const NAT64 = Uint8Array.of(0x00, 0x64, 0xff, 0x9b)
const NAT64_LOCAL = Uint8Array.of(0x00, 0x64, 0xff, 0x9b, 0x00, 0x01)
