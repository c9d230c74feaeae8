import type { CryptoProvider } from '@purertc/crypto'

import type { DtlsInStun } from './dtls-in-stun.ts'
import type { IceCredentials } from './credentials.ts'
import type { NominationPatience } from './nomination.ts'
import type { IceRole } from './role.ts'
import type { IceServerAddress } from './server-address.ts'

export interface IceConfig {
  readonly crypto: CryptoProvider
  /** The agent whose side sent the offer is controlling. A conflict repairs itself. */
  readonly role: IceRole
  /** Eight of each kind at most. Default: none. */
  readonly servers?: readonly IceServerAddress[]
  /** `relay`: nothing but relayed candidates, so that the peer never learns this agent's addresses. Default `all`. */
  readonly policy?: 'all' | 'relay'
  /** Default: random ones. */
  readonly localCredentials?: IceCredentials
  /** The check list's limit, RFC 8445 §6.1.2.5. Default 100. */
  readonly maxPairs?: number
  /**
   * Ta, RFC 8445 §14.2: milliseconds between new transactions. Another than the default of 50 must be told to the peer
   * (`a=ice-pacing`), for the larger of both ends' counts: see `RemoteOptions.pacing`.
   */
  readonly pacing?: number
  /** Milliseconds until a check fails, and, RFC 8863, until the agent may fail at all. Default 17,500. */
  readonly checkTimeout?: number
  /** Milliseconds until gathering is complete without the servers that do not answer. Default 10,000. */
  readonly gatherTimeout?: number
  /** Milliseconds without a sign of life until the state is `disconnected`. Default 7,000. */
  readonly disconnectedTimeout?: number
  /**
   * A lite agent, RFC 8445 §2.5: for servers with public addresses. It has host candidates alone, sends no checks, is
   * always controlled, and takes what the peer nominates. The peer must be a full agent. Default false.
   */
  readonly lite?: boolean
  /**
   * Both ends have `renomination` among their `a=ice-options` (draft-thatcher-ice-renomination): the controlling agent
   * moves to a better pair whenever there is one. Default false.
   */
  readonly renomination?: boolean
  /**
   * Gathering has no end: `gather` is called again with every new socket, and the peer is never told that a candidate was the
   * last one. Default false.
   */
  readonly continualGathering?: boolean
  /** A DTLS handshake that travels within checks and their answers (draft-hancke-webrtc-sped). Default: none. */
  readonly dtlsInStun?: DtlsInStun
  /** How long the controlling agent waits for something better. */
  readonly patience?: NominationPatience
}
