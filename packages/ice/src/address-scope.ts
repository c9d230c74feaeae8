import { parseIpAddress } from '@purertc/stun'

/** How far an address reaches; candidates are paired within one scope (RFC 8445 §6.1.2.2). */
export type AddressScope = 'loopback' | 'link' | 'global'

/** The scope of a unicast IP address; anything else counts as global. */
export function addressScope(text: string): AddressScope {
  const bytes = parseIpAddress(text)
  if (bytes === null) return 'global'
  // IPv4 link-local addresses count as global: containers have them, behind a NAT that reaches the world.
  if (bytes.length === 4) return bytes[0] === 127 ? 'loopback' : 'global'
  if (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80) return 'link'
  return isZero(bytes, 15) && bytes[15] === 1 ? 'loopback' : 'global'
}

/**
 * Whether a peer can be at this address at all: not unspecified, multicast, broadcast, reserved or IPv4-mapped
 * (RFC 8445 §5.1.1.1).
 */
export function isUnicast(text: string): boolean {
  const bytes = parseIpAddress(text)
  if (bytes === null) return false
  if (bytes.length === 4) return bytes[0] !== 0 && bytes[0]! < 224
  if (bytes[0] === 0xff) return false
  // ::/96 but ::1 is unspecified or the deprecated IPv4-compatible form, ::ffff:0:0/96 is IPv4-mapped.
  if (isZero(bytes, 10) && bytes[10] === 0xff && bytes[11] === 0xff) return false
  return !isZero(bytes, 12) || addressScope(text) === 'loopback'
}

/**
 * Whether RFC 8445 §5.1.1.1 lets a host candidate have this address: one of a unicast kind, and no IPv6 site-local one, which
 * RFC 3879 took out of use. Loopback is for the application to want.
 */
export function isHostAddress(text: string): boolean {
  const bytes = parseIpAddress(text)
  const isSiteLocal = bytes?.length === 16 && bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0xc0
  return isUnicast(text) && !isSiteLocal
}

function isZero(bytes: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[i] !== 0) return false
  return true
}
