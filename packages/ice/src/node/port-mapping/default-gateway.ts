import { readFileSync } from 'node:fs'

import { formatIpAddress } from '@purertc/stun'
import { fromHex } from '@purertc/bytes'

/** The IPv4 router that leads to everywhere; null where there is none, or the system does not tell, as all but Linux. */
export function defaultGateway(): string | null {
  try {
    return parseRoutes(readFileSync('/proc/net/route', 'latin1'))
  } catch {
    return null
  }
}

/** Reads Linux's table: interface, destination, gateway, flags …, of which addresses are in the machine's byte order. */
export function parseRoutes(table: string): string | null {
  for (const line of table.split('\n')) {
    const [, destination, gateway, flags] = line.trim().split(/\s+/)
    if (destination !== '00000000' || gateway === undefined || !/^[0-9a-f]{8}$/i.test(gateway)) continue
    if ((Number.parseInt(flags ?? '', 16) & GATEWAY) !== 0) return formatIpAddress(fromHex(gateway).reverse())
  }
  return null
}

/** RTF_GATEWAY of linux/route.h. */
const GATEWAY = 0x2
