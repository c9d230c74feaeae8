/**
 * Which size to probe next, RFC 8899 §5.3: what Ethernet carries, for nearly all paths do and the answer takes one round
 * trip; then the largest; then sizes that paths are known to have, and halves between them. Sizes are SCTP packets in bytes.
 */
export class PacketSizeSearch {
  readonly #likely: readonly number[]
  readonly #ethernet: number
  /** The largest size that is known to pass. */
  #low: number
  /** The smallest size that is taken not to pass. */
  #high: number

  /** `passes` is known to pass, `ceiling` is the largest worth trying; the first one where it passed `lately`. */
  constructor(passes: number, ceiling: number, overhead: number, lately = false) {
    this.#low = passes
    this.#high = ceiling + granularity
    const sizeOf = (link: number): number => (link - overhead) & ~3
    this.#likely = [ceiling, ...likelyLinks.map(sizeOf)]
    this.#ethernet = lately ? 0 : sizeOf(ethernet)
  }

  /** `null` when the search is complete. */
  get next(): number | null {
    const low = this.#low
    const high = this.#high
    if (high - low <= granularity) return null
    if (low < this.#ethernet && this.#ethernet < high) return this.#ethernet
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

const ethernet = 1_500
/** Bytes of IP packet: jumbo frames, FDDI, Ethernet, PPPoE, tunnels in Ethernet, the smallest of IPv6. */
const likelyLinks = [9_000, 4_352, ethernet, 1_492, 1_420, 1_380, 1_280] as const
/** A finer answer is not worth a probe. */
const granularity = 16
