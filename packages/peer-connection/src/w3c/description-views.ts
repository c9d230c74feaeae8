import type { Description } from '../negotiation/description.ts'
import { withCandidates } from '../negotiation/local-description.ts'
import { RTCSessionDescription } from './session-description.ts'

/**
 * The descriptions as the application sees them, with the candidates that came since they were applied. The same
 * object as long as nothing changes.
 */
export class DescriptionViews {
  readonly #views: WeakMap<Description, View> = new WeakMap()

  show(
    description: Description | null,
    candidates: readonly string[],
    isComplete: boolean,
  ): RTCSessionDescription | null {
    if (description === null) return null
    const known = this.#views.get(description)
    if (known?.count === candidates.length && known.isComplete === isComplete) return known.shown
    const sdp = withCandidates(description, candidates, isComplete)
    const shown = new RTCSessionDescription({ type: description.type, sdp })
    this.#views.set(description, { count: candidates.length, isComplete, shown })
    return shown
  }
}

interface View {
  readonly count: number
  readonly isComplete: boolean
  readonly shown: RTCSessionDescription
}
