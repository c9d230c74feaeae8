import type { Certificate } from '@purertc/dtls'

import { invalidState } from '../errors.ts'
import { isGiven } from '../is-given.ts'
import type { ConnectionSession } from './connection-session.ts'
import type { EventQueue } from './event-queue.ts'
import type { RTCIceCandidateInit } from './ice-candidate.ts'
import type { RTCIceServer } from './ice-servers.ts'
import { NegotiationNeeded } from './negotiation-needed.ts'
import { OperationsChain } from './operations-chain.ts'
import {
  type RTCLocalSessionDescriptionInit,
  type RTCSessionDescriptionInit,
  sdpTypeOf,
} from './session-description.ts'

export interface RTCOfferOptions {
  /** The offer announces a new ICE session. */
  readonly iceRestart?: boolean
}

/** What the operations of a session ask and tell. */
export interface SessionOperationsHost {
  /** Those that a gathering that begins now asks. */
  iceServers(): readonly RTCIceServer[]
  /** A description holds. */
  applied(): void
  negotiationNeeded(): void
}

/**
 * The asynchronous methods of a connection, WebRTC §4.4.2. Each has its turn on the operations chain; after the last
 * of them, `negotiationneeded` asks for what the descriptions in force do not tell.
 */
export class SessionOperations {
  readonly #session: ConnectionSession
  readonly #certificate: Promise<Certificate>
  readonly #host: SessionOperationsHost
  readonly #chain: OperationsChain
  readonly #negotiation: NegotiationNeeded
  #isClosed = false

  constructor(
    session: ConnectionSession,
    certificate: Promise<Certificate>,
    events: EventQueue,
    host: SessionOperationsHost,
  ) {
    this.#session = session
    this.#certificate = certificate
    this.#host = host
    this.#chain = new OperationsChain(() => this.#negotiation.idle())
    this.#negotiation = new NegotiationNeeded(events, {
      isClosed: () => this.#isClosed,
      isBusy: () => !this.#chain.isEmpty,
      isStable: () => session.state === 'stable',
      isNeeded: () => session.isNegotiationNeeded,
      fire: () => host.negotiationNeeded(),
    })
  }

  createOffer(options: RTCOfferOptions): Promise<RTCSessionDescriptionInit> {
    return this.#run((certificate) => {
      if (options.iceRestart === true) this.#session.restart()
      return { type: 'offer', sdp: this.#session.makeOffer(certificate) }
    })
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return this.#run((certificate) => ({ type: 'answer', sdp: this.#session.makeAnswer(certificate) }))
  }

  setLocalDescription(description: RTCLocalSessionDescriptionInit): Promise<void> {
    return this.#run((certificate) => {
      this.#session.applyLocal(description, certificate, this.#host.iceServers())
      this.#applied()
    })
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.#run((certificate) => {
      this.#session.applyRemote(sdpTypeOf(description), description.sdp ?? '', certificate)
      this.#applied()
    })
  }

  addIceCandidate(init: RTCIceCandidateInit): Promise<void> {
    const isPlaced = isGiven(init.sdpMid) || isGiven(init.sdpMLineIndex)
    if ((init.candidate ?? '') !== '' && !isPlaced)
      return Promise.reject(new TypeError('a candidate needs sdpMid or sdpMLineIndex'))
    return this.#run(() => this.#session.addCandidate(init))
  }

  restartIce(): void {
    if (this.#isClosed) return
    this.#session.restart()
    this.#negotiation.update()
  }

  /** Something changed that may need a negotiation. */
  updateNegotiationNeeded(): void {
    this.#negotiation.update()
  }

  close(): void {
    this.#isClosed = true
    this.#chain.close()
  }

  /** Every operation has the certificate, if only so that none of them takes effect within the call. */
  #run<T>(operation: (certificate: Certificate) => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedError())
    return this.#chain.run(async () => {
      const certificate = await this.#certificate
      if (this.#isClosed) throw closedError()
      return operation(certificate)
    })
  }

  #applied(): void {
    this.#host.applied()
    if (this.#session.state === 'stable') this.#negotiation.settled()
  }
}

function closedError(): DOMException {
  return invalidState('the connection is closed')
}
