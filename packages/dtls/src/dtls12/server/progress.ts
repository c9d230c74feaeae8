import type { KeyExchange } from '@purertc/crypto'

import type { NamedGroup } from '../../protocol/named-group.ts'
import type { RecordProtection } from '../../record/record-protection.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import type { KeySchedule, Randoms } from '../keys/key-schedule.ts'
import type { Negotiated12 } from '../negotiated.ts'

/** What a server has told its client. */
export interface ServerHelloSent {
  readonly negotiated: Negotiated12
  readonly randoms: Randoms
  readonly ephemeral: ServerEphemeral | null
}

/** A server's ephemeral key. */
export interface ServerEphemeral {
  readonly group: NamedGroup
  readonly keyExchange: KeyExchange
}

/** The keys that client and server now share. */
export interface KeysAgreed extends ServerHelloSent {
  readonly keys: KeySchedule
  /** Of our records in the next epoch. */
  readonly protection: RecordProtection
}

/** All but Finished. */
export interface ClientAuthenticated extends KeysAgreed {
  readonly peer: PeerAuthenticated
}
