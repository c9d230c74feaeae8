import type { CryptoProvider } from '@purertc/crypto'
import { shortTermKey } from '@purertc/stun'

import { CheckList } from './check-list.ts'
import type { DtlsInStun } from './dtls-in-stun.ts'
import { Pairing } from './pairing.ts'
import { Role } from './role.ts'
import { Selection, type SelectionHost } from './selection.ts'
import type { SessionConfig } from './session-config.ts'
import type { SessionHost } from './session-host.ts'

/** The parts of a session that both sides of checking, client and server, act on. */
export interface SessionParts {
  readonly crypto: CryptoProvider
  /** This agent's password, which authenticates requests and signs responses. */
  readonly key: Uint8Array
  /** Ta that both ends have agreed on; this agent's own wish before. */
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

/** `session`: what its selection tells it, before the host hears of anything. */
export function createSessionParts(
  config: SessionConfig,
  host: Pick<SessionHost, 'acceptPair' | 'discarded'>,
  session: Omit<SelectionHost, 'acceptPair'>,
): SessionParts {
  const { crypto, credentials, pacing, checkTimeout, isLite, hasCheckFilter } = config
  const { renomination, dtlsInStun } = config
  const key = shortTermKey(credentials.password)
  const role = new Role(crypto, isLite ? 'controlled' : config.role, isLite)
  const list = new CheckList(config.maxPairs)
  const selection = new Selection(role, list, config.patience, renomination, {
    ...session,
    acceptPair: (pair) => host.acceptPair(pair),
  })
  const pairing = new Pairing(role, list, config.foundations, {
    // A lite agent's pairs are those that the peer checks.
    wantsPair: (pair) => !isLite && selection.isOpenTo(pair),
    discarded: (reason) => host.discarded(reason),
  })
  // No spread: V8 gives an object that is put together from others a shape of its own, for each of thousands of agents.
  // prettier-ignore
  return {
    crypto, key, pacing, checkTimeout, isLite, hasCheckFilter, renomination, dtlsInStun, role, list, pairing, selection,
  }
}
