import type { AssociationState, DtlsSession } from '@purertc/dtls'
import type { CandidatePair, GatheringState, IceConnectionState, IceRole } from '@purertc/ice'

import type { ConnectionTransport } from './connection-transport.ts'
import type { DataPlane } from './data-plane.ts'
import type { RTCSctpTransportState, TransportView } from './transports.ts'

/**
 * What a connection's transports show, read when it is asked for. A class, since V8 gives each literal with getters a
 * shape of its own, which holds the connection until the whole heap is marked.
 */
export class ConnectionView implements TransportView {
  readonly #transport: ConnectionTransport
  readonly #data: DataPlane

  constructor(transport: ConnectionTransport, data: DataPlane) {
    this.#transport = transport
    this.#data = data
  }

  get iceState(): IceConnectionState {
    return this.#transport.iceState
  }

  get gatheringState(): GatheringState {
    return this.#transport.gatheringState
  }

  get iceRole(): IceRole | null {
    return this.#transport.statistics?.ice.role ?? null
  }

  get activePair(): CandidatePair | null {
    return this.#transport.statistics?.ice.active ?? null
  }

  get dtlsState(): AssociationState {
    return this.#transport.dtlsState
  }

  get session(): DtlsSession | null {
    return this.#transport.session
  }

  get sctpState(): RTCSctpTransportState {
    return this.#data.state
  }

  get maxMessageSize(): number {
    return this.#data.channels.maxMessageSize
  }

  get maxChannels(): number | null {
    if (this.#data.state !== 'connected') return null
    return this.#transport.statistics?.sctp?.outboundStreams ?? null
  }
}
