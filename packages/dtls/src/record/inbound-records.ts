import type { Millis } from '@purertc/bytes'

import { ConnectionIds } from '../connection-id/connection-ids.ts'
import type { CiphertextEpoch } from '../dtls13/record/ciphertext-epoch.ts'
import { CiphertextEpochs } from '../dtls13/record/ciphertext-epochs.ts'
import { Epoch } from '../dtls13/handshake-state.ts'
import { isUnified, UnifiedHeader } from '../dtls13/record/unified-header.ts'
import { ContentType } from '../protocol/content-type.ts'
import { ProtocolVersion } from '../protocol/protocol-version.ts'
import { EarlyRecords } from './early-records.ts'
import { InboundEpoch, Unopened } from './inbound-epoch.ts'
import { maxFragmentLength, RecordHeader } from './record-header.ts'
import type { RecordProtection } from './record-protection.ts'

/**
 * What becomes of a record: `clear` is to be believed no further than a datagram, `protected` can be opened, `early`
 * is under keys that may still come; the others are dropped and counted.
 */
export type RecordFate =
  | 'clear'
  | 'protected'
  | 'early'
  | 'oversized-record'
  | 'wrong-version'
  | 'wrong-epoch'
  | 'wrong-connection-id'

/** A cursor over the records of the peer's datagrams, of both versions, and the keys that open them. */
export class InboundRecords {
  /** Of the record that was read last; of a protected one of DTLS 1.3 once it is open. */
  contentType = 0
  epoch = 0
  sequence = 0
  version = 0
  /** Offset of the record, of its fragment, and behind that. */
  at = 0
  start = 0
  end = 0
  readonly #ids: ConnectionIds
  readonly #header = new RecordHeader()
  readonly #unified = new UnifiedHeader()
  readonly #ciphertexts = new CiphertextEpochs()
  readonly #early = new EarlyRecords()
  #protected: InboundEpoch | null = null
  #isUnified = false
  /** Which of our connection IDs the datagram bears: those that follow its first record may be without. */
  #idIndex = -1
  #isWrongId = false
  #hasNewKeys = false
  /** That the record is protected by, if it is of DTLS 1.3. */
  #ciphertext: CiphertextEpoch | null = null

  constructor(ids: ConnectionIds = new ConnectionIds()) {
    this.#ids = ids
  }

  /** Index of our connection ID that came with the record, -1 for none. */
  get connectionIdIndex(): number {
    return this.#idIndex
  }

  /** Whether the record that was opened last is the newest of all, by epoch and number. */
  get isNewest(): boolean {
    return this.#isUnified
      ? this.#ciphertext === this.#ciphertexts.latest && this.#ciphertext?.isNewest === true
      : this.#protected?.isNewest === true
  }

  get length(): number {
    return this.end - this.start
  }

  /** Whether the keys are those of DTLS 1.3. */
  get isDtls13(): boolean {
    return this.#ciphertexts.latest !== null
  }

  /** Whether messages of RFC 9853 were agreed on. */
  get takesRoutabilityChecks(): boolean {
    return this.#ids.isCheckNegotiated
  }

  /** Records under the latest keys that did not authenticate, and how many the keys may withstand. */
  get forged(): number {
    return (this.#ciphertexts.latest ?? this.#protected)?.forged ?? 0
  }

  get forgeryLimit(): number {
    return this.#ciphertexts.latest?.forgeryLimit ?? maxForgeries
  }

  /** Epoch 1 of DTLS 1.2. */
  expectProtected(protection: RecordProtection): void {
    this.#protected = new InboundEpoch(1, protection)
    this.#hasNewKeys = true
  }

  /** An epoch of DTLS 1.3. */
  expectEpoch(epoch: CiphertextEpoch): void {
    this.#ciphertexts.add(epoch)
    this.#hasNewKeys = true
  }

  /** Forgets keys that are out of date. */
  expire(now: Millis): void {
    this.#ciphertexts.expire(now)
  }

  /** Reads the header at `at`; false where the datagram does not hold the whole record. */
  read(datagram: Uint8Array, at: number): boolean {
    this.#isUnified = isUnified(datagram[at]!)
    const header = this.#isUnified ? this.#unified : this.#header
    const isWhole = header.read(datagram, at, this.#ids.ownLength)
    if (at === 0) this.#idIndex = -1
    this.#isWrongId = header.connectionIdLength > 0 && !this.#identify(datagram, header.connectionIdAt)
    this.at = at
    this.start = header.start
    this.end = header.end
    if (!this.#isUnified) {
      this.contentType = this.#header.contentType
      this.epoch = this.#header.epoch
      this.sequence = this.#header.sequence
      this.version = this.#header.version
    }
    return isWhole
  }

  /** What to do with the record that was read last. */
  fate(): RecordFate {
    if (this.length > maxFragmentLength) return 'oversized-record'
    if (this.#isWrongId || this.#lacksId) return 'wrong-connection-id'
    if (this.#isUnified) {
      this.#ciphertext = this.#ciphertexts.find(this.#unified.epochBits)
      if (this.#ciphertext !== null) return 'protected'
      // What comes before its keys is of the handshake, or data right behind it. Early data, of epoch 1, has none.
      return this.#protected === null && this.#unified.epochBits >= Epoch.handshake ? 'early' : 'wrong-epoch'
    }
    if (this.epoch === 0) return 'clear'
    if (this.version !== ProtocolVersion.dtls12) return 'wrong-version'
    if (this.epoch === this.#protected?.number) return 'protected'
    return this.epoch === 1 && this.#protected === null && !this.isDtls13 ? 'early' : 'wrong-epoch'
  }

  #identify(datagram: Uint8Array, at: number): boolean {
    this.#idIndex = this.#ids.find(datagram, at)
    return this.#idIndex >= 0
  }

  /**
   * RFC 9146 §6: a record under keys that lacks the connection ID which we asked for is none of ours. RFC 9147 §9: one in
   * each datagram is enough. Early data, in epoch 1, is sent before the client knows any.
   */
  get #lacksId(): boolean {
    if (!this.#ids.isExpected)
      return (
        !this.#isUnified && this.contentType === ContentType.tls12Cid && this.#header.connectionIdLength === 0
      )
    if (this.#isUnified) return this.#idIndex < 0 && this.#unified.epochBits !== 1
    return this.epoch > 0 && this.contentType !== ContentType.tls12Cid
  }

  /** Writes the protected record's content to `into`; returns its length or why there is none, see {@link Unopened}. */
  open(datagram: Uint8Array, into: Uint8Array): number {
    if (!this.#isUnified) {
      const opened = this.#protected?.open(datagram, this.#header, into) ?? Unopened.forged
      this.contentType = this.#header.contentType
      return opened
    }
    const epoch = this.#ciphertext
    if (epoch === null) return Unopened.forged
    const length = epoch.open(datagram, this.#unified, into)
    this.contentType = epoch.contentType
    this.epoch = epoch.number
    this.sequence = epoch.sequence
    return length
  }

  /** Copies the record for later; false where there is no room. */
  keep(datagram: Uint8Array): boolean {
    return this.#early.keep(datagram, this.#isUnified ? this.#unified.at : this.#header.at, this.end)
  }

  /** The records that were kept, if there are new keys to try them with. */
  takeEarly(): readonly Uint8Array[] {
    if (!this.#hasNewKeys) return none
    this.#hasNewKeys = false
    return this.#early.take()
  }

  /** Lets go of everything that was kept. */
  clear(): void {
    this.#early.take()
  }
}

const none: readonly Uint8Array[] = []

/** Forgeries that AES-GCM withstands without losing its integrity, RFC 9147 §4.5.3. */
const maxForgeries = 2 ** 36
