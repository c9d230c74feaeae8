import { equalBytes, Millis } from '@purertc/bytes'

import { routabilityCookieLength, type RoutabilityMessage, RoutabilityType } from './routability-message.ts'

/** What a check asks of whoever conducts it. */
export interface ChallengeSender {
  randomFill(into: Uint8Array): void
  /** Bytes of a datagram with a message of the check. */
  messageSize(): number
  send(message: RoutabilityMessage, path: string): void
}

/** `isTrusted`: the peer was there before, so that there is no limit to what is sent. */
export interface CheckedPath {
  readonly path: string
  readonly isTrusted: boolean
}

/**
 * Whether the peer receives on one path: some challenges, each with its own cookie and none twice, and one timeout for
 * all of them (RFC 9853 §5.3 and §5.5). To an address that has shown nothing yet no more is sent than three times what
 * came from there (§1.1).
 */
export class PathCheck {
  readonly path: string
  readonly #isTrusted: boolean
  readonly #timeout: number
  readonly #cookies: Uint8Array[] = []
  readonly #endsAt: Millis
  #nextAt: Millis
  #received: number
  #sent = 0

  /** `received` bytes have come on the path so far. */
  constructor(now: Millis, { path, isTrusted }: CheckedPath, timeout: number, received: number) {
    this.path = path
    this.#isTrusted = isTrusted
    this.#timeout = timeout
    this.#received = received
    this.#nextAt = now
    this.#endsAt = Millis(now + timeout)
  }

  /** When {@link PathCheck.expire} is to be called. */
  get deadline(): Millis {
    return Millis(Math.min(this.#nextAt, this.#endsAt))
  }

  /** Something authentic came on the path. */
  arrived(bytes: number): void {
    this.#received += bytes
  }

  /** Sends the challenge that is due. False where time is up. */
  expire(now: Millis, sender: ChallengeSender): boolean {
    if (now >= this.#endsAt) return false
    if (now < this.#nextAt) return true
    const cookie = new Uint8Array(routabilityCookieLength)
    sender.randomFill(cookie)
    const isWithinLimit = this.#sent + sender.messageSize() <= amplification * this.#received
    this.#cookies.push(cookie)
    this.#nextAt = this.#cookies.length < maxChallenges ? Millis(now + this.#timeout / 4) : Millis(Infinity)
    if (!this.#isTrusted && !isWithinLimit) return true
    this.#sent += sender.messageSize()
    sender.send({ type: RoutabilityType.pathChallenge, cookie }, this.path)
    return true
  }

  /** Whether this answers one of the challenges, on the path that it went to. */
  isAnsweredBy(cookie: Uint8Array, path: string): boolean {
    return path === this.path && this.#cookies.some((sent) => equalBytes(sent, cookie))
  }
}

const amplification = 3
const maxChallenges = 3
