import type { CryptoProvider } from '@purertc/crypto'

import type { CheckList } from './check-list.ts'
import type { DtlsInStun } from './dtls-in-stun.ts'
import type { Pairing } from './pairing.ts'
import type { Role } from './role.ts'
import type { Selection } from './selection.ts'

/** The parts of a session that both sides of checking, client and server, act on. */
export interface SessionParts {
  readonly crypto: CryptoProvider
  /** This agent's password, which authenticates requests and signs responses. */
  readonly key: Uint8Array
  readonly pacing: number
  readonly checkTimeout: number
  readonly isLite: boolean
  /** Whether the application is asked about the peer's checks. */
  readonly hasCheckFilter: boolean
  readonly renomination: boolean
  readonly dtlsInStun: DtlsInStun | undefined
  readonly role: Role
  readonly list: CheckList
  readonly pairing: Pairing
  readonly selection: Selection
}
