import type { TransportAddress } from '@purertc/stun'

/** What a gateway grants. */
export interface Grant {
  readonly external: TransportAddress
  /** Seconds. */
  readonly lifetime: number
}

/** One protocol, and one socket of this machine that it is asked about. */
export interface MappingWay {
  /**
   * Asks for a mapping of so many seconds, or for more time with the `external` one there is. `refused`: the gateway will not;
   * null: it does not speak that protocol, or not at all. Does not reject.
   */
  ask(lifetime: number, external: TransportAddress | null): Promise<Grant | 'refused' | null>
  /** Gives the mapping back. Does not reject. */
  release(external: TransportAddress): Promise<void>
}
