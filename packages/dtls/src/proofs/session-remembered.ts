import { copyBytes, DecodeError, Millis, Reader, Writer } from '@purertc/bytes'
import { hashSizes } from '@purertc/crypto'

import type { ResolvedConfig } from '../resolved-config.ts'
import { type CipherSuite13, cipherSuiteById } from '../dtls13/cipher-suite.ts'
import { type CipherSuite12, cipherSuites } from '../protocol/cipher-suite.ts'
import type { FinishedVerified } from './finished-verified.ts'
import type { PeerAuthenticated } from './peer-authenticated.ts'
import { ownerOf, readRememberedPeer, type RememberedPeer, writeRememberedPeer } from './remembered-peer.ts'

declare const proof: unique symbol

/**
 * Proof that a handshake of DTLS 1.2 was completed with this peer under this master secret: whoever shows a good
 * Finished under it again is the same peer. The secret is as good as a key.
 */
export interface SessionRemembered extends RememberedPeer {
  readonly [proof]: 'remembered'
  readonly suite: CipherSuite12
  readonly masterSecret: Uint8Array
}

/**
 * The same of DTLS 1.3: a handshake was completed with this peer, and out of its secret came this key, which belongs to
 * one ticket.
 */
export interface TicketRemembered extends RememberedPeer {
  readonly [proof]: 'remembered'
  readonly suite: CipherSuite13
  readonly psk: Uint8Array
  /** What the client adds to the age of the ticket before it tells it, RFC 8446 §4.2.11.1. */
  readonly ageAdd: number
  /** When the server sent the ticket, or the client had it. */
  readonly issued: Millis
}

/** What there is to remember of a handshake. */
export type Memorable = Pick<SessionRemembered, 'suite' | 'masterSecret' | 'serverName' | 'expires'>
export type MemorableTicket = Pick<
  TicketRemembered,
  'suite' | 'psk' | 'ageAdd' | 'issued' | 'serverName' | 'expires'
>

/**
 * The session of a handshake, for later. Null for one by a shared key: with the key at hand, another handshake costs
 * hardly more. With the other functions of this file the only origin of {@link SessionRemembered} and
 * {@link TicketRemembered}.
 */
export const rememberSession = (
  config: ResolvedConfig,
  facts: Memorable,
  peer: PeerAuthenticated,
  finished: FinishedVerified,
): SessionRemembered | null => remember(config, facts, peer, finished) as SessionRemembered | null

/** The same for a ticket of DTLS 1.3. */
export const rememberTicket = (
  config: ResolvedConfig,
  facts: MemorableTicket,
  peer: PeerAuthenticated,
  finished: FinishedVerified,
): TicketRemembered | null => remember(config, facts, peer, finished) as TicketRemembered | null

/** The content of a ticket of DTLS 1.2. */
export function encodeRemembered(session: SessionRemembered): Uint8Array {
  const writer = new Writer(512)
  writer.u16(session.suite.id)
  writer.bytes(session.masterSecret)
  writeRememberedPeer(writer, session)
  return writer.finish()
}

/** `bytes` must be authentic: those that {@link encodeRemembered} wrote, out of a ticket that nobody else can seal. */
export function decodeRemembered(bytes: Uint8Array): SessionRemembered {
  const reader = new Reader(bytes)
  const id = reader.u16()
  const suite = cipherSuites.find((suite) => suite.id === id)
  if (suite === undefined) throw new DecodeError('invalid', 'a suite of another release')
  const masterSecret = copyBytes(reader.bytes(48))
  return { suite, masterSecret, ...readRememberedPeer(reader) } as unknown as SessionRemembered
}

/** The content of a ticket of DTLS 1.3. */
export function encodeRememberedTicket(ticket: TicketRemembered): Uint8Array {
  const writer = new Writer(512)
  writer.u16(ticket.suite.id)
  writer.bytes(ticket.psk)
  writer.u32(ticket.ageAdd)
  writer.u48(Math.floor(ticket.issued))
  writeRememberedPeer(writer, ticket)
  return writer.finish()
}

/** As {@link decodeRemembered}. */
export function decodeRememberedTicket(bytes: Uint8Array): TicketRemembered {
  const reader = new Reader(bytes)
  const suite = cipherSuiteById(reader.u16())
  if (suite === undefined) throw new DecodeError('invalid', 'a suite of another release')
  const psk = copyBytes(reader.bytes(hashSizes[suite.hash]))
  const ageAdd = reader.u32()
  const issued = Millis(reader.u48())
  return { suite, psk, ageAdd, issued, ...readRememberedPeer(reader) } as unknown as TicketRemembered
}

function remember(
  config: ResolvedConfig,
  facts: Memorable | MemorableTicket,
  { identity }: PeerAuthenticated,
  _finished: FinishedVerified,
): unknown {
  return identity.kind === 'psk' ? null : { ...facts, identity, owner: ownerOf(config) }
}
