import type { AcknowledgedNews, CongestionControl } from './congestion-control.ts'

/** Slow start and congestion avoidance of RFC 9260 §7.2. */
export class StandardCongestionControl implements CongestionControl {
  #packetSize: number
  #window: number
  /** `ssthresh`; arbitrarily high at first (RFC 9260 §7.2.1). */
  #threshold = Infinity
  /** `partial_bytes_acked` (RFC 9260 §7.2.2). */
  #partial = 0

  constructor(packetSize: number, initialWindow: number) {
    this.#packetSize = packetSize
    this.#window = initialWindow
  }

  get window(): number {
    return this.#window
  }

  get pacingGain(): number {
    return this.#window <= this.#threshold ? 2 : 1.25
  }

  acknowledged({ bytes, flight, advanced, recovering }: AcknowledgedNews): void {
    // A window that the sender did not fill says nothing about the path.
    const fullyUsed = flight + this.#packetSize > this.#window
    if (this.#window <= this.#threshold) {
      if (fullyUsed && advanced && !recovering)
        this.#window += Math.min(bytes, slowStartPackets * this.#packetSize)
      return
    }
    if (!advanced) return
    this.#partial += bytes
    if (this.#partial < this.#window) return
    if (fullyUsed && !recovering) {
      this.#partial -= this.#window
      this.#window += this.#packetSize
    } else {
      this.#partial = this.#window
    }
  }

  lossDetected(): void {
    this.#halve()
    this.#window = this.#threshold
  }

  timedOut(): void {
    this.#halve()
    this.#window = this.#packetSize
  }

  idled(timeouts: number): void {
    const floor = 4 * this.#packetSize
    for (let i = 0; i < timeouts && this.#window > floor; i++)
      this.#window = Math.max(this.#window / 2, floor)
  }

  packetSizeChanged(packetSize: number): void {
    this.#packetSize = packetSize
  }

  /** RFC 9260 §7.2.3. */
  #halve(): void {
    this.#threshold = Math.max(this.#window / 2, 4 * this.#packetSize)
    this.#partial = 0
  }
}

/** L of RFC 9260 §7.2.1: with a SACK for every second packet, two make the window double each round trip. */
const slowStartPackets = 2
