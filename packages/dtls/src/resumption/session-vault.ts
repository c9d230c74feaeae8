import { DecodeError, Millis, toHex, Writer } from '@purertc/bytes'
import type { Aead, CryptoProvider } from '@purertc/crypto'

import {
  decodeRemembered,
  decodeRememberedTicket,
  encodeRemembered,
  encodeRememberedTicket,
  type SessionRemembered,
  type TicketRemembered,
} from '../proofs/session-remembered.ts'

export interface SessionVaultOptions {
  readonly crypto: CryptoProvider
  /** Milliseconds that a session can be resumed, two hours by default, a day at most (RFC 5246 §F.1.4). */
  readonly lifetime?: number
  /**
   * Whether clients that know tickets get one, as they do by default; otherwise all sessions are kept here, and those of
   * DTLS 1.3, which knows nothing else, are not resumed.
   */
  readonly tickets?: boolean
  /** Sessions that are kept for clients without tickets, 10,000 by default; the oldest gives way. */
  readonly maxSessions?: number
}

/**
 * What a server needs to resume sessions: the keys of its tickets, and the sessions of clients that do not know
 * tickets. One object serves all associations of a server. The key is replaced after each `lifetime`.
 *
 * @example
 * const sessions = new SessionVault({ crypto: nodeCrypto })
 * const config = { role: 'server', crypto: nodeCrypto, certificate, verify, sessions } // for every association
 */
export class SessionVault {
  /** See {@link SessionVaultOptions}. */
  readonly lifetime: number
  readonly tickets: boolean
  readonly #crypto: CryptoProvider
  readonly #maxSessions: number
  readonly #sessions = new Map<string, SessionRemembered>()
  #key: Aead
  #formerKey: Aead
  #rotateAt: number | null = null

  constructor({ crypto, lifetime = 7_200_000, tickets = true, maxSessions = 10_000 }: SessionVaultOptions) {
    this.#crypto = crypto
    this.lifetime = Math.min(lifetime, 86_400_000)
    this.tickets = tickets
    this.#maxSessions = maxSessions
    this.#key = this.#freshKey()
    this.#formerKey = this.#freshKey()
  }

  /** A ticket of DTLS 1.2 (RFC 5077); null where it would be too large. */
  seal(now: Millis, session: SessionRemembered): Uint8Array | null {
    return this.#seal(now, labels.dtls12, encodeRemembered(session))
  }

  /** The session of a ticket; null for one that is not ours, or out of date. */
  open(now: Millis, ticket: Uint8Array): SessionRemembered | null {
    const content = this.#open(now, labels.dtls12, ticket)
    return content === null ? null : ifFresh(now, decode(content, decodeRemembered))
  }

  /** The same of DTLS 1.3 (RFC 8446 §4.6.1). A ticket of one version is none of the other. */
  sealTicket(now: Millis, remembered: TicketRemembered): Uint8Array | null {
    return this.#seal(now, labels.dtls13, encodeRememberedTicket(remembered))
  }

  /** As {@link SessionVault.open}. */
  openTicket(now: Millis, ticket: Uint8Array): TicketRemembered | null {
    const content = this.#open(now, labels.dtls13, ticket)
    return content === null ? null : ifFresh(now, decode(content, decodeRememberedTicket))
  }

  /** Keeps a session; by `id` it is found again. */
  keep(id: Uint8Array, session: SessionRemembered): void {
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= this.#maxSessions && oldest !== undefined) this.#sessions.delete(oldest)
    this.#sessions.set(toHex(id), session)
  }

  find(now: Millis, id: Uint8Array): SessionRemembered | null {
    return ifFresh(now, this.#sessions.get(toHex(id)) ?? null)
  }

  /** RFC 5246 §7.2.2: a connection that ended by a fatal alert takes its session with it. */
  forget(id: Uint8Array): void {
    this.#sessions.delete(toHex(id))
  }

  /** | nonce (12) | AES-256-GCM of the content and its tag (16) | */
  #seal(now: Millis, label: Uint8Array, content: Uint8Array): Uint8Array | null {
    this.#rotate(now)
    if (content.length > maxContent) return null
    const nonce = new Uint8Array(nonceLength)
    this.#crypto.randomFill(nonce)
    const writer = new Writer(content.length + overhead)
    writer.bytes(nonce)
    this.#key.seal(nonce, label, content, writer.reserve(content.length + tagLength), 0)
    return writer.finish()
  }

  #open(now: Millis, label: Uint8Array, ticket: Uint8Array): Uint8Array | null {
    this.#rotate(now)
    if (ticket.length <= overhead || ticket.length > maxContent + overhead) return null
    const nonce = ticket.subarray(0, nonceLength)
    const content = new Uint8Array(ticket.length - overhead)
    const isOurs = [this.#key, this.#formerKey].some(
      (key) => key.open(nonce, label, ticket.subarray(nonceLength), content, 0) >= 0,
    )
    return isOurs ? content : null
  }

  #rotate(now: Millis): void {
    this.#rotateAt ??= now + this.lifetime
    if (now < this.#rotateAt) return
    this.#formerKey = now < this.#rotateAt + this.lifetime ? this.#key : this.#freshKey()
    this.#key = this.#freshKey()
    this.#rotateAt = now + this.lifetime
  }

  #freshKey(): Aead {
    const key = new Uint8Array(32)
    this.#crypto.randomFill(key)
    return this.#crypto.createAead('aes-256-gcm', key)
  }
}

const ifFresh = <T extends { readonly expires: Millis }>(now: Millis, session: T | null): T | null =>
  session !== null && now < session.expires ? session : null

/** Ours, and yet unreadable, is a ticket of a suite that this release no longer has. */
function decode<T>(content: Uint8Array, read: (content: Uint8Array) => T): T | null {
  try {
    return read(content)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

const nonceLength = 12
const tagLength = 16
const overhead: number = nonceLength + tagLength
/** What a ClientHello can carry without filling a handful of datagrams. */
const maxContent = 4_096
/** Additional data: a key of tickets is for nothing else, and says of which version they are. */
const labels = { dtls12: Uint8Array.of(0x31, 0x32), dtls13: Uint8Array.of(0x31, 0x33) }
