/**
 * Which size to probe next, RFC 8899 §5.3: at first the largest, for most paths carry either that or what Ethernet
 * does; then sizes that paths are known to have, and halves between them. Sizes are SCTP packets in bytes.
 */
export class PacketSizeSearch {
  readonly #likely: readonly number[]
  /** The largest size that is known to pass. */
  #low: number
  /** The smallest size that is taken not to pass. */
  #high: number

  /** `passes` is known to pass, `ceiling` is the largest worth trying. */
  constructor(passes: number, ceiling: number, overhead: number) {
    this.#low = passes
    this.#high = ceiling + granularity
    this.#likely = [ceiling, ...likelyLinks.map((link) => (link - overhead) & ~3)]
  }

  /** `null` when the search is complete. */
  get next(): number | null {
    const low = this.#low
    const high = this.#high
    if (high - low <= granularity) return null
    const fits = this.#likely.filter((size) => size > low && size < high)
    if (fits.length > 0) return Math.max(...fits)
    return (low + (high - low) / 2) & ~3
  }

  passed(size: number): void {
    this.#low = Math.max(this.#low, size)
  }

  failed(size: number): void {
    this.#high = Math.min(this.#high, size)
  }
}

/** Bytes of IP packet: jumbo frames, FDDI, Ethernet, PPPoE, tunnels in Ethernet, the smallest of IPv6. */
const likelyLinks = [9_000, 4_352, 1_500, 1_492, 1_420, 1_380, 1_280] as const
/** A finer answer is not worth a probe. */
const granularity = 16
