import type { NatKind } from '@purertc/netsim'

import { introduce, isConnected, type Peer } from './peer.ts'
import { World } from './world.ts'

/** What a side stands behind; `double`: a port-restricted home behind a port-restricted carrier. */
export const siteKinds = [
  'open',
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
  'double',
  'udp-blocked',
] as const
export type SiteKind = (typeof siteKinds)[number]

/** Whether only a relay can carry what goes between two such sites. */
export function needsRelay(a: SiteKind, b: SiteKind): boolean {
  if (a === 'udp-blocked' || b === 'udp-blocked') return true
  const filtersPorts = (kind: SiteKind): boolean =>
    kind === 'port-restricted' || kind === 'symmetric' || kind === 'double'
  return (a === 'symmetric' && filtersPorts(b)) || (b === 'symmetric' && filtersPorts(a))
}

/** Every fourth seed's network loses one datagram in twenty. */
export const isLossy = (seed: number): boolean => seed % 4 === 0

export interface CellOutcome {
  readonly connected: boolean
  readonly isRelayed: boolean
  /** Milliseconds. */
  readonly took: number
}

/** One run of one cell. Latencies, jitter and loss follow from the seed. */
export function runCell(kinds: readonly [SiteKind, SiteKind], seed: number): CellOutcome {
  const world = new World({ seed, conditions: { latency: 20, jitter: 10, loss: isLossy(seed) ? 0.05 : 0 } })
  const sides = [kinds[0], kinds[1]].map((kind, i) =>
    sideOf(world, kind, i === 0 ? 'controlling' : 'controlled'),
  )
  const [a, b] = sides
  if (a === undefined || b === undefined) throw new Error('there are two sides')
  const start = world.sim.now
  introduce(world.sim, a, b, 20 + (seed % 50))
  const connected = world.run(() => isConnected(a, b), 40_000)
  const took = world.sim.now - start
  const isRelayed = [a.local, a.remote].includes('relay')
  return { connected: connected && exchanges(world, a, b), isRelayed, took }
}

function sideOf(world: World, kind: SiteKind, role: 'controlling' | 'controlled'): Peer {
  if (kind === 'open') return world.peer({ role, uses: 'both' })
  if (kind === 'udp-blocked')
    return world.peer({ role, uses: 'stream', nat: 'port-restricted', isUdpBlocked: true })
  const behind = kind === 'double' ? world.nat('port-restricted') : undefined
  const natKind: NatKind = kind === 'double' ? 'port-restricted' : kind
  return world.peer({ role, uses: 'both', nat: world.nat(natKind, behind && { behind }) })
}

/** Data gets through both ways, if not at the first try. */
function exchanges(world: World, a: Peer, b: Peer): boolean {
  for (let i = 0; i < 20 && (a.received.length === 0 || b.received.length === 0); i++) {
    a.send('from a')
    b.send('from b')
    world.sim.advance(200)
  }
  return a.received.length > 0 && b.received.length > 0
}
