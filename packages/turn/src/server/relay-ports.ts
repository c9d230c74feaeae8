import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import type { IpFamily } from '@purertc/stun'

import type { AllocateDemand } from './allocate-demand.ts'
import { PortPool, type PortRange } from './port-pool.ts'
import { Reservations } from './reservations.ts'

/** A port that an allocation has, or shall have. */
export interface PortClaim {
  readonly family: IpFamily
  readonly port: number
  /** Names the next port, which is reserved. */
  readonly reservationToken: Uint8Array | undefined
}

/** The ports of all families, and those of them that are reserved. */
export class RelayPorts {
  readonly #pools = new Map<IpFamily, PortPool>()
  readonly #reservations: Reservations

  constructor(crypto: CryptoProvider, families: readonly IpFamily[], range: PortRange) {
    for (const family of families) this.#pools.set(family, new PortPool(crypto, range))
    this.#reservations = new Reservations(crypto)
  }

  /** Ports in use or reserved. */
  get inUse(): number {
    let ports = 0
    for (const pool of this.#pools.values()) ports += pool.size
    return ports
  }

  /** When a reservation ends. */
  get nextTimeout(): Millis {
    return this.#reservations.nextTimeout
  }

  /** A port as the user asked for it, `null` where there is none: all taken, or a token that is not good. */
  claim(now: Millis, username: string, demand: AllocateDemand): PortClaim | null {
    if (demand.reservationToken !== null) return this.#claimReserved(username, demand.reservationToken)
    const { family } = demand
    const pool = this.#pools.get(family)
    const port = demand.port === 'any' ? pool?.take() : pool?.takeEven(demand.port === 'pair')
    if (port === undefined || port === null) return null
    const reservation =
      demand.port === 'pair' ? this.#reservations.add(now, username, family, port + 1) : undefined
    return { family, port, reservationToken: reservation?.token }
  }

  /** Gives a port back that served its time. What was reserved with it stays reserved. */
  release(family: IpFamily, port: number): void {
    this.#pools.get(family)?.release(port)
  }

  /** Takes a claim back from which nothing came, the reservation included. */
  revoke(username: string, { family, port, reservationToken }: PortClaim): void {
    this.release(family, port)
    const reserved = reservationToken && this.#claimReserved(username, reservationToken)
    if (reserved) this.release(reserved.family, reserved.port)
  }

  handleTimeout(now: Millis): void {
    for (;;) {
      const reservation = this.#reservations.takeExpired(now)
      if (reservation === undefined) return
      this.release(reservation.family, reservation.port)
    }
  }

  #claimReserved(username: string, token: Uint8Array): PortClaim | null {
    const reservation = this.#reservations.find(username, token)
    if (reservation === undefined) return null
    this.#reservations.remove(reservation)
    return { family: reservation.family, port: reservation.port, reservationToken: undefined }
  }
}
