import { Millis } from '@purertc/bytes'
import { sameAddress, type TransportAddress } from '@purertc/stun'

import type { Base, LocalCandidate } from './base.ts'
import type { IceCandidate } from './candidate.ts'
import { pairPriority } from './priority.ts'
import type { RemoteCandidate } from './remote-candidates.ts'
import type { IceRole, Role } from './role.ts'

/** RFC 8445 §6.1.2.6. */
export type PairState = 'frozen' | 'waiting' | 'in-progress' | 'succeeded' | 'failed'

/** A local and a remote candidate that are, or were, checked together. Its fields follow what happens to it. */
export interface CandidatePair {
  /** What the peer sees this agent at; a server- or peer-reflexive candidate once a check showed a NAT in between. */
  readonly local: IceCandidate
  readonly remote: IceCandidate
  /** RFC 8445 §6.1.2.3, the same at both agents. */
  readonly priority: bigint
  readonly state: PairState
  readonly nominated: boolean
  /** Of this agent. */
  readonly role: IceRole
  /** Milliseconds, of the last answered check; undefined before. */
  readonly roundTripTime: number | undefined
  /** Checks of this agent's, without retransmissions and without those that renew consent. */
  readonly requestsSent: number
  /** Authenticated answers to them and to those that renew consent. */
  readonly responsesReceived: number
}

/** The pair as the agent keeps it: from one base to one remote address. */
export class Pair implements CandidatePair {
  readonly base: Base
  readonly remoteAddress: TransportAddress
  local: IceCandidate
  remote: IceCandidate
  priority: bigint
  state: PairState = 'frozen'
  nominated = false
  requestsSent = 0
  responsesReceived = 0
  /** The peer's USE-CANDIDATE came before this agent's own check succeeded (RFC 8445 §7.3.1.5). */
  nominatedByPeer = false
  /** The NOMINATION that came with it. */
  nomination: number | undefined = undefined
  /** The peer has checked the pair without nominating it: a nomination that follows is a choice, and no habit. */
  isTried = false
  /** The application refused the pair; it is never nominated. */
  isRefused = false
  /** An authenticated request came over this pair: the peer may send data before its check is answered. */
  isHeard = false
  /** When the last authenticated success response came: from there consent runs (RFC 7675 §5.1). */
  respondedAt: Millis = NEVER
  /** When anything came from the peer. */
  heardAt: Millis = NEVER
  /** Nothing has come for a while from the peer that data is sent to. */
  isSilent = false
  /** Checks answered by 487. */
  conflicts = 0
  /** NaN for undefined: a field of numbers alone is written in place. */
  #roundTripTime = NaN
  readonly #role: Role

  constructor(local: LocalCandidate, remote: RemoteCandidate, role: Role) {
    this.base = local.base
    this.local = local.candidate
    this.remote = remote.candidate
    this.remoteAddress = remote.address
    this.#role = role
    this.priority = this.#computePriority()
  }

  get roundTripTime(): number | undefined {
    return Number.isNaN(this.#roundTripTime) ? undefined : this.#roundTripTime
  }

  set roundTripTime(milliseconds: number | undefined) {
    this.#roundTripTime = milliseconds ?? NaN
  }

  get role(): IceRole {
    return this.#role.current
  }

  /** RFC 8445 §6.1.2.6: pairs with equal foundations probably succeed or fail together. */
  get foundation(): string {
    return `${this.local.foundation}:${this.remote.foundation}`
  }

  /** A check succeeded, and the application has nothing against it. */
  get isUsable(): boolean {
    return this.state === 'succeeded' && !this.isRefused
  }

  /** Whether the peer has shown by a request or a response that it is at the other end. */
  get isProven(): boolean {
    return this.state !== 'failed' && (this.isHeard || this.respondedAt > NEVER)
  }

  /** Whether either end is relayed: such a pair works, at the price of a detour. */
  get isRelayed(): boolean {
    return this.local.type === 'relay' || this.remote.type === 'relay'
  }

  /** Whether datagrams of this pair come over `base` from `remote`. */
  joins(base: Base, remote: TransportAddress): boolean {
    return this.base === base && sameAddress(this.remoteAddress, remote)
  }

  /** After a change of role or of one candidate. */
  updatePriority(): void {
    this.priority = this.#computePriority()
  }

  #computePriority(): bigint {
    return this.#role.isControlling
      ? pairPriority(this.local.priority, this.remote.priority)
      : pairPriority(this.remote.priority, this.local.priority)
  }
}

const NEVER = Millis(-Infinity)
