import type { KeyExchange } from '@purertc/crypto'

import type { KeySchedule, Randoms } from '../keys/key-schedule.ts'
import type { NamedGroup } from '../../protocol/named-group.ts'
import type { RecordProtection } from '../../record/record-protection.ts'
import type { Negotiated } from '../../session.ts'

/** What a server has told its client. */
export interface ServerHelloSent {
  readonly negotiated: Negotiated
  readonly group: NamedGroup
  readonly randoms: Randoms
  readonly keyExchange: KeyExchange
}

/** The keys that client and server now share. */
export interface KeysAgreed extends ServerHelloSent {
  readonly keys: KeySchedule
  /** Of our records in the next epoch. */
  readonly protection: RecordProtection
}
