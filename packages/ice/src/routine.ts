import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { MessageSeal, type TransportAddress } from '@purertc/stun'

import type { Base } from './base.ts'
import type { Consent } from './consent.ts'
import type { Outbox } from './outbox.ts'
import type { Pair } from './pair.ts'
import type { IceRole } from './role.ts'
import { answerTo, isRoutineAnswer, isRoutineRequest } from './routine-messages.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Statistics } from './stats.ts'

export interface RoutineParts {
  readonly sessions: Sessions
  readonly consent: Consent
  readonly outbox: Outbox
  readonly stats: Statistics
}

/**
 * Consent checks and their answers over the pair that data goes over, as long as they say nothing new. That is all that an
 * idle agent does, and thousands of them do it without end: so this touches few objects, and decides from the bytes alone.
 *
 * It is a short cut and no second judge. What it takes has the seal, the form and the sender that the long way would have
 * found right, and has the same effects; whatever else comes, or comes at another time, is left to the long way.
 */
export class Routine {
  readonly #crypto: CryptoProvider
  readonly #parts: RoutineParts
  /** Whom consent was followed for when the rest was set up. */
  #pair: Pair | null = null
  #session: Session | null = null
  /** USERNAME of the peer's requests. */
  #username = ''
  #localSeal: MessageSeal | null = null
  #remoteSeal: MessageSeal | null = null
  /** The last request; its transaction ID is seen through `#id`. */
  #request: Uint8Array | null = null
  #id: Uint8Array = NO_ID
  #claim: IceRole = 'controlled'
  #tieBreaker = 0n
  #isAwaiting = false
  #askedAt: Millis = LONG_AGO

  constructor(crypto: CryptoProvider, parts: RoutineParts) {
    this.#crypto = crypto
    this.#parts = parts
  }

  /** Sends a consent check over `pair`. False where it is to be sent the long way. */
  ask(now: Millis, pair: Pair): boolean {
    if (pair !== this.#pair) this.#follow(pair)
    const session = this.#session
    if (session === null || !this.#isPlain(session)) return false
    const { role, isLite, selection } = session.parts
    // It has nothing to ask.
    if (isLite) return true
    if (selection.nominates(pair)) return false
    const checks = session.consentChecks
    if (checks === null) return false
    if (this.#isAwaiting && now < this.#askedAt + LIFETIME) return false
    const { outbox, stats } = this.#parts
    if (this.#request === null || this.#claim !== role.current || this.#tieBreaker !== role.tieBreaker) {
      this.#claim = role.current
      this.#tieBreaker = role.tieBreaker
      this.#request = checks.consentRequest(pair)
      this.#id = this.#request.subarray(8, 20)
    }
    this.#remoteSeal ??= new MessageSeal(this.#crypto, checks.key)
    const request = this.#request
    this.#crypto.randomFill(this.#id)
    this.#remoteSeal.apply(request)
    this.#isAwaiting = true
    this.#askedAt = now
    stats.requestsSent++
    outbox.post(() => pair.base.send(now, pair.remoteAddress, request))
    return true
  }

  /** Takes a message that is routine; false where it is to be judged the long way. */
  receive(now: Millis, base: Base, from: TransportAddress, bytes: Uint8Array): boolean {
    const { pair } = this.#parts.consent
    if (bytes[0] === 1) return this.#isAwaiting && this.#hear(now, pair, base, from, bytes)
    if (pair === null || bytes[0] !== 0) return false
    if (pair !== this.#pair) this.#follow(pair)
    return this.#isSteady(pair, base, from) && this.#answer(now, pair, from, bytes)
  }

  #answer(now: Millis, pair: Pair, from: TransportAddress, bytes: Uint8Array): boolean {
    const { consent, stats } = this.#parts
    const session = this.#session
    if (session === null || session.parts.hasCheckFilter) return false
    const { role, key, isLite, selection } = session.parts
    if (!selection.isPeerReady) return false
    const claim = role.isControlling ? 'controlled' : 'controlling'
    if (!isRoutineRequest(bytes, this.#username, claim)) return false
    this.#localSeal ??= new MessageSeal(this.#crypto, key)
    const request = this.#localSeal.verify(bytes)
    if (request === null) return false
    const answer = answerTo(request, from)
    if (answer === null) return false
    this.#localSeal.apply(answer)
    pair.isHeard = true
    pair.heardAt = now
    // RFC 8445 §7.3.2: a lite agent gets no answers; requests are its consent.
    if (isLite) pair.respondedAt = now
    stats.responsesSent++
    consent.heard(now)
    consent.asked(now)
    pair.base.send(now, from, answer)
    return true
  }

  #hear(now: Millis, pair: Pair | null, base: Base, from: TransportAddress, bytes: Uint8Array): boolean {
    for (let i = 0; i < this.#id.length; i++) if (bytes[8 + i] !== this.#id[i]) return false
    const isRoutine =
      pair !== null &&
      pair === this.#pair &&
      this.#isSteady(pair, base, from) &&
      isRoutineAnswer(bytes) &&
      this.#remoteSeal !== null &&
      this.#remoteSeal.verify(bytes) !== null
    if (!isRoutine) {
      this.#handOver()
      return false
    }
    this.#isAwaiting = false
    pair.responsesReceived++
    pair.roundTripTime = now - this.#askedAt
    pair.respondedAt = now
    pair.heardAt = now
    this.#parts.stats.responsesReceived++
    this.#parts.consent.heard(now)
    return true
  }

  /** Whether nothing follows from a sign of life of the peer. */
  #isSteady(pair: Pair, base: Base, from: TransportAddress): boolean {
    if (pair.isSilent || pair.state !== 'succeeded' || !pair.joins(base, from)) return false
    return this.#parts.outbox.isIdle && this.#session !== null && this.#isPlain(this.#session)
  }

  /** Whether messages carry no DTLS, and no TURN server's timers follow from what is sent. */
  #isPlain({ parts }: Session): boolean {
    return parts.dtlsInStun?.isActive !== true && this.#pair?.base.isRelay === false
  }

  #follow(pair: Pair): void {
    this.#handOver()
    const session = this.#parts.sessions.sessionOf(pair)
    const remote = session?.remoteCredentials?.usernameFragment
    this.#pair = pair
    this.#session = session !== undefined && remote !== undefined ? session : null
    this.#username = `${session?.credentials.usernameFragment ?? ''}:${remote ?? ''}`
    this.#localSeal = null
    this.#remoteSeal = null
    this.#request = null
  }

  /** The answer to the last check, if there will be one, is to be judged the long way. */
  #handOver(): void {
    if (!this.#isAwaiting || this.#pair === null || this.#request === null) return
    this.#isAwaiting = false
    this.#session?.consentChecks?.adopt(this.#askedAt, this.#pair, this.#claim, this.#request)
  }
}

/** Milliseconds that the answer to a check may take: as long as consent can last without one. */
const LIFETIME = 30_000

const NO_ID = new Uint8Array(0)
const LONG_AGO = Millis(-Infinity)
