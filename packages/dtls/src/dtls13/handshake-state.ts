import type { Millis } from '@purertc/bytes'

import type { ResolvedConfig } from '../resolved-config.ts'
import type { ConnectionIds } from '../connection-id/connection-ids.ts'
import { PeerMisbehaved } from '../errors.ts'
import type { HandshakeMessage } from '../handshake/handshake-message.ts'
import { handshakeTypeName } from '../protocol/handshake-type.ts'
import type { RecordSizes } from '../record/record-sizes.ts'
import type { RecordWriter } from '../record/record-writer.ts'
import type { ResumableSession } from '../resumption/resumable-session.ts'
import type { Flight } from './flight/flight.ts'
import type { TrafficSecret } from './keys/traffic-secret.ts'
import type { Transcript } from './transcript.ts'

/**
 * Where a handshake of DTLS 1.3 stands: one class for each message that can be due, holding all that is known by then.
 * A state cannot be reached without the values its constructor takes, among them the proofs of what was verified.
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
  /** States add what they receive; what they send is added by the flight. */
  readonly transcript: Transcript
  readonly flight: Flight
  readonly records: RecordWriter
  readonly connectionIds: ConnectionIds
  readonly recordSizes: RecordSizes
  /** The peer's messages come in this epoch from now on. One that came before, in another epoch, is the peer's fault. */
  expectEpoch(number: number, secret: TrafficSecret): void
  /** Our messages leave in this epoch from now on. */
  enterEpoch(number: number, secret: TrafficSecret): void
  /** The server has given a client what it can resume the session by. */
  resumable(session: ResumableSession): void
}

/** Epochs of RFC 9147 §6.1. Epoch 1 is for early data, which we never send. */
export const Epoch = { handshake: 2, application: 3 } as const

export function unexpected(state: HandshakeState, message: HandshakeMessage): PeerMisbehaved {
  return new PeerMisbehaved(
    'unexpected-message',
    `${handshakeTypeName(message.type)} came where ${state.expects} was due`,
  )
}
