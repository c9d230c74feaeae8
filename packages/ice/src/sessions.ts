import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import {
  authenticate,
  integrityOf,
  MessageClass,
  Method,
  StatusCode,
  StunMessage,
  type TransportAddress,
} from '@purertc/stun'

import type { Base } from './base.ts'
import type { Discarded } from './discarded.ts'
import { fragmentsOf, refuseStranger } from './inbound-check.ts'
import type { Pair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'
import type { Session } from './session.ts'

export interface SessionsHost {
  respond(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  /** A response was authentic, and the answer to something. */
  responseAccepted(): void
  discarded(reason: Discarded): void
}

/**
 * The present ICE session and, during a restart, the one before it, whose selected pair carries the data until the
 * present one has a pair of its own (RFC 8445 §9). Every message goes to the session whose credentials it was made with.
 */
export class Sessions {
  readonly #crypto: CryptoProvider
  readonly #host: SessionsHost
  #current: Session
  #previous: Session | null = null

  constructor(crypto: CryptoProvider, first: Session, host: SessionsHost) {
    this.#crypto = crypto
    this.#host = host
    this.#current = first
  }

  get current(): Session {
    return this.#current
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#current.nextTimeout, this.#previous?.nextTimeout ?? Infinity))
  }

  restart(next: Session): void {
    const last = this.#current
    this.#current = next
    if (last.selected === null) {
      last.stop()
      return
    }
    last.retire()
    this.#previous?.stop()
    this.#previous = last
  }

  handleTimeout(now: Millis): void {
    this.#current.handleTimeout(now)
    this.#previous?.handleTimeout(now)
  }

  /** After anything has happened. */
  settle(now: Millis, hasAllLocals: boolean, isFresh: (pair: Pair) => boolean): void {
    this.#current.settle(now, hasAllLocals, isFresh)
    if (this.#current.selected !== null) this.#drop()
  }

  /**
   * The pair to send data over: the selected one, meanwhile that of before, meanwhile the best that works. From a selected
   * one that has fallen silent data moves to one that has answered since, whoever nominates it.
   */
  route(isFresh: (pair: Pair) => boolean): Pair | null {
    const selected = this.#current.selected ?? this.#previous?.selected ?? null
    if (selected?.isSilent === false) return selected
    const since = selected?.heardAt ?? -Infinity
    const works = (pair: Pair): boolean => pair.isUsable && isFresh(pair) && pair.respondedAt > since
    return this.#current.pairs.find(works) ?? selected
  }

  /** The pair that the peer has proven to be at the other end of. */
  provenPair(base: Base, from: TransportAddress): Pair | undefined {
    const isProven = (pair: Pair): boolean => pair.isProven && pair.joins(base, from)
    return this.#current.pairs.find(isProven) ?? this.#previous?.pairs.find(isProven)
  }

  sessionOf(pair: Pair): Session | undefined {
    if (this.#current.pairs.includes(pair)) return this.#current
    return this.#previous?.pairs.includes(pair) === true ? this.#previous : undefined
  }

  checkConsent(now: Millis, pair: Pair): void {
    this.sessionOf(pair)?.checkConsent(now, pair)
  }

  fail(pair: Pair, reason: PairFailure): void {
    this.sessionOf(pair)?.fail(pair, reason)
  }

  /** The base cannot reach that address. */
  failPeer(base: Base, peer: TransportAddress, reason: PairFailure): void {
    this.#current.failPeer(base, peer, reason)
    this.#previous?.failPeer(base, peer, reason)
  }

  /** The connection from that base to that address is none. */
  failPair(base: Base, peer: TransportAddress, reason: PairFailure): void {
    this.#current.failPair(base, peer, reason)
    this.#previous?.failPair(base, peer, reason)
  }

  /** The base is gone, and all pairs of it for that reason; null: it was given back for lack of use. */
  removeBase(base: Base, reason: PairFailure | null): void {
    this.#current.removeBase(base, reason)
    this.#previous?.removeBase(base, reason)
  }

  stop(): void {
    this.#current.stop()
    this.#drop()
  }

  /** False where nothing has changed but when the peer was last heard, as by checks of consent in both directions. */
  handleMessage(now: Millis, base: Base, from: TransportAddress, message: StunMessage): boolean {
    return message.class === MessageClass.request
      ? this.#handleRequest(now, base, from, message)
      : this.#handleResponse(now, base, from, message)
  }

  #handleRequest(now: Millis, base: Base, from: TransportAddress, request: StunMessage): boolean {
    const fragments = fragmentsOf(request)
    const session = fragments === null ? undefined : this.#sessionCalled(fragments.local)
    if (!(session ?? this.#current).isOpen(base)) {
      this.#host.discarded('unknown-peer')
    } else if (fragments === null || integrityOf(request) === null) {
      // RFC 8489 §9.1.3 wants 400 here. A few bytes from anywhere shall not make this agent send more to anywhere.
      this.#host.discarded('unauthenticated')
    } else {
      const called = session?.isWith(fragments.remote) === true ? session : undefined
      const proven = called === undefined ? null : authenticate(this.#crypto, request, called.parts.key)
      if (called !== undefined && proven !== null) {
        return called.handleRequest(now, base, from, proven, fragments.remote)
      } else {
        this.#host.discarded(called === undefined ? 'unknown-username' : 'unauthenticated')
        this.#host.respond(now, base, from, refuseStranger(request, StatusCode.unauthenticated))
      }
    }
    return false
  }

  #handleResponse(now: Millis, base: Base, from: TransportAddress, response: StunMessage): boolean {
    let outcome = this.#current.handleResponse(now, base, from, response)
    if (outcome === 'unknown-transaction' && this.#previous !== null)
      outcome = this.#previous.handleResponse(now, base, from, response)
    if (outcome === 'accepted' || outcome === 'consent') this.#host.responseAccepted()
    else this.#host.discarded(outcome)
    return outcome === 'accepted'
  }

  #sessionCalled(fragment: string): Session | undefined {
    if (this.#current.credentials.usernameFragment === fragment) return this.#current
    return this.#previous?.credentials.usernameFragment === fragment ? this.#previous : undefined
  }

  #drop(): void {
    this.#previous?.stop()
    this.#previous = null
  }
}

/** A Binding request or response, or why the datagram is neither. */
export function readBinding(bytes: Uint8Array): StunMessage | Discarded {
  const message = StunMessage.decode(bytes)
  if (message === null) return 'malformed'
  const isIndication = message.class === MessageClass.indication
  return message.method !== Method.binding || isIndication ? 'not-binding' : message
}
