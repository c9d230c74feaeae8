import { Millis, toHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import type { IpFamily } from '@purertc/stun'

/** A port that is kept for the allocation that names its token, RFC 8656 §7.2 and §18.10. */
export interface Reservation {
  readonly token: Uint8Array
  readonly username: string
  readonly family: IpFamily
  readonly port: number
  readonly expiresAt: Millis
}

/** The ports that EVEN-PORT kept for a second allocation: RTCP's beside RTP's. */
export class Reservations {
  readonly #crypto: CryptoProvider
  /** By token; all live equally long, so that the first is the next to end. */
  readonly #byToken = new Map<string, Reservation>()
  #nextTimeout = Millis(Infinity)

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
  }

  get size(): number {
    return this.#byToken.size
  }

  get nextTimeout(): Millis {
    return this.#nextTimeout
  }

  /** Keeps a port; the token is a secret of the user who gets it. */
  add(now: Millis, username: string, family: IpFamily, port: number): Reservation {
    const token = new Uint8Array(8)
    this.#crypto.randomFill(token)
    const reservation = { token, username, family, port, expiresAt: Millis(now + RESERVATION_LIFETIME) }
    this.#byToken.set(toHex(token), reservation)
    this.#nextTimeout = Millis(Math.min(this.#nextTimeout, reservation.expiresAt))
    return reservation
  }

  /** Whether the token is good for that user. */
  find(username: string, token: Uint8Array): Reservation | undefined {
    const reservation = this.#byToken.get(toHex(token))
    return reservation?.username === username ? reservation : undefined
  }

  remove(reservation: Reservation): void {
    this.#byToken.delete(toHex(reservation.token))
    const [next] = this.#byToken.values()
    this.#nextTimeout = next?.expiresAt ?? Millis(Infinity)
  }

  /** Takes out the next reservation that nobody claimed, `undefined` when there is none. */
  takeExpired(now: Millis): Reservation | undefined {
    const [next] = this.#byToken.values()
    if (next === undefined || next.expiresAt > now) return undefined
    this.remove(next)
    return next
  }
}

/** Milliseconds; RFC 8656 §7.2 asks for 30 s at least. */
const RESERVATION_LIFETIME = 30_000
