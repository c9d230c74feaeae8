import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'

import { type IpFamily, parseIpAddress } from '@purertc/stun'
import { toHex } from '@purertc/bytes'

import { addressScope, isHostAddress } from '../address-scope.ts'
import { type Ipv6Flags, readIpv6Flags } from './ipv6-flags.ts'

/** What an interface is, as far as its name tells; `unknown` where it does not. */
export type InterfaceKind = 'loopback' | 'ethernet' | 'wifi' | 'cellular' | 'vpn' | 'virtual' | 'unknown'

/** An address of this machine that a candidate can be gathered on. */
export interface InterfaceAddress {
  /** Of the interface: `eth0`. */
  readonly name: string
  readonly kind: InterfaceKind
  readonly family: IpFamily
  readonly address: string
  /** Of IPv6 on Linux: a privacy address (RFC 8981). */
  readonly isTemporary: boolean
}

export interface AddressFilter {
  /** Exactly these addresses, in this order of preference; the other filters are ignored. */
  readonly addresses?: readonly string[]
  /** Default false: a peer elsewhere cannot use it. */
  readonly includeLoopback?: boolean
  /** Default both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[]
  /** Names of interfaces. Default all. */
  readonly interfaces?: readonly string[]
  /** Kinds of interfaces; loopback needs `includeLoopback` as well. Default all. */
  readonly interfaceKinds?: readonly InterfaceKind[]
  /** False: the address is not gathered on. Asked about what the other filters let through. */
  readonly acceptAddress?: (address: InterfaceAddress) => boolean
}

/** What the system says of its addresses. */
export interface SystemAddresses {
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>
  readonly flags: ReadonlyMap<string, Ipv6Flags>
}

/**
 * The addresses to gather on, best first: IPv6 and IPv4 in turns (RFC 8421 §4), IPv4 link-local ones and loopback last. Left
 * out are IPv6 link-local addresses, which mean nothing without the name of an interface, and those that RFC 8445
 * §5.1.1.1 forbids: deprecated kinds of IPv6, and an address that stays the same where the interface has a temporary one of
 * its prefix.
 */
export function interfaceAddresses(filter: AddressFilter, system?: SystemAddresses): string[] {
  if (filter.addresses !== undefined) return [...new Set(filter.addresses)]
  const usable = usableAddresses(
    system ?? { interfaces: networkInterfaces(), flags: readIpv6Flags() },
  ).filter((address) => isWanted(address, filter))
  const of = (family: IpFamily, isLast: boolean, isLoopback: boolean): string[] =>
    usable
      .filter((one) => one.family === family && (one.kind === 'loopback') === isLoopback)
      .filter(({ address }) => isLinkLocal(address) === isLast)
      .map(({ address }) => address)
  return [
    ...inTurns(of('IPv6', false, false), of('IPv4', false, false)),
    ...of('IPv4', true, false),
    ...inTurns(of('IPv6', false, true), of('IPv4', false, true)),
  ]
}

/** Tells an interface by the names that systems give. */
export function interfaceKind(name: string): InterfaceKind {
  return NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? 'unknown'
}

function usableAddresses({ interfaces, flags }: SystemAddresses): InterfaceAddress[] {
  return Object.entries(interfaces).flatMap(([name, entries = []]) => {
    const isTemporary = ({ address }: NetworkInterfaceInfo): boolean =>
      flags.get(address)?.isTemporary === true && flags.get(address)?.isDeprecated === false
    const hidden = new Set(entries.filter(isTemporary).map(({ address }) => prefixOf(address)))
    return entries
      .filter(({ address }) => {
        const of = flags.get(address)
        if (!isHostAddress(address) || addressScope(address) === 'link') return false
        return of?.isUnusable !== true && of?.isDeprecated !== true
      })
      .filter((entry) => isTemporary(entry) || !hidden.has(prefixOf(entry.address)))
      .map((entry) => ({
        name,
        kind: entry.internal ? 'loopback' : interfaceKind(name),
        family: entry.family,
        address: entry.address,
        isTemporary: isTemporary(entry),
      }))
  })
}

function isWanted(address: InterfaceAddress, filter: AddressFilter): boolean {
  const { families, includeLoopback, interfaces, interfaceKinds, acceptAddress } = filter
  return (
    (families?.includes(address.family) ?? true) &&
    (address.kind !== 'loopback' || includeLoopback === true) &&
    (interfaces?.includes(address.name) ?? true) &&
    (interfaceKinds?.includes(address.kind) ?? true) &&
    (acceptAddress?.(address) ?? true)
  )
}

/** The first 64 bits of an IPv6 address, which RFC 8981 §3.3.1 leaves as they are; of IPv4 the address itself. */
function prefixOf(address: string): string {
  const bytes = parseIpAddress(address)
  return bytes?.length === 16 ? toHex(bytes.subarray(0, 8)) : address
}

/** RFC 3927: of a machine that found no server to ask for an address. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.')
}

function inTurns(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = []
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    merged.push(...a.slice(i, i + 1), ...b.slice(i, i + 1))
  return merged
}

const NAMES: readonly (readonly [RegExp, InterfaceKind])[] = [
  [/^lo\d*$/, 'loopback'],
  [/^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|bridge|lxc|cni|flannel|cali|tap)/i, 'virtual'],
  [/^(tun|utun|wg|ppp|ipsec|tailscale|zt)/i, 'vpn'],
  [/^(wwan|wwp|ww|rmnet|pdp_ip)/i, 'cellular'],
  [/^(wl|wifi|Wi-Fi|ath|ra\d)/i, 'wifi'],
  [/^(eth|en|em\d|Ethernet|p\d+p)/i, 'ethernet'],
]
