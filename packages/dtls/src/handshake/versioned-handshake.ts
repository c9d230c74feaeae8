import type { KeyExchange } from '@purertc/crypto'
import type { Millis } from '@purertc/bytes'

import { createKeyShares } from '../dtls13/client/client-offer.ts'
import { Handshake as Dtls13Handshake } from '../dtls13/handshake.ts'
import type { ResolvedConfig } from '../resolved-config.ts'
import { Handshake } from './handshake.ts'
import type { Dtls13Host, HandshakeHost } from './handshake-host.ts'
import type { HandshakeMachine } from './handshake-machine.ts'

/** What a handshake of either version asks and tells. */
export type VersionedHandshakeHost = Omit<HandshakeHost, 'handOver'> & Dtls13Host

/** A handshake of the version that the hellos agree on: it begins as one of 1.2, which hands over to one of 1.3. */
export class VersionedHandshake {
  readonly #config: ResolvedConfig
  #machine: HandshakeMachine
  /** A client's until it starts. */
  #unstarted: Handshake | null
  /** A client's, where they were made before they were needed. */
  #keyShares: readonly KeyExchange[] | undefined

  constructor(config: ResolvedConfig, host: VersionedHandshakeHost) {
    this.#config = config
    const first = new Handshake(config, {
      handOver: (now, estate) => {
        const next = new Dtls13Handshake(config, host, estate)
        this.#machine = next
        next.begin(now, estate)
      },
      ...host,
    })
    this.#machine = first
    this.#unstarted = config.role === 'client' ? first : null
  }

  /** The driver of the version. */
  get machine(): HandshakeMachine {
    return this.#machine
  }

  /** Makes a client's key shares before they are needed. */
  prepare(): void {
    if (this.#unstarted !== null) this.#keyShares ??= createKeyShares(this.#config)
  }

  /** Composes a client's first flight, once. */
  start(now: Millis): void {
    this.#unstarted?.start(now, this.#keyShares)
    this.#unstarted = null
    this.#keyShares = undefined
  }
}
