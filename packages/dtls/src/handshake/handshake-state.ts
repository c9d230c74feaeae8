import type { Millis } from '@purertc/bytes'

import type { ResolvedConfig } from '../resolved-config.ts'
import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import { PeerMisbehaved } from '../errors.ts'
import { handshakeTypeName } from '../protocol/handshake-type.ts'
import type { RecordProtection } from '../record/record-protection.ts'
import type { RecordSizes } from '../record/record-sizes.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import type { DtlsSession } from '../session.ts'
import type { FlightSender } from './flight-sender.ts'
import type { HandshakeMessage } from './handshake-message.ts'
import type { Transcript } from './transcript.ts'

/**
 * Where a handshake stands: one class for each message that can be due, holding all that is known by then. A state
 * cannot be reached without the values its constructor takes, among them the proofs of what was verified.
 */
export interface HandshakeState {
  /** For error messages: the name of the message that is due. */
  readonly expects: string
  /** Takes the next message and returns the state after it. Throws `PeerMisbehaved` or `DecodeError`. */
  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState
}

/** What states work with. */
export interface HandshakeContext {
  readonly config: ResolvedConfig
  /** When the message came that is being handled. */
  readonly now: Millis
  /** States add what they handle themselves: whether a message is in the hash that it carries, differs. */
  readonly transcript: Transcript
  readonly flight: FlightSender
  readonly records: RecordWriter
  readonly connectionIds: ConnectionIds
  readonly recordSizes: RecordSizes
  /** The peer's records of the next epoch can be opened from now on. */
  expectProtected(protection: RecordProtection): void
}

/** The end of every handshake. */
export class Established implements HandshakeState {
  readonly expects = 'nothing'
  readonly session: DtlsSession

  constructor(session: DtlsSession) {
    this.session = session
  }

  handle(message: HandshakeMessage): never {
    throw unexpected(this, message)
  }
}

export function unexpected(state: HandshakeState, message: HandshakeMessage): PeerMisbehaved {
  return new PeerMisbehaved(
    'unexpected-message',
    `${handshakeTypeName(message.type)} came where ${state.expects} was due`,
  )
}
