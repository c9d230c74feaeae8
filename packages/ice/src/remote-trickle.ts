import type { Counters } from '@purertc/bytes'

import type { IceCandidate } from './candidate.ts'
import type { Discarded } from './discarded.ts'
import type { IceHost } from './host.ts'
import type { Outbox } from './outbox.ts'
import type { Sessions } from './sessions.ts'
import { isMdnsName, UnresolvedNames } from './unresolved-names.ts'

/**
 * The peer's candidates on their way from signalling into the present session, RFC 8838: the application may refuse one,
 * and one with an mDNS name waits until the host has resolved it.
 */
export class RemoteTrickle {
  readonly #host: IceHost
  readonly #outbox: Outbox
  readonly #sessions: Sessions
  readonly #discarded: Counters<Discarded>
  readonly #names = new UnresolvedNames()

  constructor(host: IceHost, outbox: Outbox, sessions: Sessions, discarded: Counters<Discarded>) {
    this.#host = host
    this.#outbox = outbox
    this.#sessions = sessions
    this.#discarded = discarded
  }

  /** `null`: the peer has no more. */
  add(candidate: IceCandidate | null): void {
    const { current } = this.#sessions
    if (candidate === null) {
      if (!this.#names.holdEnd()) current.addRemote(null)
    } else if (this.#host.acceptRemoteCandidate?.(candidate) === false) {
      this.#discarded.count('refused-candidate')
    } else if (this.#host.resolveName !== undefined && isMdnsName(candidate.address)) {
      this.#hold(candidate)
    } else {
      current.addRemote(candidate)
    }
  }

  nameResolved(name: string, addresses: readonly string[]): void {
    if (addresses.length === 0) this.#discarded.count('unresolved-candidate')
    for (const candidate of this.#names.resolve(name, addresses)) this.#sessions.current.addRemote(candidate)
  }

  /** A new session begins: what still waits was for the one before. */
  restart(): void {
    this.#names.clear()
  }

  #hold(candidate: IceCandidate): void {
    const { address } = candidate
    const addition = this.#names.add(candidate)
    if (addition === false) this.#discarded.count('too-many-candidates')
    else if (addition.isNew) this.#outbox.post(() => this.#host.resolveName?.(address))
  }
}
