/**
 * Keeps copies of the first datagrams of a handshake that outran the signalling: a peer that answers an offer may
 * send its ClientHello before the answer has arrived, and dropping it would cost a retransmission timeout.
 * Bounded, for anybody may send before the peer's fingerprint is known.
 */
export class EarlyDatagrams {
  #kept: Uint8Array[] = []

  /** Copies the datagram; false where no more are kept. */
  keep(datagram: Uint8Array): boolean {
    if (this.#kept.length === MAX_DATAGRAMS || datagram.length > MAX_LENGTH) return false
    // Not slice(): of a Buffer that is no copy.
    this.#kept.push(new Uint8Array(datagram))
    return true
  }

  /** Hands out what was kept, oldest first, and forgets it. */
  take(): readonly Uint8Array[] {
    const kept = this.#kept
    this.#kept = []
    return kept
  }
}

/** A ClientHello with post-quantum key shares takes two datagrams; the rest is room for a retransmission. */
const MAX_DATAGRAMS = 6
const MAX_LENGTH = 1500
