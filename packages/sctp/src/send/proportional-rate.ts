/**
 * What may leave during recovery: in proportion to what arrives, so that the flight shrinks to its new size over one
 * round trip, neither in a burst nor by a silence. Proportional Rate Reduction, RFC 6937 with the safe variant of §3.
 */
export class ProportionalRate {
  /** The window that recovery ends with; 0 outside of it. */
  #target = 0
  #flightAtStart = 0
  #delivered = 0
  #out = 0
  #budget = 0

  get isActive(): boolean {
    return this.#target > 0
  }

  /** Whether another chunk may leave. */
  get allows(): boolean {
    return this.#budget > 0
  }

  /** Losses were found in a flight of `flight` bytes, lost ones included; `target` is the reduced window. */
  begin(flight: number, target: number): void {
    this.#flightAtStart = Math.max(flight, 1)
    this.#target = target
    this.#delivered = 0
    this.#out = 0
    this.#budget = 0
  }

  end(): void {
    this.#target = 0
  }

  /** A SACK took over `bytes`; `advanced`: the cumulative TSN moved, and nothing more was lost. */
  acknowledged(bytes: number, inFlight: number, packetSize: number, advanced: boolean): void {
    this.#delivered += bytes
    if (inFlight > this.#target) {
      this.#budget = Math.ceil((this.#delivered * this.#target) / this.#flightAtStart) - this.#out
    } else {
      const conserving = this.#delivered - this.#out
      const limit = advanced ? Math.max(conserving, bytes) + packetSize : conserving
      this.#budget = Math.min(this.#target - inFlight, limit)
    }
  }

  sent(bytes: number): void {
    this.#out += bytes
    this.#budget -= bytes
  }
}
