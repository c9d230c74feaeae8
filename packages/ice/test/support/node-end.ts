import type { CandidatePair, CandidateError, IceCandidate, IceConnectionState } from '../../src/index.ts'
import { type NodeIceHost, type NodeIceOptions, NodeIceTransport } from '../../src/node/index.ts'

/** A transport on real sockets that keeps what it is told. */
export class NodeEnd {
  readonly ice: NodeIceTransport
  readonly received: string[] = []
  readonly candidates: (IceCandidate | null)[] = []
  readonly states: IceConnectionState[] = []
  readonly failures: string[] = []
  readonly errors: CandidateError[] = []
  readonly unusable: string[] = []
  selected: CandidatePair | null = null
  #wakes: (() => void)[] = []

  constructor(options: NodeIceOptions, hooks: Partial<NodeIceHost> = {}) {
    this.ice = new NodeIceTransport(options, {
      received: (_now, bytes) => this.#note(() => this.received.push(new TextDecoder().decode(bytes))),
      candidateGathered: (candidate) => this.#note(() => this.candidates.push(candidate)),
      candidateError: (error) => this.#note(() => this.errors.push(error)),
      serverUnusable: (url) => this.#note(() => this.unusable.push(url)),
      gatheringStateChanged: () => this.#note(() => 0),
      stateChanged: (state) => this.#note(() => this.states.push(state)),
      pairSelected: (pair) => this.#note(() => (this.selected = pair)),
      pairFailed: (_pair, reason) => this.#note(() => this.failures.push(reason)),
      ...hooks,
    })
  }

  /** Resolves when `condition` holds; looks whenever something happens. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wakes.push(resolve))
  }

  async gathered(): Promise<this> {
    await this.ice.gather()
    await this.until(() => this.candidates.includes(null))
    return this
  }

  send(text: string): boolean {
    return this.ice.send(new TextEncoder().encode(text))
  }

  #note(take: () => unknown): void {
    take()
    for (const wake of this.#wakes.splice(0)) wake()
  }
}

/** Tells each about the other, all at once. */
export function introduceEnds(a: NodeEnd, b: NodeEnd): void {
  for (const [to, from] of [
    [a, b],
    [b, a],
  ] as const) {
    to.ice.setRemoteCredentials(from.ice.agent.localCredentials)
    for (const candidate of from.ice.agent.localCandidates) to.ice.addRemoteCandidate(candidate)
    to.ice.addRemoteCandidate(null)
  }
}
