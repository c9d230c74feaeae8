import { equalBytes, type Millis } from '@purertc/bytes'

import { permits, type ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { authenticateByRecall, type PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { ownerOf } from '../../proofs/remembered-peer.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { ResumableSession12 } from '../../resumption/resumable-session.ts'

/** A session that a client offers to resume, with the server as whom it will be known. */
export interface SessionOffer {
  readonly session: ResumableSession12
  readonly peer: PeerAuthenticated
}

/**
 * The configured session, where it is still good: not out of date, had by us as we are now, with this server and a
 * suite that we would offer, and with a peer that today's configuration takes as well. Null otherwise, and the
 * handshake is a full one.
 */
export function offerSession(config: ResolvedConfig, now: Millis): SessionOffer | null {
  const { session } = config
  if (session === null || session.version !== ProtocolVersion.dtls12) return null
  if (!permits(config, ProtocolVersion.dtls12)) return null
  const { suite, serverName, owner, expires } = session.remembered
  if (now >= expires || serverName !== config.serverName || !config.cipherSuites.includes(suite)) return null
  if (!equalBytes(owner, ownerOf(config))) return null
  try {
    return { session, peer: authenticateByRecall(config, session.remembered) }
  } catch (error) {
    if (error instanceof PeerMisbehaved) return null
    throw error
  }
}
