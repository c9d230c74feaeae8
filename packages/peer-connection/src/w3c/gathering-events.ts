import type { CandidateError, GatheringState } from '@purertc/ice'

import type { DataSection } from '../negotiation/description.ts'
import type { ConnectionStates } from './connection-states.ts'
import { candidateErrorEvent, RTCPeerConnectionIceEvent, serverErrorEvent } from './events.ts'
import { type CandidateOrigin, RTCIceCandidate } from './ice-candidate.ts'

/** What the events of gathering need of their connection. */
export interface GatheringTarget {
  /** The section that local candidates belong to; null before a description has one. */
  localSection(): DataSection | null
  /** Whether candidates tell names in place of addresses. */
  readonly hidesAddresses: boolean
  /** Does nothing once the connection is closed, which an event's handler may do. */
  dispatch(event: Event): void
}

/** Gathering as the application hears of it, WebRTC §4.8. */
export class GatheringEvents {
  readonly #states: ConnectionStates
  readonly #target: GatheringTarget

  constructor(states: ConnectionStates, target: GatheringTarget) {
    this.#states = states
    this.#target = target
  }

  /** A candidate line, `''` after the last one. */
  candidate(line: string, origin: CandidateOrigin): void {
    const section = this.#target.localSection()
    if (section === null) return
    const candidate = new RTCIceCandidate({
      candidate: line,
      sdpMid: section.mid,
      sdpMLineIndex: section.index,
      usernameFragment: section.credentials.usernameFragment,
      ...origin,
    })
    const { url } = candidate
    this.#target.dispatch(new RTCPeerConnectionIceEvent('icecandidate', { candidate, url }))
  }

  candidateError(error: CandidateError): void {
    this.#target.dispatch(candidateErrorEvent(error, this.#target.hidesAddresses))
  }

  serverUnusable(url: string, { message }: Error): void {
    this.#target.dispatch(serverErrorEvent(url, message))
  }

  /** WebRTC §4.8.1.1: after the last candidate comes null. */
  stateChanged(state: GatheringState): void {
    this.#states.setGathering(state)
    if (state === 'complete')
      this.#target.dispatch(new RTCPeerConnectionIceEvent('icecandidate', { candidate: null }))
  }
}
