import type { Millis } from '@purertc/bytes'

import type { NamedGroup } from '../../protocol/named-group.ts'
import type { Negotiated } from '../../session.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import type { ApplicationKeys, HandshakeKeys } from '../keys/key-schedule.ts'

/** What a server knows when its flight is out. */
export interface FlightSent {
  readonly negotiated: Negotiated
  readonly suite: CipherSuite13
  readonly group: NamedGroup
  readonly keys: HandshakeKeys
  readonly application: ApplicationKeys
  /** Whether the client could use a ticket (RFC 8446 §4.2.9). */
  readonly takesTickets: boolean
  /** When a session that was resumed ends; Infinity for a new one. */
  readonly until: Millis
}
