import { copyBytes } from '@purertc/bytes'

/**
 * Records under keys that are still to come: the network may deliver the peer's Finished before the message that
 * the keys need. Kept until then, RFC 6347 §4.2.4's way out of a lost round trip; never more than a few.
 */
export class EarlyRecords {
  #records: Uint8Array[] = []
  #bytes = 0

  /** Copies the record; false where there is no room. */
  keep(datagram: Uint8Array, start: number, end: number): boolean {
    if (this.#records.length === maxRecords || this.#bytes + end - start > maxBytes) return false
    this.#records.push(copyBytes(datagram, start, end))
    this.#bytes += end - start
    return true
  }

  /** The records in the order they came, which are forgotten here. */
  take(): readonly Uint8Array[] {
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    return records
  }
}

const maxRecords = 16
const maxBytes = 8 * 1024
