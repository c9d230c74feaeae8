import type { ContentType } from '../protocol/content-type.ts'
import type { RecordWriter } from './record-writer.ts'

/**
 * What is on its way out: datagrams of the handshake, which leave when the machine has come to rest, and single records,
 * which leave at once, though never before those, or in one datagram with the next (RFC 9147 §4.3).
 */
export class Outbox {
  readonly #records: RecordWriter
  readonly #transmit: Transmit
  readonly #waiting: Uint8Array[] = []
  #scratch = new Uint8Array(initialScratch)
  /** Bytes of it in records that wait for others. */
  #length = 0
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
    this.#depart(null)
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0
    this.#length = 0
  }

  /** Sends a record of the current epoch, behind those that wait for it; with `more` it waits for the next itself. */
  send(contentType: ContentType, content: Uint8Array, path: string | null = null, more = false): void {
    if (this.#waiting.length > 0 || path !== null) this.flush()
    const size = content.length + this.#records.overhead()
    if (this.#isLent) {
      // A host that delivers at once, to a peer that answers at once, still holds what it was lent.
      const datagram = new Uint8Array(size)
      this.#records.write(contentType, content, datagram, 0)
      this.#transmit(datagram, false, path)
      return
    }
    const end = this.#length + size
    if (end > this.#scratch.length) this.#grow(end)
    this.#records.write(contentType, content, this.#scratch, this.#length)
    this.#length = end
    if (!more) this.#depart(path)
  }

  #depart(path: string | null): void {
    const length = this.#length
    if (length === 0) return
    this.#length = 0
    this.#isLent = true
    try {
      this.#transmit(this.#scratch.subarray(0, length), false, path)
    } finally {
      this.#isLent = false
    }
  }

  #grow(length: number): void {
    const larger = new Uint8Array(length)
    larger.set(this.#scratch.subarray(0, this.#length))
    this.#scratch = larger
  }
}

/** `isHandshake` as `DtlsHost.transmit` has it. */
type Transmit = (datagram: Uint8Array, isHandshake: boolean, path: string | null) => void

/** Enough for a record in an ordinary datagram; grows for larger ones. */
const initialScratch = 1_500
