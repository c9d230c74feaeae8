import type { Millis } from '@purertc/bytes'

import { PeerMisbehaved } from '../errors.ts'
import type { DtlsHost } from '../host.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { Mobility } from '../path/mobility.ts'
import type { Outbox } from '../record/outbox.ts'
import type { ResolvedConfig } from '../resolved-config.ts'
import type { ResumableSession } from '../resumption/resumable-session.ts'
import type { DtlsSession } from '../session.ts'
import type { HandshakeMachine } from './handshake-machine.ts'
import { VersionedHandshake, type VersionedHandshakeHost } from './versioned-handshake.ts'

/** What of its association a handshake moves. */
export interface HandshakeSurroundings {
  readonly lifecycle: Lifecycle
  readonly mobility: Mobility
  readonly outbox: Outbox
}

export interface HandshakeDriveHost extends Pick<DtlsHost, 'connected' | 'resumable'> {
  /** Records that came before their keys may be opened now. */
  keysChanged(now: Millis): void
}

/** Has the handshake act, and sees to what has become of it: an end, a session, a flight that is to leave. */
export class HandshakeDrive {
  readonly #handshake: VersionedHandshake
  readonly #surroundings: HandshakeSurroundings
  readonly #host: HandshakeDriveHost
  /** What the host is told of when the machine has come to rest. */
  readonly #resumables: ResumableSession[] = []

  constructor(
    config: ResolvedConfig,
    below: Omit<VersionedHandshakeHost, 'resumable'>,
    surroundings: HandshakeSurroundings,
    host: HandshakeDriveHost,
  ) {
    this.#surroundings = surroundings
    this.#host = host
    this.#handshake = new VersionedHandshake(config, {
      resumable: (session) => this.#resumables.push(session),
      ...below,
    })
  }

  get machine(): HandshakeMachine {
    return this.#handshake.machine
  }

  /** As {@link VersionedHandshake.prepare}. */
  prepare(): void {
    this.#handshake.prepare()
  }

  start(now: Millis): void {
    const { lifecycle, mobility, outbox } = this.#surroundings
    lifecycle.begin(now)
    this.#handshake.start(now)
    mobility.tellIds()
    outbox.flush()
  }

  /** Takes something of the peer's, whose fault ends the association. */
  take(now: Millis, action: (handshake: HandshakeMachine) => void): void {
    const { lifecycle, mobility, outbox } = this.#surroundings
    const { progress, session } = this.machine
    try {
      action(this.machine)
    } catch (error) {
      if (!(error instanceof PeerMisbehaved)) throw error
      lifecycle.fail(error)
      return
    }
    const handshake = this.machine
    if (handshake.isUnderWay) lifecycle.begin(now)
    if (handshake.progress !== progress) lifecycle.clearSuspicion()
    mobility.tellIds()
    if (session === null && handshake.session !== null) this.#complete(handshake.session)
    else outbox.flush()
    this.#host.keysChanged(now)
    this.#tellResumables()
  }

  /** Runs a command of the application's; false where the handshake knows no such thing. */
  command(act: (handshake: HandshakeMachine) => boolean): boolean {
    const { mobility, outbox } = this.#surroundings
    const isDone = act(this.machine)
    mobility.tellIds()
    outbox.flush()
    return isDone
  }

  #complete(session: DtlsSession): void {
    const { lifecycle, outbox } = this.#surroundings
    lifecycle.connect()
    // Told first, since the peer may answer what leaves with data. What the host sends comes after the flight.
    this.#host.connected(session)
    if (session.resumable !== null) this.#resumables.push(session.resumable)
    this.#tellResumables()
    outbox.flush()
  }

  #tellResumables(): void {
    for (let next = this.#resumables.shift(); next !== undefined; next = this.#resumables.shift())
      if (!this.#surroundings.lifecycle.isOver) this.#host.resumable?.(next)
  }
}
