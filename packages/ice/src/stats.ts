/** What an agent has sent and received. */
export interface IceStatistics {
  /** Binding requests, retransmissions and consent checks included. */
  readonly requestsSent: number
  /** Requests of the peer that were answered, by success or error. */
  readonly responsesSent: number
  /** Authenticated responses. */
  readonly responsesReceived: number
  /** Data, without what TURN adds. */
  readonly datagramsSent: number
  readonly bytesSent: number
  readonly datagramsReceived: number
  readonly bytesReceived: number
}

export class Statistics implements IceStatistics {
  requestsSent = 0
  responsesSent = 0
  responsesReceived = 0
  datagramsSent = 0
  bytesSent = 0
  datagramsReceived = 0
  bytesReceived = 0

  snapshot(): IceStatistics {
    return Object.assign(new Statistics(), this)
  }

  sent(bytes: Uint8Array): void {
    this.datagramsSent++
    this.bytesSent += bytes.length
  }

  received(bytes: Uint8Array): void {
    this.datagramsReceived++
    this.bytesReceived += bytes.length
  }
}
