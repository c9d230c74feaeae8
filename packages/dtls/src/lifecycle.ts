import { type Counters, Millis, type Reader } from '@purertc/bytes'

import type { Discard } from './discard.ts'
import { PeerMisbehaved } from './errors.ts'
import type { AssociationState, CloseReason } from './host.ts'
import { type Alert, AlertDescription, AlertLevel, alertName } from './protocol/alert.ts'
import { closeNotify, isFinal, isKnownLevel, tryDecodeAlert } from './protocol/alert-rules.ts'
import { SuspectedAlert } from './protocol/suspected-alert.ts'
import type { ResolvedConfig } from './resolved-config.ts'

/** Where an association stands, from its begin to its end: the time that it has to connect, and what ends it. */
export class Lifecycle {
  readonly #config: ResolvedConfig
  readonly #discarded: Counters<Discard>
  readonly #ended: (reason: CloseReason, farewell: Alert | null) => void
  readonly #suspected = new SuspectedAlert()
  #state: AssociationState = 'new'
  #handshakeEnd = Millis(Infinity)

  /** `ended` is called once: to let go of everything, to say farewell to the peer, and to tell the host. */
  constructor(
    config: ResolvedConfig,
    discarded: Counters<Discard>,
    ended: (reason: CloseReason, farewell: Alert | null) => void,
  ) {
    this.#config = config
    this.#discarded = discarded
    this.#ended = ended
  }

  get state(): AssociationState {
    return this.#state
  }

  get isConnected(): boolean {
    return this.#state === 'connected'
  }

  get isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed'
  }

  /** When {@link Lifecycle.expire} is due. */
  get deadline(): Millis {
    return Millis(Math.min(this.#handshakeEnd, this.#suspected.deadline))
  }

  begin(now: Millis): void {
    if (this.#state !== 'new') return
    this.#state = 'connecting'
    this.#handshakeEnd = Millis(now + this.#config.handshakeTimeout)
  }

  connect(): void {
    this.#state = 'connected'
    this.#disarm()
  }

  /** Ends it where it is time. */
  expire(now: Millis): void {
    const isTimeUp = this.#handshakeEnd <= now
    const { alert, deadline } = this.#suspected
    if (alert !== null && (deadline <= now || isTimeUp)) this.#endByAlert(alert, false)
    else if (isTimeUp) this.end({ kind: 'handshake-timeout' })
  }

  /** An alert came in the clear, perhaps anybody's. */
  suspect(now: Millis, reader: Reader, isUnderWay: boolean): void {
    const discard = this.#suspected.note(now, reader, isUnderWay, 2 * this.#config.retransmitTimeout)
    if (discard !== null) this.#discarded.count(discard)
  }

  /** The peer goes on with the handshake: whatever alert there was in the clear was not its own. */
  clearSuspicion(): void {
    this.#suspected.forget()
  }

  /** An alert of the peer came. */
  handleAlert(reader: Reader, isDtls13: boolean): void {
    const alert = tryDecodeAlert(reader)
    if (alert === null) this.fail(new PeerMisbehaved('decode', 'malformed alert'))
    else if (!isKnownLevel(alert))
      this.fail(new PeerMisbehaved('illegal-parameter', `an alert of level ${alert.level}`))
    else if (!isFinal(alert, isDtls13)) this.#discarded.count('warning')
    else this.#endByAlert(alert, true)
  }

  fail(error: PeerMisbehaved): void {
    this.end({ kind: 'peer-misbehaved', error }, { level: AlertLevel.fatal, description: error.alert })
  }

  end(reason: CloseReason, farewell: Alert | null = null): void {
    if (this.isOver) return
    this.#state = reason.kind === 'local' || reason.kind === 'close-notify' ? 'closed' : 'failed'
    this.#disarm()
    this.#ended(reason, farewell)
  }

  #endByAlert({ description }: Alert, authenticated: boolean): void {
    if (description !== AlertDescription.closeNotify)
      this.end({ kind: 'alert', description, name: alertName(description), authenticated })
    // RFC 5246 §7.2.1: answered by a close_notify of our own, and then it is over.
    else this.end({ kind: 'close-notify' }, authenticated ? closeNotify : null)
  }

  #disarm(): void {
    this.#handshakeEnd = Millis(Infinity)
    this.#suspected.forget()
  }
}
