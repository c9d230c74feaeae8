import { copyBytes, Millis } from '@purertc/bytes'

import { Timer } from '../timer.ts'
import type { Tsn } from '../tsn.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { CauseCode, staleCookieCause } from '../wire/error-cause.ts'
import type { InitChunk } from '../wire/init.ts'
import { ParameterType } from '../wire/parameter-type.ts'
import { type Agreement, agreementOn } from './agreement.ts'
import { classifyCookie, type CookieMeaning } from './collision.ts'
import type { Context } from './context.ts'
import { sendInitAck } from './init-ack.ts'
import { initParameters, readInitParameters } from './init-parameters.ts'
import { refuseInit, refuseInitAck, refusalOf, withoutCookie } from './init-refusal.ts'
import { CookieJar, type StateCookie } from './state-cookie.ts'

export interface HandshakeHost {
  /** The association stands; `restarted` when it replaces one that stood before. */
  established(now: Millis, agreement: Agreement, restarted: boolean): void
}

/** The four-way handshake from both ends, RFC 9260 §5.1, and INIT and COOKIE ECHO that come unexpected, §5.2. */
export class Handshake {
  readonly #context: Context
  readonly #host: HandshakeHost
  readonly #jar: CookieJar
  readonly #newNumber: () => number
  #localTag: number
  #localTsn: Tsn
  /** From the INIT ACK, until COOKIE ACK. */
  #agreement: Agreement | undefined
  #cookie: Uint8Array | undefined
  #attempts = 0
  #timeout = 0
  #sentAt = 0
  #staleCookies = 0

  /** `newNumber` yields random numbers of 32 bits, never 0. */
  constructor(context: Context, localTsn: Tsn, newNumber: () => number, host: HandshakeHost) {
    this.#context = context
    this.#host = host
    this.#newNumber = newNumber
    this.#jar = new CookieJar(context.settings.crypto)
    this.#localTag = newNumber()
    this.#localTsn = localTsn
  }

  /** The tag that packets from the peer must carry. */
  get localTag(): number {
    return this.#localTag
  }

  /** Begins unless the peer has begun `patience` milliseconds from now. */
  await(now: Millis, patience: number): void {
    this.#context.deadlines.arm(Timer.t1, Millis(now + patience))
  }

  /** Sends INIT, RFC 9260 §5.1 A. */
  start(now: Millis): void {
    this.#context.state = 'cookie-wait'
    this.#cookie = undefined
    this.#agreement = undefined
    this.#attempts = 0
    this.#timeout = this.#context.settings.rtoInitial
    this.#transmit(now)
  }

  /** Both ends have the other's INIT already: the association stands, draft-hancke-tsvwg-snap. */
  adopt(now: Millis, local: InitChunk, remote: InitChunk): void {
    this.#localTag = local.initiateTag
    this.#localTsn = local.initialTsn
    this.#context.peerTag = remote.initiateTag
    this.#establish(
      now,
      agreementOn(this.#localTag, this.#localTsn, remote, readInitParameters(remote)),
      false,
    )
  }

  /** T1-init or T1-cookie went off, RFC 9260 §5.1 A and §5.1 C, or the peer did not begin. */
  handleT1(now: Millis): void {
    if (this.#context.state === 'new') {
      this.start(now)
      return
    }
    const { maxInitRetransmits, rtoMax } = this.#context.settings
    if (this.#attempts > maxInitRetransmits) {
      this.#context.end({ code: 'no-answer', message: 'the peer does not answer the handshake' })
      return
    }
    this.#timeout = Math.min(2 * this.#timeout, rtoMax)
    this.#transmit(now)
  }

  /** Answers an INIT and remembers nothing of it, RFC 9260 §5.1 B, §5.2.1 and §5.2.2. */
  handleInit(now: Millis, init: InitChunk): void {
    const { state, settings, deadlines, peerTag } = this.#context
    const refusal = refusalOf(init)
    if (refusal) {
      refuseInit(this.#context, init, refusal)
      return
    }
    // Whom we were waiting for has begun; if COOKIE ECHO does not come in its time, we begin ourselves.
    if (this.#isAwaiting) deadlines.arm(Timer.t1, Millis(now + settings.rtoInitial))
    // While our own INIT is under way the answer must repeat it, so that both handshakes yield one association; an
    // association that stands offers a new tag, which tells a restart from a delayed INIT.
    const isStanding = state !== 'new' && state !== 'cookie-wait' && state !== 'cookie-echoed'
    const local = isStanding
      ? { tag: this.#newNumber(), tsn: this.#newNumber() as Tsn }
      : { tag: this.#localTag, tsn: this.#localTsn }
    const localTieTag = state === 'new' || state === 'cookie-wait' ? 0 : this.#localTag
    sendInitAck(this.#context, this.#jar, now, init, local, { localTieTag, peerTieTag: peerTag })
  }

  /** RFC 9260 §5.1 C. */
  handleInitAck(now: Millis, init: InitChunk): void {
    const context = this.#context
    if (context.state !== 'cookie-wait') {
      context.discarded.count('unexpected-chunk')
      return
    }
    const refusal = refusalOf(init)
    if (refusal) {
      refuseInitAck(context, init, refusal, this.#localTag)
      return
    }
    const cookie = init.parameters.find(({ type }) => type === ParameterType.stateCookie)
    if (!cookie) {
      refuseInitAck(context, init, withoutCookie, this.#localTag)
      return
    }
    context.peerTag = init.initiateTag
    if (this.#attempts === 1) context.roundTrip.measured(now - this.#sentAt)
    const parameters = readInitParameters(init)
    this.#agreement = agreementOn(this.#localTag, this.#localTsn, init, parameters)
    this.#cookie = copyBytes(cookie.value)
    this.#attempts = 0
    this.#timeout = context.roundTrip.rto
    context.state = 'cookie-echoed'
    this.#transmit(now)
    for (const value of parameters.unrecognized)
      context.output.queue({
        type: ChunkType.error,
        causes: [{ type: CauseCode.unrecognizedParameters, value }],
      })
  }

  /**
   * RFC 9260 §5.1 D and §5.2.4. Returns whether the rest of the packet, which may hold DATA, belongs to the
   * association that stands now.
   */
  handleCookieEcho(now: Millis, sealed: Uint8Array, verificationTag: number): boolean {
    const { state, discarded, output } = this.#context
    const cookie = this.#jar.open(sealed)
    if (!cookie || cookie.localTag !== verificationTag) {
      discarded.count('bad-cookie')
      return false
    }
    const meaning = classifyCookie(cookie, state, this.#localTag, this.#context.peerTag)
    const age = now - cookie.createdAt
    // A cookie of the association that stands may be late: its COOKIE ACK was lost (RFC 9260 §5.2.4, 3).
    if (meaning !== 'same' && age > this.#context.settings.cookieLifetime) {
      discarded.count('stale-cookie')
      output.queueAlone(cookie.peerTag, {
        type: ChunkType.error,
        causes: [staleCookieCause(age - this.#context.settings.cookieLifetime)],
      })
      return false
    }
    return this.#accept(now, cookie, meaning)
  }

  /** Does what a valid cookie means. */
  #accept(now: Millis, cookie: StateCookie, meaning: CookieMeaning): boolean {
    const { state, discarded, output } = this.#context
    switch (meaning) {
      case 'discard':
        discarded.count('colliding-cookie')
        return false
      case 'shutting-down':
        // RFC 9260 §5.2.4 A: the peer has to wait until the old association is gone.
        output.queue({ type: ChunkType.shutdownAck })
        output.queue({
          type: ChunkType.error,
          causes: [{ type: CauseCode.cookieReceivedWhileShuttingDown, value: new Uint8Array(0) }],
        })
        return false
      case 'same':
        output.queue({ type: ChunkType.cookieAck })
        if (state === 'cookie-echoed' && this.#agreement) this.#establish(now, this.#agreement, false)
        return true
      case 'new':
        this.#context.peerTag = cookie.peerTag
        if (this.#isAwaiting) this.#measureAnswer(now - cookie.createdAt)
        output.queue({ type: ChunkType.cookieAck })
        this.#establish(now, cookie, false)
        return true
      case 'restart':
        output.clear()
        this.#context.peerTag = cookie.peerTag
        this.#localTag = cookie.localTag
        this.#localTsn = cookie.localTsn
        output.queue({ type: ChunkType.cookieAck })
        this.#establish(now, cookie, true)
        return true
    }
  }

  /** RFC 9260 §5.1 E. */
  handleCookieAck(now: Millis): void {
    // When both ends begin at once, the second COOKIE ACK comes to an association that stands already.
    if (this.#context.state !== 'cookie-echoed' || !this.#agreement) return
    if (this.#attempts === 1) this.#context.roundTrip.measured(now - this.#sentAt)
    this.#establish(now, this.#agreement, false)
  }

  /** The cookie got too old on its way: try again from the start, RFC 9260 §5.2.6. */
  handleStaleCookie(now: Millis): void {
    if (this.#context.state !== 'cookie-echoed') return
    if (++this.#staleCookies > this.#context.settings.maxInitRetransmits) {
      this.#context.end({ code: 'no-answer', message: 'the peer takes no cookie of its own' })
      return
    }
    this.#context.peerTag = 0
    this.#context.state = 'cookie-wait'
    this.#cookie = undefined
    this.#agreement = undefined
    this.#transmit(now)
  }

  /** Whether the peer is expected to begin. */
  get #isAwaiting(): boolean {
    const { state, deadlines } = this.#context
    return state === 'new' && deadlines.isArmed(Timer.t1)
  }

  /** A COOKIE ECHO this soon after our INIT ACK is not a repetition, so that Karn's rule is kept. */
  #measureAnswer(age: number): void {
    const { settings, roundTrip } = this.#context
    if (age < settings.rtoMin) roundTrip.measured(age)
  }

  #establish(now: Millis, agreement: Agreement, restarted: boolean): void {
    this.#context.deadlines.disarm(Timer.t1)
    this.#context.state = 'established'
    this.#cookie = undefined
    this.#agreement = undefined
    this.#host.established(now, agreement, restarted)
  }

  /** INIT, or COOKIE ECHO once there is a cookie. */
  #transmit(now: Millis): void {
    const { settings, output, deadlines } = this.#context
    this.#attempts++
    this.#sentAt = now
    deadlines.arm(Timer.t1, Millis(now + this.#timeout))
    if (this.#cookie) {
      output.queue({ type: ChunkType.cookieEcho, cookie: this.#cookie })
      return
    }
    output.queueAlone(0, {
      type: ChunkType.init,
      initiateTag: this.#localTag,
      receiverWindow: settings.receiveWindow,
      outboundStreams: settings.streams,
      inboundStreams: settings.streams,
      initialTsn: this.#localTsn,
      parameters: initParameters(settings),
    })
  }
}
