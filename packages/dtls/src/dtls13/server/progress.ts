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
}
