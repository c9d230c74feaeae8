import type { RTCIceCandidateInit } from '../w3c/ice-candidate.ts'

/**
 * The peer's ICE sessions that restarts have ended (RFC 8445 §9). A server may take its time to answer, so that a candidate
 * of one still comes when the description of the next was applied: late rather than wrong.
 */
export class EndedSessions {
  readonly #fragments: Set<string> = new Set()
  #present: readonly string[] = []

  /** A description of the peer's was applied. */
  follow(sdp: string): void {
    const present = Array.from(sdp.matchAll(/^a=ice-ufrag:(\S+)/gm), ([, fragment = '']) => fragment)
    for (const fragment of this.#present) this.#fragments.add(fragment)
    for (const fragment of present) this.#fragments.delete(fragment)
    for (const oldest of this.#fragments) {
      if (this.#fragments.size <= MOST) break
      this.#fragments.delete(oldest)
    }
    this.#present = present
  }

  /** Whether the candidate says that it belongs to one of them. */
  own({ candidate = '', usernameFragment }: RTCIceCandidateInit): boolean {
    const fragment = usernameFragment ?? / ufrag (\S+)/.exec(candidate)?.[1]
    return fragment !== undefined && this.#fragments.has(fragment)
  }
}

/** Fragments that are remembered, the latest ones: a peer may restart as often as it likes. */
const MOST = 16
