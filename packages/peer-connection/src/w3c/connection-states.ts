import type { AssociationState } from '@purertc/dtls'
import type { GatheringState, IceConnectionState } from '@purertc/ice'

import { connectionState, type RTCPeerConnectionState } from '../negotiation/connection-state.ts'
import type { SignalingState } from '../negotiation/signaling-session.ts'

/**
 * The states of a connection as the application was told of them last: an event is fired where one is another, and the
 * getters do not run ahead of the events.
 */
export class ConnectionStates {
  readonly #fire: (type: string) => void
  #signaling: SignalingState = 'stable'
  #gathering: GatheringState = 'new'
  #ice: IceConnectionState = 'new'
  #connection: RTCPeerConnectionState = 'new'

  /** `fire` must not fire once the connection is closed, which an event's handler may do. */
  constructor(fire: (type: string) => void) {
    this.#fire = fire
  }

  get gathering(): GatheringState {
    return this.#gathering
  }

  get ice(): IceConnectionState {
    return this.#ice
  }

  get connection(): RTCPeerConnectionState {
    return this.#connection
  }

  setSignaling(state: SignalingState): void {
    if (state === this.#signaling) return
    this.#signaling = state
    this.#fire('signalingstatechange')
  }

  setGathering(state: GatheringState): void {
    this.#gathering = state
    this.#fire('icegatheringstatechange')
  }

  /** WebRTC §4.3.3: both states follow from those below. */
  setTransport(iceState: IceConnectionState, dtlsState: AssociationState): void {
    const connection = connectionState(iceState, dtlsState)
    const isIceNew = iceState !== this.#ice
    const isConnectionNew = connection !== this.#connection
    this.#ice = iceState
    this.#connection = connection
    if (isIceNew) this.#fire('iceconnectionstatechange')
    if (isConnectionNew) this.#fire('connectionstatechange')
  }

  /** Without events, WebRTC §4.4.1.6. */
  close(): void {
    this.#ice = 'closed'
    this.#connection = 'closed'
  }
}
