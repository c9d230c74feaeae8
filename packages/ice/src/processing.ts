import { Millis } from '@purertc/bytes'

import { Conclusion } from './conclusion.ts'
import type { Consent } from './consent.ts'
import type { Gatherer } from './gatherer.ts'
import type { Outbox } from './outbox.ts'
import { Pacer } from './pacer.ts'
import type { Pair } from './pair.ts'
import type { Routine } from './routine.ts'
import type { Sessions } from './sessions.ts'
import type { StateReporter } from './state-reporter.ts'

/** What processing draws its conclusions from, and what it acts on. */
export interface ProcessingParts {
  readonly outbox: Outbox
  readonly reporter: StateReporter
  readonly gatherer: Gatherer
  readonly sessions: Sessions
  readonly consent: Consent
  readonly routine: Pick<Routine, 'interrupt'>
}

/**
 * ICE processing, RFC 8445 §6 to §8: whatever has happened, from gathering to consent, this decides what follows. Which
 * pair data goes over, which transaction Ta lets start next, whether the agent has failed, and what the host is told.
 */
export class Processing {
  readonly #parts: ProcessingParts
  readonly #pacer: Pacer
  readonly #conclusion = new Conclusion()
  #hasFailed = false
  #isClosed = false
  #isTurnOfChecks = false
  /** Something has happened since the conclusions were drawn. */
  #isUnsettled = false
  /** The earliest time of all those machines; NaN when it must be computed anew. */
  #nextTimeout: number = NaN

  constructor(pacing: number, parts: ProcessingParts) {
    this.#pacer = new Pacer(pacing)
    this.#parts = parts
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether the agent takes anything of its peer at all. */
  get isActive(): boolean {
    return !this.#isClosed && !this.#hasFailed
  }

  /** When there is more to do than to mind consent. */
  get nextTimeout(): Millis {
    if (Number.isNaN(this.#nextTimeout)) {
      const { gatherer, sessions } = this.#parts
      this.#nextTimeout = Math.min(
        gatherer.nextTimeout,
        sessions.nextTimeout,
        this.#pacer.nextTimeout,
        this.#conclusion.nextTimeout,
      )
    }
    return Millis(this.#nextTimeout)
  }

  /** Something else than routine goes on, which moves timers: to ask all machines for theirs costs more than routine does. */
  forgetTimeout(): void {
    this.#nextTimeout = NaN
    this.#parts.routine.interrupt()
  }

  handleTimeout(now: Millis): void {
    const { gatherer, sessions, reporter } = this.#parts
    this.#isUnsettled = true
    gatherer.handleTimeout(now)
    sessions.handleTimeout(now)
    const base = sessions.current.selected?.base
    if (this.#conclusion.take(now, reporter.state === 'completed') && base) gatherer.conclude(now, base)
  }

  /** Checks begin, of a peer that wishes for that Ta. */
  hurry(now: Millis, theirs: number | undefined): void {
    this.#pacer.agree(theirs)
    this.#pacer.hurry(now)
  }

  /** A new session begins. */
  restart(): void {
    this.#hasFailed = false
    this.#conclusion.reset()
  }

  close(): void {
    this.#isClosed = true
    this.#conclusion.stop()
  }

  /** Something has happened that conclusions may follow from. */
  unsettle(): void {
    this.#isUnsettled = true
  }

  /** Draws the conclusions of whatever has happened, if anything has, and tells the host. */
  settle(now: Millis): void {
    if (!this.#isUnsettled && !this.#isClosed && !this.#parts.gatherer.hasWork) return
    const { gatherer, sessions, consent } = this.#parts
    this.#isUnsettled = false
    if (this.#isClosed) {
      consent.follow(now, null)
      this.#pacer.stop()
    } else {
      const isFresh = (pair: Pair): boolean => consent.isFresh(now, pair)
      gatherer.settle()
      sessions.settle(now, gatherer.state === 'complete', isFresh)
      this.#chooseRoute(now, isFresh)
      this.#giveUpIfHopeless(now, isFresh)
      this.#pacer.run(now, this.#hasWork, () => this.#startNext(now))
    }
    this.#report(now)
  }

  #chooseRoute(now: Millis, isFresh: (pair: Pair) => boolean): void {
    const { sessions, consent, outbox } = this.#parts
    const route = sessions.route(isFresh)
    if (route === consent.pair) return
    consent.follow(now, route)
    if (route !== null) outbox.post(() => route.base.favour(now, route.remoteAddress))
  }

  #giveUpIfHopeless(now: Millis, isFresh: (pair: Pair) => boolean): void {
    const { sessions, consent, gatherer } = this.#parts
    if (this.#hasFailed || consent.pair !== null || gatherer.state === 'gathering') return
    if (!sessions.current.isHopeless(now, isFresh)) return
    this.#hasFailed = true
    sessions.stop()
  }

  readonly #hasWork = (): boolean => this.#parts.gatherer.hasWork || this.#parts.sessions.current.hasWork

  /** Gathering and checking take turns, so that neither waits for the other's end. */
  #startNext(now: Millis): boolean {
    const { gatherer, sessions } = this.#parts
    this.#isTurnOfChecks = !this.#isTurnOfChecks
    return this.#isTurnOfChecks
      ? sessions.current.startCheck(now) || gatherer.startNext(now)
      : gatherer.startNext(now) || sessions.current.startCheck(now)
  }

  #report(now: Millis): void {
    const { gatherer, consent, reporter } = this.#parts
    const { current } = this.#parts.sessions
    const isSelected = current.selected !== null && current.isFinished
    const wasCompleted = reporter.state === 'completed'
    reporter.report(gatherer.state, {
      isClosed: this.#isClosed,
      hasFailed: this.#hasFailed,
      route: consent.pair,
      hasStarted: current.hasStarted,
      isComplete: gatherer.state === 'complete' && isSelected,
    })
    if (reporter.state === 'completed' && !wasCompleted) this.#conclusion.schedule(now)
    if (this.#isClosed && gatherer.isReleased) reporter.released()
  }
}
