import type { ConnectionTransport } from './connection-transport.ts'
import type { DataPlane } from './data-plane.ts'
import type { TransportView } from './transports.ts'

/** What a connection's transports show, read when it is asked for. */
export function transportView(transport: ConnectionTransport, data: DataPlane): TransportView {
  return {
    get iceState() {
      return transport.iceState
    },
    get gatheringState() {
      return transport.gatheringState
    },
    get iceRole() {
      return transport.statistics?.ice.role ?? null
    },
    get activePair() {
      return transport.statistics?.ice.active ?? null
    },
    get dtlsState() {
      return transport.dtlsState
    },
    get session() {
      return transport.session
    },
    get sctpState() {
      return data.state
    },
    get maxMessageSize() {
      return data.channels.maxMessageSize
    },
    get maxChannels() {
      return data.state === 'connected' ? (transport.statistics?.sctp?.outboundStreams ?? null) : null
    },
  }
}
