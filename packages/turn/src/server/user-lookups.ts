import { equalBytes, type Millis } from '@purertc/bytes'
import type { StunMessage } from '@purertc/stun'

import type { Destination } from './responder.ts'

/** A request that waits for its user's password. */
export interface ParkedRequest extends Destination {
  /** The message, in bytes of its own. */
  readonly bytes: Uint8Array
  readonly transactionId: Uint8Array
}

/**
 * Requests whose users' passwords the host is looking up. All of them come from addresses that have proven to be their
 * own, by a fresh nonce; still they are bounded, for a store that does not answer must not fill our memory.
 */
export class UserLookups {
  readonly #lookups = new Map<string, Lookup>()
  #parked = 0

  /** Requests that wait. */
  get size(): number {
    return this.#parked
  }

  /**
   * Keeps a request: `started` where the password is to be looked up now, `waiting` where that is under way, `full` where
   * there is no room.
   */
  park(now: Millis, username: string, to: Destination, message: StunMessage): 'started' | 'waiting' | 'full' {
    this.#forgetUnanswered(now)
    const lookup = this.#lookups.get(username)
    const requests = lookup?.requests ?? []
    if (requests.some((request) => isRetransmission(request, to, message))) return 'waiting'
    if (this.#parked >= MAX_PARKED || requests.length >= MAX_PER_USER) return 'full'
    const { listener, client } = to
    const { family, address, port } = client
    const bytes = Uint8Array.from(message.wire)
    requests.push({
      listener,
      client: { family, address, port },
      bytes,
      transactionId: bytes.subarray(8, 20),
    })
    this.#parked++
    if (lookup !== undefined) return 'waiting'
    this.#lookups.set(username, { requests, startedAt: now })
    return 'started'
  }

  /** Takes out what waited for that user. */
  settle(username: string): readonly ParkedRequest[] {
    const requests = this.#lookups.get(username)?.requests ?? []
    this.#lookups.delete(username)
    this.#parked -= requests.length
    return requests
  }

  clear(): void {
    this.#lookups.clear()
    this.#parked = 0
  }

  /** Lookups are in the order of their start. Whoever still wants an answer asks again, and it is looked up again. */
  #forgetUnanswered(now: Millis): void {
    for (const [username, { startedAt }] of this.#lookups) {
      if (now - startedAt < LOOKUP_PATIENCE) return
      this.settle(username)
    }
  }
}

interface Lookup {
  readonly requests: ParkedRequest[]
  readonly startedAt: Millis
}

function isRetransmission(
  parked: ParkedRequest,
  { listener, client }: Destination,
  message: StunMessage,
): boolean {
  return (
    parked.listener === listener &&
    parked.client.port === client.port &&
    parked.client.address === client.address &&
    equalBytes(parked.transactionId, message.transactionId)
  )
}

const MAX_PARKED = 4_096
const MAX_PER_USER = 64

/** Milliseconds. */
const LOOKUP_PATIENCE = 10_000
