import { equalBytes, type Millis } from '@purertc/bytes'

import { permits, type ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { authenticateByRecall } from '../../proofs/peer-authenticated.ts'
import { ownerOf } from '../../proofs/remembered-peer.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { pskBytes } from '../../protocol/psk.ts'
import { externalPsk, type PreSharedKey, ticketPsk, type TicketPsk } from '../psk/pre-shared-key.ts'

/**
 * The keys that a client offers a server of DTLS 1.3: that of its ticket first, then the one of the configuration. Not
 * without a suite that they are for.
 */
export function choosePsks(config: ResolvedConfig, now: Millis): readonly PreSharedKey[] {
  if (!permits(config, ProtocolVersion.dtls13)) return []
  const ticket = takeTicket(config, now)
  const { clientPsk } = config
  // There is no hint in DTLS 1.3.
  const credential = typeof clientPsk === 'function' ? clientPsk(null) : clientPsk
  const external = credential && externalPsk(pskBytes(credential.identity), credential.key)
  const isOfUse = (psk: PreSharedKey): boolean => config.cipherSuites13.some(({ hash }) => hash === psk.hash)
  return [ticket, external].filter((psk) => psk !== null).filter(isOfUse)
}

/**
 * The configured session, where it is still good: not used before, not out of date, had by us as we are now, with this
 * server, and with a peer that today's configuration takes as well. Null otherwise, and the handshake is a full one.
 */
function takeTicket(config: ResolvedConfig, now: Millis): TicketPsk | null {
  const { session, reuseSession } = config
  if (session === null || session.version !== ProtocolVersion.dtls13) return null
  const { remembered, ticket } = session
  if ((session.isSpent && !reuseSession) || now >= remembered.expires) return null
  if (remembered.serverName !== config.serverName || !equalBytes(remembered.owner, ownerOf(config)))
    return null
  try {
    const peer = authenticateByRecall(config, remembered)
    session.spend()
    return ticketPsk(ticket, remembered, peer)
  } catch (error) {
    if (error instanceof PeerMisbehaved) return null
    throw error
  }
}
