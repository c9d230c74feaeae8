import type { KeyExchange } from '@purertc/crypto'

import { permits, type ResolvedConfig } from '../../resolved-config.ts'
import type { SessionOffer } from '../../dtls12/client/session-offer.ts'
import type { Extensions } from '../../extensions/extensions.ts'
import { ClientKeyShares } from '../../extensions/key-share.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { namedGroups } from '../../protocol/named-group.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { PreSharedKey } from '../psk/pre-shared-key.ts'

/** What a client has offered, and the private keys of it. */
export interface ClientOffer {
  readonly hello: ClientHello
  /** A session of DTLS 1.2 that the server may take up. */
  readonly session: SessionOffer | null
  readonly shares: readonly KeyExchange[]
  /** In the order in which `hello` names them. */
  readonly psks: readonly PreSharedKey[]
}

/**
 * The private halves of a ClientHello's key shares: one for the group that we like best, and where that is a hybrid, one
 * for the best curve, so that a server without ML-KEM answers at once as well. None where DTLS 1.3 is not spoken.
 */
export function createKeyShares(config: ResolvedConfig): readonly KeyExchange[] {
  if (!permits(config, ProtocolVersion.dtls13)) return []
  const { groups } = config
  const best = groups.slice(0, 1)
  const curve = groups.find(({ isCurve }) => isCurve)
  if (curve !== undefined && best[0]?.isCurve === false) best.push(curve)
  return best.map(({ name }) => config.crypto.createKeyExchange(name))
}

export function setKeyShares(extensions: Extensions, shares: readonly KeyExchange[]): void {
  const entries = shares.map(({ group, publicKey }) => ({ group: idOf(group), keyExchange: publicKey }))
  extensions.set(ClientKeyShares, entries)
}

/** Throws where the registry lacks the group, which nobody could ask for. */
export function idOf(name: KeyExchange['group']): number {
  const group = namedGroups.find((candidate) => candidate.name === name)
  if (group === undefined) throw new RangeError(`no group ${name}`)
  return group.id
}
