import type { AssociationState, DtlsSession } from '@purertc/dtls'
import {
  type CandidatePair,
  formatCandidate,
  type GatheringState,
  type IceCandidate,
  type IceConnectionState,
  type IceRole,
} from '@purertc/ice'

import { type Handler, HandlerTarget } from './handler-target.ts'
import { originOf, RTCIceCandidate } from './ice-candidate.ts'

export type RTCSctpTransportState = 'connecting' | 'connected' | 'closed'

/** What the transports of a connection show. */
export interface TransportView {
  readonly iceState: IceConnectionState
  readonly gatheringState: GatheringState
  readonly iceRole: IceRole | null
  readonly activePair: CandidatePair | null
  readonly dtlsState: AssociationState
  readonly session: DtlsSession | null
  readonly sctpState: RTCSctpTransportState
  /** Bytes that the peer takes; 0 for no limit. */
  readonly maxMessageSize: number
  /** Null until the association stands. */
  readonly maxChannels: number | null
}

interface StateEvents {
  statechange: Event
}

/** A transport with a state, which fires `statechange` when it is told to look and finds another. */
class Transport<State> extends HandlerTarget<StateEvents> {
  declare onstatechange: Handler<this>
  readonly #read: () => State
  #state: State

  static {
    Transport.defineHandlers('statechange')
  }

  constructor(read: () => State) {
    super()
    this.#read = read
    this.#state = read()
  }

  get state(): State {
    return this.#state
  }

  /** Called by the connection when something may have changed. */
  refresh(): void {
    const state = this.#read()
    if (state === this.#state) return
    this.#state = state
    this.dispatchEvent(new Event('statechange'))
  }
}

/** The ICE side of a connection, WebRTC §5.6. */
export class RTCIceTransport extends Transport<IceConnectionState> {
  readonly component = 'rtp'
  readonly #view: TransportView

  constructor(view: TransportView) {
    super(() => view.iceState)
    this.#view = view
  }

  get role(): IceRole | null {
    return this.#view.iceRole
  }

  get gatheringState(): GatheringState {
    return this.#view.gatheringState
  }

  /** The pair that data goes over. */
  getSelectedCandidatePair(): { local: RTCIceCandidate; remote: RTCIceCandidate } | null {
    const pair = this.#view.activePair
    if (pair === null) return null
    const show = (candidate: IceCandidate): RTCIceCandidate =>
      new RTCIceCandidate({ candidate: formatCandidate(candidate), sdpMLineIndex: 0, ...originOf(candidate) })
    return { local: show(pair.local), remote: show(pair.remote) }
  }
}

/** The DTLS side of a connection, WebRTC §5.5. */
export class RTCDtlsTransport extends Transport<AssociationState> {
  readonly iceTransport: RTCIceTransport
  readonly #view: TransportView

  constructor(view: TransportView) {
    super(() => view.dtlsState)
    this.#view = view
    this.iceTransport = new RTCIceTransport(view)
  }

  /** DER; of the peer, once it has proven it. */
  getRemoteCertificates(): ArrayBuffer[] {
    const certificate = this.#view.session?.peerCertificate ?? null
    return certificate === null ? [] : [new Uint8Array(certificate).buffer]
  }
}

/** The SCTP association of a connection, WebRTC §6.1.1. */
export class RTCSctpTransport extends Transport<RTCSctpTransportState> {
  readonly transport: RTCDtlsTransport
  readonly #view: TransportView

  constructor(view: TransportView) {
    super(() => view.sctpState)
    this.#view = view
    this.transport = new RTCDtlsTransport(view)
  }

  /** Bytes of the largest message that the peer takes. */
  get maxMessageSize(): number {
    return this.#view.maxMessageSize || Infinity
  }

  /** Null until the association stands. */
  get maxChannels(): number | null {
    return this.#view.maxChannels
  }

  /** From the bottom up, so that no transport is connected above one that is not. */
  override refresh(): void {
    this.transport.iceTransport.refresh()
    this.transport.refresh()
    super.refresh()
  }
}
