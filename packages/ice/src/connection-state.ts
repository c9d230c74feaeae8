import type { Pair } from './pair.ts'

/** W3C WebRTC §5.6.4, RTCIceTransportState. */
export type IceConnectionState =
  'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed'

export interface ConnectionFacts {
  readonly isClosed: boolean
  readonly hasFailed: boolean
  /** The pair that data goes over. */
  readonly route: Pair | null
  /** Whether there is something to check. */
  readonly hasStarted: boolean
  /** Whether a pair is selected and nothing is left to be done. */
  readonly isComplete: boolean
}

/** The state that follows from the facts; `before` matters only where the route was lost and another may be found. */
export function connectionState(facts: ConnectionFacts, before: IceConnectionState): IceConnectionState {
  if (facts.isClosed) return 'closed'
  if (facts.hasFailed) return 'failed'
  if (facts.route !== null) {
    if (facts.route.isSilent) return 'disconnected'
    return facts.isComplete ? 'completed' : 'connected'
  }
  if (before === 'connected' || before === 'completed' || before === 'disconnected') return 'disconnected'
  return facts.hasStarted ? 'checking' : 'new'
}
