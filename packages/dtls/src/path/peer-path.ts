import { Millis } from '@purertc/bytes'

import type { ReturnRoutabilityCheck } from '../connection-id/connection-id-policy.ts'
import { type ChallengeSender, PathCheck } from './path-check.ts'
import { type RoutabilityMessage, RoutabilityType } from './routability-message.ts'

/** What the watch over a peer's path asks of its association. */
export interface PeerPathHost extends ChallengeSender {
  /** Another path than the peer's own is about to be sent on. */
  probing(): void
}

/** How a record came. */
export interface Arrival {
  readonly path: string
  /** Whether none came before it that has a higher number. */
  readonly isNewest: boolean
  /** Bytes on the wire. */
  readonly bytes: number
}

/**
 * Where the peer is, RFC 9146 §6 and RFC 9853 §5. A path is a name of the host's for where datagrams come from and go to.
 * The peer moves when an authentic record that is newer than all others comes on another path, and the peer answers a
 * challenge there; where the check is an enhanced one, only if it does not say on its former path that it is still there.
 */
export class PeerPath {
  readonly #host: PeerPathHost
  #current: string
  /** That we gave up of our own will. */
  #abandoned: string | null = null
  #check: PathCheck | null = null
  /** What the former path is asked for, before it is the turn of this one. */
  #candidate: { readonly path: string; received: number } | null = null

  #moved: string | null = null

  constructor(current: string, host: PeerPathHost) {
    this.#current = current
    this.#host = host
  }

  get current(): string {
    return this.#current
  }

  /** Whether it is being found out where the peer is: what it is to be told had better wait. */
  get isChecking(): boolean {
    return this.#check !== null
  }

  get deadline(): Millis {
    return this.#check?.deadline ?? Millis(Infinity)
  }

  /** The peer showed itself for the first time: where it is, unless the host has said so before. */
  startAt(path: string): void {
    if (this.#current === '') this.#current = path
  }

  /**
   * An authentic record of the peer's; {@link PeerPath.expire} may be due then. `check` is null where nothing but its
   * present path counts.
   */
  observe(now: Millis, arrival: Arrival, check: ReturnRoutabilityCheck | null, timeout: number): void {
    const { path, isNewest, bytes } = arrival
    // What still comes on a path that we left was sent before the peer knew.
    if (path === this.#current || path === this.#abandoned) return
    if (this.#check?.path === path) this.#check.arrived(bytes)
    if (this.#candidate?.path === path) this.#candidate.received += bytes
    // A path that changes while one is being checked has to wait (§5).
    if (!isNewest || check === null || this.#check !== null) return
    if (check === 'application') this.#move(path)
    else if (check === 'basic') this.#probe(now, path, timeout, bytes)
    else {
      this.#candidate = { path, received: bytes }
      this.#check = new PathCheck(now, { path: this.#current, isTrusted: true }, timeout, 0)
    }
  }

  /** A message of the peer's. One that answers nothing is dropped (§5.4). */
  receive(now: Millis, { type, cookie }: RoutabilityMessage, path: string, timeout: number): void {
    if (type === RoutabilityType.pathChallenge) {
      const { pathDrop, pathResponse } = RoutabilityType
      this.#host.send({ type: path === this.#abandoned ? pathDrop : pathResponse, cookie }, path)
    } else if (this.#check?.isAnsweredBy(cookie, path) === true) this.#conclude(now, type, timeout)
  }

  /** Sends the challenge that is due, or gives up the path that did not answer. */
  expire(now: Millis, timeout: number): void {
    if (this.#check === null || this.#check.expire(now, this.#host)) return
    const candidate = this.#candidate
    this.#forget()
    if (candidate === null) return
    this.#probe(now, candidate.path, timeout, candidate.received)
    this.#check?.expire(now, this.#host)
  }

  /** Where the peer moved since the last call; null where it stayed. */
  takeMove(): string | null {
    const moved = this.#moved
    this.#moved = null
    return moved
  }

  /** Nothing is checked any more. */
  stop(): void {
    this.#forget()
  }

  /** We take another path of our own will, and say so to whoever asks for us on the former. */
  leaveFor(path: string): void {
    if (path === this.#current) return
    this.#abandoned = this.#current
    this.#move(path)
  }

  #conclude(now: Millis, type: RoutabilityType, timeout: number): void {
    const candidate = this.#candidate
    const path = this.#check?.path
    if (candidate === null) {
      // Of the new path nobody can say that it was left.
      if (type === RoutabilityType.pathResponse && path !== undefined) this.#move(path)
      return
    }
    this.#forget()
    if (type === RoutabilityType.pathDrop) this.#probe(now, candidate.path, timeout, candidate.received)
  }

  #probe(now: Millis, path: string, timeout: number, received: number): void {
    this.#check = new PathCheck(now, { path, isTrusted: false }, timeout, received)
    this.#host.probing()
  }

  #move(path: string): void {
    if (this.#abandoned === path) this.#abandoned = null
    this.#current = path
    this.#moved = path
    this.#forget()
  }

  #forget(): void {
    this.#check = null
    this.#candidate = null
  }
}
