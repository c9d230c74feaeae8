/** What is sent to find out whether it passes: packets of `size` bytes, all of them in one datagram. */
export interface Probe {
  readonly size: number
  readonly packets: number
}

/**
 * What to probe next, RFC 8899 §5.3: what Ethernet carries, for nearly all paths do and the answer takes one round
 * trip; then the largest; then sizes that paths are known to have, and halves between them. Where packets of the largest size
 * pass, several in one datagram may pass as well. Sizes are SCTP packets in bytes.
 */
export class PacketSizeSearch {
  readonly #likely: readonly number[]
  readonly #ethernet: number
  /** The largest size that is known to pass. */
  #low: number
  /** The smallest size that is taken not to pass. */
  #high: number
  readonly #ceiling: number
  /** How many packets are known to pass in one datagram, and how many may. */
  #packets = 1
  #mostPackets: number

  /**
   * `passes` is known to pass, `ceiling` is the largest worth trying; the first one where it passed `lately`. `packets` of
   * that size may pass in one datagram.
   */
  constructor(passes: number, ceiling: number, overhead: number, packets = 1, lately = false) {
    this.#ceiling = ceiling
    this.#mostPackets = packets
    this.#low = passes
    this.#high = ceiling + granularity
    const sizeOf = (link: number): number => (link - overhead) & ~3
    this.#likely = [ceiling, ...likelyLinks.map(sizeOf)]
    this.#ethernet = lately ? 0 : sizeOf(ethernet)
  }

  /** `null` when the search is complete. */
  get next(): Probe | null {
    const size = this.#nextSize
    if (size !== null) return { size, packets: 1 }
    const isLargest = this.#low === this.#ceiling
    return isLargest && this.#packets < this.#mostPackets
      ? { size: this.#low, packets: this.#mostPackets }
      : null
  }

  passed({ size, packets }: Probe): void {
    this.#low = Math.max(this.#low, size)
    this.#packets = packets
  }

  failed({ size, packets }: Probe): void {
    if (packets > 1) this.#mostPackets >>= 1
    else this.#high = Math.min(this.#high, size)
  }

  get #nextSize(): number | null {
    const low = this.#low
    const high = this.#high
    if (high - low <= granularity) return null
    if (low < this.#ethernet && this.#ethernet < high) return this.#ethernet
    const fits = this.#likely.filter((size) => size > low && size < high)
    if (fits.length > 0) return Math.max(...fits)
    return (low + (high - low) / 2) & ~3
  }
}

const ethernet = 1_500
/** Bytes of IP packet: jumbo frames, FDDI, Ethernet, PPPoE, tunnels in Ethernet, the smallest of IPv6. */
const likelyLinks = [9_000, 4_352, ethernet, 1_492, 1_420, 1_380, 1_280] as const
/** A finer answer is not worth a probe. */
const granularity = 16
