import { Counters, Deadlines, type Millis } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import type { Transmit } from '../packet-writer.ts'
import { RoundTripTime } from '../send/round-trip-time.ts'
import { timerCount } from '../timer.ts'
import { CauseCode, type ErrorCause, textCause } from '../wire/error-cause.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { Output } from './output.ts'
import type { AssociationState, SctpCloseReason } from './state.ts'

/** Why a packet or a chunk was dropped. */
export type Discard =
  | 'too-short'
  | 'bad-checksum'
  | 'wrong-port'
  | 'wrong-tag'
  | 'malformed-chunk'
  | 'unknown-chunk'
  | 'unexpected-chunk'
  | 'not-alone'
  | 'bad-cookie'
  | 'stale-cookie'
  | 'colliding-cookie'
  | 'old-sack'
  | 'invalid-sack'
  | 'duplicate'
  | 'beyond-window'
  | 'beyond-reset'
  | 'repeated-ssn'
  | 'invalid-stream'
  | 'invalid-forward-tsn'
  | 'unknown-heartbeat'
  | 'reported-error'

/** What the parts of one association share. */
export class Context {
  readonly settings: Settings
  readonly deadlines: Deadlines = new Deadlines(timerCount)
  readonly roundTrip: RoundTripTime
  readonly output: Output
  readonly discarded: Counters<Discard> = new Counters<Discard>()
  readonly #ended: (reason: SctpCloseReason) => void
  #state: AssociationState = 'new'
  #peerTag = 0
  /** When the packet at hand came. */
  now = 0 as Millis

  constructor(settings: Settings, transmit: Transmit, ended: (reason: SctpCloseReason) => void) {
    this.settings = settings
    this.roundTrip = new RoundTripTime({
      initial: settings.rtoInitial,
      min: settings.rtoMin,
      max: settings.rtoMax,
    })
    this.output = new Output(settings, transmit)
    this.#ended = ended
  }

  get state(): AssociationState {
    return this.#state
  }

  /** The way to `closed` is {@link Context.end}. */
  set state(state: AssociationState) {
    this.#state = state
  }

  /** The tag that packets to the peer carry; 0 while it is unknown. */
  get peerTag(): number {
    return this.#peerTag
  }

  set peerTag(tag: number) {
    this.#peerTag = tag
    this.output.packet.verificationTag = tag
  }

  /** The association is over. Tells the host; the last statement of whoever calls it. */
  end(reason: SctpCloseReason): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.deadlines.disarmAll()
    this.output.clear()
    this.#ended(reason)
  }

  /** Sends an ABORT if the peer's tag is known, and ends. */
  abort(cause: ErrorCause, reason: SctpCloseReason): void {
    if (this.#peerTag !== 0 && this.#state !== 'closed')
      this.output.queueAlone(this.#peerTag, { type: ChunkType.abort, tagReflected: false, causes: [cause] })
    this.end(reason)
  }

  /** The peer broke a rule that leaves nothing to go on with. */
  misbehaved(code: CauseCode, message: string): void {
    this.abort(textCause(code, message), { code: 'peer-misbehaved', cause: code, message })
  }
}
