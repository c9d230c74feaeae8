import { type ConnectionFacts, connectionState, type IceConnectionState } from './connection-state.ts'
import type { GatheringState } from './gatherer.ts'
import type { IceHost } from './host.ts'
import type { Outbox } from './outbox.ts'

/** Tells the host of changes of state, each once. */
export class StateReporter {
  readonly #host: IceHost
  readonly #outbox: Outbox
  readonly #isEndless: boolean
  #state: IceConnectionState = 'new'
  #gatheringState: GatheringState = 'new'
  #isReleased = false

  /** `isEndless`: gathering is never reported as complete, for it may go on at any time. */
  constructor(host: IceHost, outbox: Outbox, isEndless: boolean) {
    this.#host = host
    this.#outbox = outbox
    this.#isEndless = isEndless
  }

  /** What the host knows. */
  get state(): IceConnectionState {
    return this.#state
  }

  get gatheringState(): GatheringState {
    return this.#gatheringState
  }

  report(gathering: GatheringState, facts: ConnectionFacts): void {
    const shown = this.#isEndless && gathering === 'complete' ? 'gathering' : gathering
    if (shown !== this.#gatheringState && !facts.isClosed) this.#reportGathering(shown)
    const state = connectionState(facts, this.#state)
    if (state === this.#state) return
    this.#state = state
    this.#outbox.post(() => this.#host.stateChanged(state))
  }

  /** All that a closed agent held elsewhere is given back. */
  released(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#outbox.post(() => this.#host.released?.())
  }

  #reportGathering(gathering: GatheringState): void {
    this.#gatheringState = gathering
    this.#outbox.post(() => this.#host.gatheringStateChanged(gathering))
    if (gathering === 'complete') this.#outbox.post(() => this.#host.candidateGathered(null))
  }
}
