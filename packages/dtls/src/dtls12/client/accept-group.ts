import { PeerMisbehaved } from '../../errors.ts'
import type { ResolvedConfig } from '../../resolved-config.ts'
import { curvesOf, type NamedGroup } from '../../protocol/named-group.ts'

/** The group of a server's ephemeral key, which must be one of those that we offered: RFC 8422 §5.4. */
export function acceptGroup(config: ResolvedConfig, id: number): NamedGroup {
  const group = curvesOf(config.groups).find((group) => group.id === id)
  if (group === undefined) throw new PeerMisbehaved('illegal-parameter', `group ${id} was not offered`)
  return group
}
