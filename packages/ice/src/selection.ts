import { Millis } from '@purertc/bytes'

import type { CheckList } from './check-list.ts'
import { Nomination, type NominationPatience } from './nomination.ts'
import type { Pair } from './pair.ts'
import type { Role } from './role.ts'

export interface SelectionHost {
  /** The application's word; a pair that it refuses is never asked about again. */
  acceptPair(pair: Pair): boolean
  pairSelected(pair: Pair): void
  /** The peer wants this valid pair: whether a check of it succeeds is to be found out, and told to {@link Selection.proven}. */
  proofWanted(pair: Pair): void
}

/**
 * Which pair carries the data, RFC 8445 §8.1. The controlling agent chooses, checks its choice once more with
 * USE-CANDIDATE, and has selected it when that succeeds. The controlled agent follows, also where the peer nominates
 * several pairs, as the aggressive nomination of RFC 5245 and browsers do: the better one wins then.
 */
export class Selection {
  readonly #role: Role
  readonly #list: CheckList
  readonly #host: SelectionHost
  readonly #nomination: Nomination
  /** Whether the peer has shown that it knows this session: a nomination will not be lost on it. */
  isPeerReady = false
  /** Whether the controlling agent may move to a better pair at any time. */
  renominates: boolean
  /** The peer's latest NOMINATION. */
  #nominationByPeer = -1
  #selected: Pair | null = null
  #nominee: Pair | null = null
  /** Whether the nominee's check is still to be sent. */
  #isDue = false
  /** What the peer nominated last, where data goes once it is proven. */
  #wanted: Pair | null = null
  /** Whether the peer has nominated a pair that it had tried. */
  #isPeerRegular = false
  /** Whether the nomination of the selected pair is still to be repeated. */
  #isRepeatDue = false

  constructor(
    role: Role,
    list: CheckList,
    patience: NominationPatience,
    renomination: boolean,
    host: SelectionHost,
  ) {
    this.#role = role
    this.#list = list
    this.#host = host
    this.#nomination = new Nomination(patience)
    this.renominates = renomination
  }

  get selected(): Pair | null {
    return this.#selected
  }

  get isNominating(): boolean {
    return this.#nominee !== null
  }

  /** Whether {@link Selection.takeNominee} has one. */
  get isDue(): boolean {
    return this.#isDue
  }

  get nextTimeout(): Millis {
    return this.#nomination.nextTimeout
  }

  /** Whether there is no selected pair, or only one that has fallen silent. */
  get needsPair(): boolean {
    return this.#selected === null || this.#selected.isSilent
  }

  /** Whether a pair could still replace the selected one. */
  isOpenTo(pair: Pair): boolean {
    if (this.#selected === null || this.#selected.isSilent) return true
    return (this.renominates || !this.#role.isControlling) && pair.priority > this.#selected.priority
  }

  /**
   * Chooses, if that is this agent's business and time has come. `isComplete`: all candidates are known. `isFresh`:
   * the peer has answered over the pair not long ago.
   */
  settle(now: Millis, isComplete: boolean, isFresh: (pair: Pair) => boolean): void {
    const isContent = !this.needsPair && !this.#mayImprove(isFresh)
    if (!this.#role.isControlling || this.#nominee !== null || isContent) {
      this.#nomination.rest()
      return
    }
    for (;;) {
      const isEligible = (candidate: Pair): boolean => isFresh(candidate) && this.#isAlive(candidate)
      const pair = this.#nomination.choose(now, this.#list, isComplete, this.isPeerReady, isEligible)
      if (pair === null) return
      if (this.#isAccepted(pair)) {
        this.#nominee = pair
        this.#isDue = true
        return
      }
    }
  }

  /** The pair whose nominating check is to be sent now. */
  takeNominee(): Pair | null {
    if (!this.#isDue) return null
    this.#isDue = false
    return this.#nominee
  }

  /** A nominating check succeeded. */
  nominated(pair: Pair): void {
    if (this.#selected === pair) this.#isRepeatDue = false
    if (this.#nominee !== pair) return
    this.#nominee = null
    this.#isRepeatDue = !this.renominates
    this.#select(pair)
  }

  /**
   * Whether checks of consent over `pair` nominate it, too: while the answer to its nomination is not there, which may be
   * lost time and again, and afterwards until one more is answered. A peer whose ICE was not ready for the nomination would
   * else wait for it for ever.
   */
  nominates(pair: Pair): boolean {
    if (!this.#role.isControlling || this.renominates) return false
    return pair === this.#nominee || (this.#isRepeatDue && pair === this.#selected)
  }

  /** The nominating check failed; `again`: for a reason that does not speak against the pair. */
  nominationFailed(pair: Pair, again: boolean): void {
    if (this.#nominee !== pair) return
    this.#isDue = again
    if (!again) this.#nominee = null
  }

  /**
   * The peer nominates a valid pair (RFC 8445 §7.3.1.5). False where the application refuses it. With a `nomination` the
   * highest of those decides. Else the last word of a peer that tries pairs before it nominates one does (RFC 8445 §8.1.1),
   * and the better pair where every check nominates, as RFC 5245's aggressive nomination has it. `isProven`: the peer has
   * just shown that it is there. Data does not leave a pair that works for one that may be a replayed request's.
   */
  nominatedByPeer(pair: Pair, nomination: number | undefined, isProven: boolean): boolean {
    if (pair.isRefused || (!pair.nominated && !this.#isAccepted(pair))) return false
    const isLatest = nomination !== undefined && nomination > this.#nominationByPeer
    if (isLatest) this.#nominationByPeer = nomination
    this.#isPeerRegular ||= pair.isTried
    const isLastWord = nomination === undefined && this.#isPeerRegular
    const isChosen = nomination === undefined ? this.#isBetter(pair) : isLatest
    pair.nominated = true
    this.#wanted = null
    if (pair === this.#selected) return true
    if (isChosen || (isLastWord && isProven)) this.#select(pair)
    else if (isLastWord) {
      this.#wanted = pair
      this.#host.proofWanted(pair)
    }
    return true
  }

  /** A check of the pair succeeded. */
  proven(pair: Pair): void {
    if (this.#wanted !== pair) return
    this.#wanted = null
    if (pair !== this.#selected) this.#select(pair)
  }

  /** The pair works no more. */
  lost(pair: Pair): void {
    if (this.#wanted === pair) this.#wanted = null
    if (this.#selected === pair) this.#selected = null
    this.nominationFailed(pair, false)
  }

  roleChanged(): void {
    this.#wanted = null
    this.#nominee = null
    this.#isDue = false
  }

  #select(pair: Pair): void {
    pair.nominated = true
    this.#selected = pair
    this.#host.pairSelected(pair)
  }

  #isAccepted(pair: Pair): boolean {
    if (!pair.isRefused && this.#host.acceptPair(pair)) return true
    pair.isRefused = true
    return false
  }

  #mayImprove(isFresh: (pair: Pair) => boolean): boolean {
    const selected = this.#selected
    if (!this.renominates || selected === null) return false
    return this.#list.pairs.some(
      (pair) => pair.priority > selected.priority && pair.isUsable && isFresh(pair),
    )
  }

  #isBetter(pair: Pair): boolean {
    return this.#selected === null || this.#selected.isSilent || pair.priority > this.#selected.priority
  }

  /** When the selected pair fell silent, only pairs that have answered since are worth nominating. */
  #isAlive(pair: Pair): boolean {
    const selected = this.#selected
    if (selected === null) return true
    if (pair === selected) return false
    return selected.isSilent ? pair.respondedAt > selected.heardAt : pair.priority > selected.priority
  }
}
