import type { CryptoProvider } from '@purertc/crypto'

import type { IceConfig } from './config.ts'
import type { IceCredentials } from './credentials.ts'
import type { DtlsInStun } from './dtls-in-stun.ts'
import type { Foundations } from './foundation.ts'
import type { NominationPatience } from './nomination.ts'
import { DEFAULT_PACING } from './pacer.ts'
import type { IceRole } from './role.ts'

export interface SessionConfig {
  readonly crypto: CryptoProvider
  readonly role: IceRole
  readonly credentials: IceCredentials
  readonly foundations: Foundations
  readonly maxPairs: number
  /** Ta that this agent wishes for, milliseconds. */
  readonly pacing: number
  /** Milliseconds that a check may take, retransmissions included. */
  readonly checkTimeout: number
  readonly patience: NominationPatience
  readonly isLite: boolean
  /** Whether the application is asked about the peer's checks. */
  readonly hasCheckFilter: boolean
  readonly renomination: boolean
  readonly dtlsInStun: DtlsInStun | undefined
}

/** What a session takes from the configuration, with its defaults. */
export function sessionOptions(
  config: IceConfig,
): Pick<
  SessionConfig,
  'crypto' | 'maxPairs' | 'pacing' | 'checkTimeout' | 'patience' | 'isLite' | 'renomination' | 'dtlsInStun'
> {
  const { crypto, maxPairs = 100, pacing = DEFAULT_PACING, checkTimeout = 17_500, patience = {} } = config
  const { lite: isLite = false, renomination = false, dtlsInStun } = config
  return { crypto, maxPairs, pacing, checkTimeout, patience, isLite, renomination, dtlsInStun }
}
