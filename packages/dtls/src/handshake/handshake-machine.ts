import type { Millis, Reader } from '@purertc/bytes'

import type { ConnectionIdUsage } from '../dtls13/messages/new-connection-id.ts'
import type { DtlsSession } from '../session.ts'

/** What an association knows of its handshake, whatever the version. */
export interface HandshakeMachine {
  /** What the handshake established, null until it has. */
  readonly session: DtlsSession | null
  /** Whether a message has been sent or taken. */
  readonly isUnderWay: boolean
  /** Messages of the peer that were taken, cookie rounds included. */
  readonly progress: number
  /** When {@link HandshakeMachine.expire} is due. */
  readonly deadline: Millis
  setMtu(mtu: number): void
  setRetransmitTimeout(initial: number): void
  /**
   * Takes the content of a handshake record, which `reader` is bound to. Throws `PeerMisbehaved`; what cannot be told
   * from noise is counted and dropped.
   */
  receive(now: Millis, epoch: number, recordSequence: number, reader: Reader): void
  /** Takes the content of an authentic ACK record. Throws as {@link HandshakeMachine.receive}. */
  receiveAck(now: Millis, epoch: number, reader: Reader): void
  /** Does what is due; false where a flight has been sent so often that nobody is there to answer. */
  expire(now: Millis): boolean
  /** New keys for what we send, and on request for what the peer sends; false where the version knows no such thing. */
  updateKeys(now: Millis, requestPeer: boolean): boolean
  /** Asks the peer for connection IDs; false where there is no use for them, or an earlier request is unanswered. */
  requestConnectionIds(now: Millis, count: number): boolean
  /**
   * Tells the peer connection IDs of ours, which are to be used at once or later; false where the version knows no such
   * thing.
   */
  issueConnectionIds(now: Millis, count: number, usage: ConnectionIdUsage): boolean
  /** Authentic application data came. */
  dataArrived(): void
  /** Lets go of everything. */
  stop(): void
}
