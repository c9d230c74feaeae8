import { invalidState } from '../errors.ts'

export type SignalingState =
  | 'stable'
  | 'have-local-offer'
  | 'have-remote-offer'
  | 'have-local-pranswer'
  | 'have-remote-pranswer'
  | 'closed'

export type DescriptionType = 'offer' | 'pranswer' | 'answer' | 'rollback'

export type Side = 'local' | 'remote'

/** Both sides' descriptions of one agreement, or of one under way. */
export interface Descriptions<Description> {
  readonly local: Description | null
  readonly remote: Description | null
}

/**
 * The offer/answer state machine, JSEP (RFC 9429) §3.2 and WebRTC §4.3.1: which description may be applied when, and
 * which ones are current or pending.
 */
export class SignalingSession<Description extends { readonly type: DescriptionType }> {
  #state: SignalingState = 'stable'
  #current: Descriptions<Description> = nothing
  #pending: Descriptions<Description> = nothing

  get state(): SignalingState {
    return this.#state
  }

  /** What the last answer agreed on. */
  get current(): Descriptions<Description> {
    return this.#current
  }

  /** The offer under negotiation, and its provisional answer. */
  get pending(): Descriptions<Description> {
    return this.#pending
  }

  /** Whether a description of this type may be applied now. */
  allows(side: Side, type: DescriptionType): boolean {
    return nextState(this.#state, side, type) !== null
  }

  /** Applies a description; throws InvalidStateError where the state does not allow it. */
  apply(side: Side, description: Description): void {
    const type = description.type
    const next = nextState(this.#state, side, type)
    if (next === null) throw invalidState(`a ${side} ${type} cannot be applied in state ${this.#state}`)
    this.#state = next
    if (type === 'rollback') this.#pending = nothing
    else if (type === 'answer') this.#agree(side, description)
    else this.#pending = { ...this.#pending, [side]: description }
  }

  close(): void {
    this.#state = 'closed'
  }

  #agree(side: Side, answer: Description): void {
    this.#current =
      side === 'local'
        ? { local: answer, remote: this.#pending.remote }
        : { local: this.#pending.local, remote: answer }
    this.#pending = nothing
  }
}

const nothing = { local: null, remote: null }

/** RFC 9429 §3.2, figure 2. */
function nextState(state: SignalingState, side: Side, type: DescriptionType): SignalingState | null {
  const other: Side = side === 'local' ? 'remote' : 'local'
  switch (type) {
    case 'offer':
      return state === 'stable' || state === `have-${side}-offer` ? `have-${side}-offer` : null
    case 'pranswer':
      return answers(state, side, other) ? `have-${side}-pranswer` : null
    case 'answer':
      return answers(state, side, other) ? 'stable' : null
    case 'rollback':
      // Only the side that offered can take its offer back.
      return state === `have-${side}-offer` ? 'stable' : null
  }
}

function answers(state: SignalingState, side: Side, other: Side): boolean {
  return state === `have-${other}-offer` || state === `have-${side}-pranswer`
}
