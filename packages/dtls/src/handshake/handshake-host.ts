import type { Counters, Millis } from '@purertc/bytes'

import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import type { Discard } from '../discard.ts'
import type { Estate } from '../dtls13/hand-over.ts'
import type { CiphertextEpoch } from '../dtls13/record/ciphertext-epoch.ts'
import type { RecordProtection } from '../record/record-protection.ts'
import type { RecordSizes } from '../record/record-sizes.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import type { ResumableSession } from '../resumption/resumable-session.ts'

/** What a handshake of either version asks of its association. */
interface CommonHost {
  readonly records: RecordWriter
  readonly connectionIds: ConnectionIds
  readonly recordSizes: RecordSizes
  readonly discarded: Counters<Discard>
  transmit(datagram: Uint8Array): void
}

/** What one of DTLS 1.2 asks, which each begins as. */
export interface HandshakeHost extends CommonHost {
  /** The peer's records of the next epoch are protected by this. */
  expectProtected(protection: RecordProtection): void
  /** The hellos agreed on DTLS 1.3: what is left of the handshake is another driver's. */
  handOver(now: Millis, estate: Estate): void
}

/** What one of DTLS 1.3 asks. */
export interface Dtls13Host extends CommonHost {
  /** The peer's records of this epoch can be opened from now on. */
  expectEpoch(epoch: CiphertextEpoch): void
  /** The server has sent what the session can be resumed by. */
  resumable(session: ResumableSession): void
  /** An ACK is to be sent, in the current epoch. */
  acknowledge(content: Uint8Array): void
}
