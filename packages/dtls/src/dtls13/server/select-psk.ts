import { equalBytes } from '@purertc/bytes'

import type { ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { PreSharedKeys } from '../../extensions/pre-shared-key.ts'
import { pskDheKe, PskKeyExchangeModes } from '../../extensions/psk-key-exchange-modes.ts'
import { ServerName } from '../../extensions/server-name.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import type { BinderVerified } from '../../proofs/binder-verified.ts'
import { authenticateByRecall } from '../../proofs/peer-authenticated.ts'
import { ownerOf } from '../../proofs/remembered-peer.ts'
import type { TicketRemembered } from '../../proofs/session-remembered.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import type { HandshakeContext } from '../handshake-state.ts'
import { checkBinder } from '../psk/binders.ts'
import {
  type BindingKey,
  externalPsk,
  keyOfTicket,
  type PreSharedKey,
  ticketPsk,
  type TicketPsk,
} from '../psk/pre-shared-key.ts'

/** The key that a server takes up, which the client has shown to have. */
export interface PskSelection {
  readonly psk: PreSharedKey
  readonly binder: BinderVerified
  /** Its position among those that the client offers. */
  readonly index: number
}

/**
 * The first key of a client's offer that we know as well and that serves the suite, RFC 8446 §4.2.11; null where there
 * is none, and certificates are to tell. To be called before the ClientHello enters the transcript. Throws
 * `PeerMisbehaved` where the client has not the key that it names.
 */
export function selectPsk(
  cx: HandshakeContext,
  suite: CipherSuite13,
  hello: ClientHello,
  message: HandshakeMessage,
): PskSelection | null {
  const { config, transcript } = cx
  const offered = hello.extensions.get(PreSharedKeys)
  if (offered === undefined) return null
  checkOffer(hello, offered.identities.length, offered.binders.length)
  if (!takesPsks(hello)) return null
  for (const [index, { identity }] of offered.identities.slice(0, maxTried).entries()) {
    const remembered = openTicket(cx, hello, identity)
    const key = remembered === null ? findExternal(config, identity) : keyOfTicket(remembered)
    if (key === null || key.hash !== suite.hash) continue
    const binder = checkBinder(config.crypto, transcript, message, offered, index, key)
    const psk = remembered === null ? externalPsk(identity, key.key) : recall(config, identity, remembered)
    if (psk !== null) return { psk, binder, index }
  }
  return null
}

/** Whether a client may use keys in a way that we take. */
export const takesPsks = ({ extensions }: ClientHello): boolean =>
  extensions.get(PskKeyExchangeModes)?.includes(pskDheKe) === true

function checkOffer({ extensions }: ClientHello, identities: number, binders: number): void {
  if ([...extensions.types].at(-1) !== PreSharedKeys.type)
    throw new PeerMisbehaved('illegal-parameter', 'pre_shared_key is not the last extension')
  if (identities !== binders)
    throw new PeerMisbehaved('illegal-parameter', `${identities} keys and ${binders} binders`)
  if (!extensions.has(PskKeyExchangeModes))
    throw new PeerMisbehaved('missing-extension', 'keys without psk_key_exchange_modes (RFC 8446 §4.2.9)')
}

/** The session of a ticket that is ours, not out of date, under the same name and the same certificates of ours. */
function openTicket(
  { config, now }: HandshakeContext,
  { extensions }: ClientHello,
  ticket: Uint8Array,
): TicketRemembered | null {
  const remembered = config.sessions?.openTicket(now, ticket) ?? null
  if (remembered === null || remembered.serverName !== (extensions.get(ServerName) ?? null)) return null
  return equalBytes(remembered.owner, ownerOf(config)) ? remembered : null
}

function findExternal({ serverPsk }: ResolvedConfig, identity: Uint8Array): BindingKey | null {
  const key = serverPsk?.key(identity) ?? null
  return key === null ? null : externalPsk(identity, key)
}

/** The client of before, if today's configuration takes it as well. Nobody is told why not. */
function recall(config: ResolvedConfig, ticket: Uint8Array, remembered: TicketRemembered): TicketPsk | null {
  try {
    return ticketPsk(ticket, remembered, authenticateByRecall(config, remembered))
  } catch (error) {
    if (error instanceof PeerMisbehaved) return null
    throw error
  }
}

/** Each costs a decryption and a question to the host, and a client could name thousands. */
const maxTried = 5
