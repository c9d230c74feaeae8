/**
 * What a site's router does to traffic; the kinds of {@link import('../nat.ts').NatKind}, and
 *
 * - `open`: nothing: the client's address is public.
 * - `double`: two port-restricted NATs, the home's behind the carrier's.
 * - `hairpin`: full cone, and its clients reach each other at their public addresses (RFC 4787 §6).
 * - `udp-blocked`: a firewall that lets TCP out, and nothing else.
 * - `ipv6-only`: no IPv4; IPv6 without translation, behind a stateful firewall.
 */
export type LaboratoryNat =
  | 'open'
  | 'full-cone'
  | 'address-restricted'
  | 'port-restricted'
  | 'symmetric'
  | 'double'
  | 'hairpin'
  | 'udp-blocked'
  | 'ipv6-only'

export const laboratoryNats: readonly LaboratoryNat[] = [
  'open',
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
  'double',
  'hairpin',
  'udp-blocked',
  'ipv6-only',
]

/** Of a site: its public address, and its clients' private ones with the UDP ports that they bind. */
export interface NatSite {
  readonly outside: string
  readonly clients: readonly {
    readonly address: string
    readonly minPort: number
    readonly maxPort: number
  }[]
}

/** The nftables rules of the router between the site and the public network, from whose view they are `in` and `out`. */
export function outerRules(kind: LaboratoryNat, site: NatSite): string {
  const { outside } = site
  switch (kind) {
    case 'open':
      return ruleset({ forward: [], isPublic: true })
    case 'full-cone':
      return ruleset({
        post: [`oifname "out" snat to ${outside}`],
        pre: site.clients.map((client) => `iifname "out" ${forwardTo(client)}`),
        forward: [],
      })
    case 'hairpin':
      return ruleset({
        post: [`meta l4proto udp ip saddr != ${outside} snat to ${outside}`, MASQUERADE],
        pre: site.clients.map((client) => `ip daddr ${outside} ${forwardTo(client)}`),
        forward: [],
      })
    case 'address-restricted':
      return ruleset({
        sets: 'set contacted { type ipv4_addr; flags dynamic,timeout; timeout 120s; }',
        post: [
          `oifname "out" meta l4proto udp update @contacted { ip daddr }`,
          `oifname "out" snat to ${outside}`,
        ],
        pre: site.clients.map((client) => `iifname "out" ip saddr @contacted ${forwardTo(client)}`),
        forward: ['iifname "out" ct state new ct status dnat accept', 'iifname "out" ct state new drop'],
      })
    case 'port-restricted':
    case 'double':
      return ruleset({ post: [MASQUERADE], forward: [STATEFUL] })
    case 'symmetric':
      return ruleset({
        post: ['oifname "out" meta l4proto udp masquerade to :20000-60000 random,fully-random', MASQUERADE],
        forward: [STATEFUL],
      })
    case 'udp-blocked':
      return ruleset({ post: [MASQUERADE], forward: ['meta l4proto != tcp drop', STATEFUL] })
    case 'ipv6-only':
      return ruleset({ forward: ['drop'], forward6: [STATEFUL] })
  }
}

/** Those of the router between the clients and the outer one: a home's, in `double`; else it only keeps clients apart. */
export function innerRules(kind: LaboratoryNat): string {
  return kind === 'double'
    ? ruleset({ post: [MASQUERADE], forward: [STATEFUL, APART], isPublic: true })
    : ruleset({ forward: [APART], isPublic: true })
}

interface Rules {
  readonly sets?: string
  readonly post?: readonly string[]
  readonly pre?: readonly string[]
  readonly forward: readonly string[]
  readonly forward6?: readonly string[]
  /** Private addresses are routed from outside, which no carrier does. Default false. */
  readonly isPublic?: boolean
}

/**
 * New traffic from outside must never reach the router's own input: an early check would leave a connection-tracking
 * entry there, and the client's own packet would then be given another port than it had before.
 */
function ruleset({
  sets = '',
  post = [],
  pre = [],
  forward,
  forward6 = [],
  isPublic = false,
}: Rules): string {
  return `flush ruleset
table ip site {
  ${sets}
  chain raw { type filter hook prerouting priority -300; policy accept; ${isPublic ? '' : UNROUTED} }
  chain post { type nat hook postrouting priority 100; policy accept; ${chain(post)} }
  chain pre { type nat hook prerouting priority -100; policy accept; ${chain(pre)} }
  chain inp { type filter hook input priority 0; policy accept; iifname "out" ct state new drop; }
  chain forw { type filter hook forward priority 0; policy accept; ${chain(forward)} }
}
table ip6 site {
  chain forw { type filter hook forward priority 0; policy accept; ${chain(forward6)} }
}
`
}

const chain = (rules: readonly string[]): string => rules.map((rule) => `${rule};`).join(' ')

function forwardTo({ address, minPort, maxPort }: NatSite['clients'][number]): string {
  return `udp dport ${minPort}-${maxPort} dnat to ${address}`
}

const MASQUERADE = 'oifname "out" masquerade'
const UNROUTED = 'iifname "out" ip daddr 10.0.0.0/8 drop;'
const STATEFUL = 'iifname "out" ct state new drop'
/** Guests of one network often cannot reach each other inside. */
const APART = 'iifname "in*" oifname "in*" drop'
