import type { CryptoProvider, HashAlgorithm } from '@purertc/crypto'

import { authenticateByPsk, type PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { schedulePsk } from '../../proofs/psk-mixed.ts'
import type { TicketRemembered } from '../../proofs/session-remembered.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import { HandshakeKeys, type PskOrigin } from '../keys/key-schedule.ts'
import type { Transcript } from '../transcript.ts'

/** A key that both ends may have, RFC 8446 §2.2. */
export type PreSharedKey = ExternalPsk | TicketPsk

/** One that was agreed on elsewhere, RFC 4279. */
export type ExternalPsk = Psk<'external'>

/** One of an earlier handshake, with the peer as whom it is known from there. */
export interface TicketPsk extends Psk<'ticket'> {
  readonly peer: PeerAuthenticated
  readonly remembered: TicketRemembered
}

interface Psk<Origin extends PskOrigin> extends BindingKey {
  readonly origin: Origin
  /** Its name on the wire: the ticket itself, where it is of one. */
  readonly identity: Uint8Array
}

/** What binders are made with. */
export interface BindingKey {
  readonly origin: PskOrigin
  readonly key: Uint8Array
  /** Of the suites that it serves, RFC 8446 §4.2.11. */
  readonly hash: HashAlgorithm
}

/** RFC 8446 §4.2.11: where nothing else was agreed on. */
export const externalPskHash: HashAlgorithm = 'sha256'

export const externalPsk = (identity: Uint8Array, key: Uint8Array): ExternalPsk => ({
  origin: 'external',
  identity,
  key,
  hash: externalPskHash,
})

export const keyOfTicket = ({ psk, suite }: TicketRemembered): BindingKey => ({
  origin: 'ticket',
  key: psk,
  hash: suite.hash,
})

export const ticketPsk = (
  ticket: Uint8Array,
  remembered: TicketRemembered,
  peer: PeerAuthenticated,
): TicketPsk => ({
  origin: 'ticket',
  identity: ticket,
  key: remembered.psk,
  hash: remembered.suite.hash,
  peer,
  remembered,
})

/** The secrets of a handshake, and who the peer is by them. */
export interface PskHandshake {
  readonly keys: HandshakeKeys
  /** Null where certificates are to tell. */
  readonly peer: PeerAuthenticated | null
}

/** `psk` is the one that was settled on, null where there is none; `transcript` ends with ServerHello. */
export function beginKeys(
  crypto: CryptoProvider,
  suite: CipherSuite13,
  psk: PreSharedKey | null,
  sharedSecret: Uint8Array,
  transcript: Transcript,
): PskHandshake {
  if (psk === null)
    return { keys: new HandshakeKeys(crypto, suite, null, sharedSecret, transcript), peer: null }
  const mixed = schedulePsk(crypto, suite, psk, sharedSecret, transcript)
  return { keys: mixed.keys, peer: psk.origin === 'ticket' ? psk.peer : authenticateByPsk(mixed) }
}
