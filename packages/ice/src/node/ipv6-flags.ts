import { readFileSync } from 'node:fs'

import { formatIpAddress } from '@purertc/stun'
import { fromHex } from '@purertc/bytes'

/** What the system knows of an IPv6 address and Node does not tell. */
export interface Ipv6Flags {
  /** Made anew every day, so that nobody is recognised by it (RFC 8981). */
  readonly isTemporary: boolean
  /** Not for new connections any more (RFC 4862 §5.5.4). */
  readonly isDeprecated: boolean
  /** Cannot be used: somebody else may have it, or has it (RFC 4862 §5.4). */
  readonly isUnusable: boolean
}

/** By address in canonical form; empty where the system has no such file, as all but Linux. */
export function readIpv6Flags(): ReadonlyMap<string, Ipv6Flags> {
  try {
    return parseIpv6Flags(readFileSync('/proc/net/if_inet6', 'latin1'))
  } catch {
    return new Map()
  }
}

/** Reads Linux's table of addresses: `20010db8… 02 40 00 01 eth0`, of which the fifth field is the flags. */
export function parseIpv6Flags(table: string): ReadonlyMap<string, Ipv6Flags> {
  const flagsOf = new Map<string, Ipv6Flags>()
  for (const line of table.split('\n')) {
    const [, address, hex] = /^([0-9a-f]{32}) \w+ \w+ \w+ ([0-9a-f]+) /.exec(line) ?? []
    if (address === undefined || hex === undefined) continue
    const flags = Number.parseInt(hex, 16)
    flagsOf.set(formatIpAddress(fromHex(address)), {
      isTemporary: (flags & Flag.temporary) !== 0,
      isDeprecated: (flags & Flag.deprecated) !== 0,
      isUnusable: (flags & (Flag.dadFailed | Flag.tentative)) !== 0,
    })
  }
  return flagsOf
}

/** Of linux/if_addr.h. */
const Flag = { temporary: 0x01, dadFailed: 0x08, deprecated: 0x20, tentative: 0x40 } as const
