import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { MessageSeal, sameAddress, type TransportAddress } from '@purertc/stun'

import { SocketBase } from './base.ts'
import type { Consent } from './consent.ts'
import type { DtlsInStun } from './dtls-in-stun.ts'
import type { IceHost } from './host.ts'
import type { Outbox } from './outbox.ts'
import type { Pair } from './pair.ts'
import type { Processing } from './processing.ts'
import type { IceRole } from './role.ts'
import { answerTo, isRoutineAnswer, isRoutineRequest } from './routine-messages.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Statistics } from './stats.ts'

export interface RoutineParts {
  readonly processing: Pick<Processing, 'forgetTimeout'>
  readonly sessions: Pick<Sessions, 'sessionOf'>
  readonly consent: Pick<Consent, 'pair' | 'heard' | 'asked'>
  readonly outbox: Outbox
  readonly stats: Statistics
}

/**
 * Consent checks and their answers over the pair that data goes over, as long as they say nothing new. That is all that an
 * idle agent does, and thousands of them do it without end. Each does it once in seconds, with caches that hold nothing of
 * it any more: what costs is how many objects are touched. So what may be done is concluded once, and holds until anything
 * else than routine happens to the agent; in between, messages are judged from their bytes and from what is here.
 *
 * It is a short cut and no second judge. What it takes has the seal, the form and the sender that the long way would have
 * found right, and has the same effects; whatever else comes, or comes at another time, is left to the long way.
 */
export class Routine {
  readonly #crypto: CryptoProvider
  readonly #host: Pick<IceHost, 'transmit'>
  readonly #parts: RoutineParts
  /** Whether the conclusions hold. */
  #isReady = false
  #mayAsk = false
  #mayAnswer = false
  #isLite = false
  /** This agent's, as its requests claim it; the peer's claim the other one. */
  #role: IceRole = 'controlled'
  #tieBreaker = 0n
  #dtlsInStun: DtlsInStun | undefined = undefined
  /** Whom consent is followed for, and where it is. */
  #pair: Pair | null = null
  #session: Session | null = null
  #socket = 0
  #remoteAddress: TransportAddress = NOWHERE
  /** USERNAME of the peer's requests. */
  #username = ''
  #localSeal: MessageSeal | null = null
  #remoteSeal: MessageSeal | null = null
  /** The last request. */
  #request: Uint8Array | null = null
  /** Whether it is still to be sent. */
  #isDue = false
  #isAwaiting = false
  #askedAt: Millis = LONG_AGO

  constructor(crypto: CryptoProvider, host: Pick<IceHost, 'transmit'>, parts: RoutineParts) {
    this.#crypto = crypto
    this.#host = host
    this.#parts = parts
  }

  /** Something else happens, which may change anything. */
  interrupt(): void {
    this.#isReady = false
  }

  /** Makes a consent check over the followed pair, for {@link Routine.send}. False where it is to be sent the long way. */
  ask(now: Millis): boolean {
    if (!this.#isReady && !this.#prepare()) return false
    // It has nothing to ask.
    if (this.#isLite) return true
    if (!this.#mayAsk || this.#dtlsInStun?.isActive === true) return false
    if (this.#awaits(now)) return false
    if (!this.#renewRequest()) return false
    this.#isAwaiting = true
    this.#askedAt = now
    this.#isDue = true
    this.#parts.stats.requestsSent++
    return true
  }

  /** Sends what was asked, when state is settled. */
  send(): void {
    if (!this.#isDue || this.#request === null) return
    this.#isDue = false
    this.#host.transmit(this.#socket, this.#remoteAddress, this.#request)
  }

  /** Takes a message that is routine; false where it is to be judged the long way. */
  receive(now: Millis, socket: number, from: TransportAddress, bytes: Uint8Array): boolean {
    if (bytes[0] === 0) return this.#isFromPeer(socket, from) && this.#answer(now, from, bytes)
    if (bytes[0] !== 1 || !this.#awaits(now) || !this.#hasLastId(bytes)) return false
    // To conclude that the role is another now hands the last request over, too.
    if (this.#isFromPeer(socket, from) && this.#isAwaiting && this.#hear(now, bytes)) return true
    this.#handOver()
    return false
  }

  #answer(now: Millis, from: TransportAddress, bytes: Uint8Array): boolean {
    const session = this.#session
    const pair = this.#pair
    if (!this.#mayAnswer || pair === null || session === null) return false
    const claim = this.#role === 'controlling' ? 'controlled' : 'controlling'
    if (!isRoutineRequest(bytes, this.#username, claim)) return false
    this.#localSeal ??= new MessageSeal(this.#crypto, session.parts.key)
    const request = this.#localSeal.verify(bytes)
    if (request === null) return false
    const answer = answerTo(request, from)
    if (answer === null) return false
    this.#localSeal.apply(answer)
    const { consent, stats } = this.#parts
    pair.isHeard = true
    pair.heardAt = now
    // RFC 8445 §7.3.2: a lite agent gets no answers; requests are its consent.
    if (this.#isLite) pair.respondedAt = now
    stats.responsesSent++
    consent.heard(now)
    consent.asked(now)
    this.#host.transmit(this.#socket, from, answer)
    return true
  }

  #hear(now: Millis, bytes: Uint8Array): boolean {
    const pair = this.#pair
    const seal = this.#remoteSeal
    if (pair === null || seal === null || !isRoutineAnswer(bytes) || seal.verify(bytes) === null) return false
    this.#isAwaiting = false
    pair.responsesReceived++
    pair.roundTripTime = now - this.#askedAt
    pair.respondedAt = now
    pair.heardAt = now
    this.#parts.stats.responsesReceived++
    this.#parts.consent.heard(now)
    return true
  }

  /** Whether nothing follows from a sign of life that comes from there. */
  #isFromPeer(socket: number, from: TransportAddress): boolean {
    if (!this.#isReady && !(this.#parts.outbox.isIdle && this.#prepare())) return false
    if (socket !== this.#socket || !sameAddress(from, this.#remoteAddress)) return false
    return this.#dtlsInStun?.isActive !== true
  }

  /** Whether the last request may still be answered. */
  #awaits(now: Millis): boolean {
    return this.#isAwaiting && now < this.#askedAt + LIFETIME
  }

  /** Only an answer to the last request has its transaction ID. */
  #hasLastId(bytes: Uint8Array): boolean {
    const request = this.#request
    if (request === null) return false
    for (let i = ID; i < ID + ID_LENGTH; i++) if (bytes[i] !== request[i]) return false
    return true
  }

  /** The same one time and again, with a transaction ID of its own each time. */
  #renewRequest(): boolean {
    const checks = this.#session?.consentChecks ?? null
    if (checks === null || this.#pair === null) return false
    this.#request ??= checks.consentRequest(this.#pair)
    this.#remoteSeal ??= new MessageSeal(this.#crypto, checks.key)
    this.#crypto.randomFill(newId)
    this.#request.set(newId, ID)
    this.#remoteSeal.apply(this.#request)
    return true
  }

  /** Draws the conclusions, where there is a pair of this agent's own socket that nothing is amiss with. */
  #prepare(): boolean {
    const { pair } = this.#parts.consent
    if (pair === null) return false
    if (pair !== this.#pair) this.#follow(pair)
    const { base } = pair
    const session = this.#session
    // A TURN server's timers follow from what is sent.
    if (session === null || !(base instanceof SocketBase)) return false
    if (pair.isSilent || pair.state !== 'succeeded') return false
    const { role, selection, isLite, hasCheckFilter, dtlsInStun } = session.parts
    if (role.current !== this.#role || role.tieBreaker !== this.#tieBreaker) {
      this.#handOver()
      this.#request = null
    }
    this.#role = role.current
    this.#tieBreaker = role.tieBreaker
    this.#socket = base.id
    this.#mayAsk = !selection.nominates(pair)
    this.#mayAnswer = selection.isPeerReady && !hasCheckFilter
    this.#isLite = isLite
    this.#dtlsInStun = dtlsInStun
    this.#isReady = true
    return true
  }

  #follow(pair: Pair): void {
    this.#handOver()
    const session = this.#parts.sessions.sessionOf(pair)
    const remote = session?.remoteCredentials?.usernameFragment
    this.#pair = pair
    this.#remoteAddress = pair.remoteAddress
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
    this.#session?.consentChecks?.adopt(this.#askedAt, this.#pair, this.#role, this.#request)
    this.#parts.processing.forgetTimeout()
  }
}

/** Milliseconds that the answer to a check may take: as long as consent can last without one. */
const LIFETIME = 30_000

/** Where a transaction ID is in a message. */
const ID = 8
const ID_LENGTH = 12
/** Scratch memory: what is in it means nothing between calls. */
const newId = new Uint8Array(ID_LENGTH)

const NOWHERE: TransportAddress = { family: 'IPv4', address: '', port: 0 }
const LONG_AGO = Millis(-Infinity)
