import type { ContentType } from '../protocol/content-type.ts'
import type { RecordWriter } from './record-writer.ts'

/**
 * What is on its way out: datagrams of the handshake, which leave when the machine has come to rest, and single records,
 * which leave at once, though never before those.
 */
export class Outbox {
  readonly #records: RecordWriter
  readonly #transmit: Transmit
  readonly #waiting: Uint8Array[] = []
  #scratch = new Uint8Array(initialScratch)
  #isLent = false

  /** A `path` of null is the one that the peer is on. */
  constructor(records: RecordWriter, transmit: Transmit) {
    this.#records = records
    this.#transmit = transmit
  }

  /** A datagram that is the outbox's own to keep. */
  push(datagram: Uint8Array): void {
    this.#waiting.push(datagram)
  }

  /** A record of the current epoch in a datagram of its own, which waits with the others. */
  pushRecord(contentType: ContentType, content: Uint8Array): void {
    const datagram = new Uint8Array(content.length + this.#records.overhead())
    this.#records.write(contentType, content, datagram, 0)
    this.#waiting.push(datagram)
  }

  /** A host that answers a transmit at once finds the machine at rest, and the rest of the flight leaves first. */
  flush(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      this.#transmit(next, true, null)
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0
  }

  /** Sends a record of the current epoch in a datagram of its own. */
  send(contentType: ContentType, content: Uint8Array, path: string | null = null): void {
    if (this.#waiting.length > 0) this.flush()
    const size = content.length + this.#records.overhead()
    const isNested = this.#isLent
    if (!isNested && this.#scratch.length < size) this.#scratch = new Uint8Array(size)
    // A host that delivers at once, to a peer that answers at once, still holds what it was lent.
    const scratch = isNested ? new Uint8Array(size) : this.#scratch
    this.#records.write(contentType, content, scratch, 0)
    this.#isLent = true
    try {
      this.#transmit(scratch.subarray(0, size), false, path)
    } finally {
      this.#isLent = isNested
    }
  }
}

/** `isHandshake` as `DtlsHost.transmit` has it. */
type Transmit = (datagram: Uint8Array, isHandshake: boolean, path: string | null) => void

/** Enough for a record in an ordinary datagram; grows for larger ones. */
const initialScratch = 1_500
