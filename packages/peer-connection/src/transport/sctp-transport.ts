import { Millis } from '@purertc/bytes'
import type { CandidatePair } from '@purertc/ice'
import { DataChannels } from '@purertc/sctp'

import { defaultPathLimit, ipAndUdp } from './path-limit.ts'
import type { PeerTransportConfig, TransportAgreement } from './peer-transport-config.ts'
import type { PeerTransportHost } from './peer-transport-host.ts'
import { DTLS_OVERHEAD, LARGEST_DATAGRAM, LARGEST_RECORD } from './record-size.ts'
import { sctpFailure, TransportError } from './transport-error.ts'
import { sctpStatistics, type TransportStatistics } from './transport-statistics.ts'

/** What SCTP asks of DTLS and of the path below it. */
export interface SctpTransportLink {
  /** The pair that data goes over; null before there is one. */
  activePair(): CandidatePair | null
  /** Borrowed; `more` as in `SctpHost`. */
  transmit(packet: Uint8Array, more: boolean): void
  /** The association has ended, by a fault unless it was asked to. */
  closed(failure: TransportError): void
}

/**
 * The data channels over DTLS, where descriptions agree on them: what packets may measure on the present path, and when
 * they are held back to be shared. What concerns a channel goes to the transport's host straight away.
 */
export class SctpTransport {
  readonly #config: Required<PeerTransportConfig>
  readonly #host: PeerTransportHost
  readonly #link: SctpTransportLink
  #channels: DataChannels | null = null
  /** How often {@link SctpTransport.cork} was called without its `uncork`. */
  #corks = 0

  constructor(config: Required<PeerTransportConfig>, host: PeerTransportHost, link: SctpTransportLink) {
    this.#config = config
    this.#host = host
    this.#link = link
  }

  /** Null where descriptions agree on datagrams, or not yet. */
  get channels(): DataChannels | null {
    return this.#channels
  }

  /** Throws {@link TransportError} `not-started`. */
  get startedChannels(): DataChannels {
    if (this.#channels === null) throw new TransportError('not-started', 'there are no data channels yet')
    return this.#channels
  }

  get statistics(): TransportStatistics['sctp'] {
    return this.#channels === null ? null : sctpStatistics(this.#channels.association)
  }

  /** Both descriptions are known. */
  start(agreement: TransportAgreement): void {
    this.#channels = this.#createChannels(agreement)
    if (this.#corks > 0) this.#channels.cork()
  }

  /** The pair that data goes over is another. */
  pathChanged(): void {
    this.#channels?.association.pathChanged(this.#limits)
  }

  get nextTimeout(): Millis {
    return this.#channels?.nextTimeout ?? NEVER
  }

  handleTimeout(now: Millis): void {
    if (this.#channels !== null && this.#channels.nextTimeout <= now) this.#channels.handleTimeout(now)
  }

  /** Whether the peer gets on with one SACK for many packets: this stack does, werift's stalls, of others who knows. */
  get isBatchWelcome(): boolean {
    return (this.#channels?.association.peerLargestPacket ?? 0) > 0
  }

  /** As `PeerTransport.cork`. */
  cork(): void {
    if (++this.#corks === 1) this.#channels?.cork()
  }

  uncork(now: Millis): void {
    if (this.#corks > 0 && --this.#corks === 0) this.#channels?.uncork(now)
  }

  /** Sends what waits, for there is no later, and tells the peer that this is the end. */
  abort(now: Millis): void {
    if (this.#corks > 0) this.#channels?.uncork(now)
    this.#corks = 0
    this.#channels?.abort(now, 'closed')
  }

  #createChannels(agreement: TransportAgreement): DataChannels {
    const { crypto, mtu, maxMessageSize, deliverParts } = this.#config
    return new DataChannels(
      {
        crypto,
        dtlsRole: agreement.dtlsRole,
        mtu: mtu - DTLS_OVERHEAD,
        ...this.#limits,
        packetOverhead: DTLS_OVERHEAD + ipAndUdp(this.#link.activePair()?.remote.address ?? ''),
        maxMessageSize,
        deliverParts,
        remotePort: agreement.remoteSctpPort ?? 5_000,
        remoteMaxMessageSize: agreement.remoteMaxMessageSize ?? 65_536,
        exchangedInits: agreement.exchangedInits ?? null,
      },
      {
        associationConnected: () => this.#host.connected(),
        associationClosed: (reason) => this.#link.closed(sctpFailure(reason)),
        ...this.#host,
        transmit: (packet, more) => this.#link.transmit(packet, more),
        // With the association all channels are over, which is one piece of news and not many.
        channelClosed: (channel) => {
          if (this.#channels?.state !== 'closed') this.#host.channelClosed(channel)
        },
      },
    )
  }

  /** Bytes of UDP payload that leave in one piece over the present path. */
  get #pathLimit(): number {
    const pair = this.#link.activePair()
    return pair === null ? this.#config.mtu : (this.#host.pathLimit?.(pair) ?? defaultPathLimit(pair))
  }

  /**
   * What SCTP may search for over the present path. Where a datagram holds about as many of the largest records, as it does
   * within one machine, records have the size that fills it.
   */
  get #limits(): { maxMtu: number; largeChunks: boolean; packetsPerDatagram: number } {
    const { mtu, maxMtu } = this.#config
    const pathLimit = this.#pathLimit
    const datagram = Math.max(mtu, Math.min(maxMtu, pathLimit))
    const packetsPerDatagram = Math.max(1, Math.round(datagram / LARGEST_DATAGRAM))
    const packet = (Math.floor(datagram / packetsPerDatagram) - DTLS_OVERHEAD) & ~3
    return {
      maxMtu: Math.min(packet, LARGEST_RECORD),
      // Only within one machine does the largest datagram leave in one piece, and such a path cannot shrink.
      largeChunks: pathLimit >= LOOPBACK_LIMIT,
      packetsPerDatagram,
    }
  }
}

const NEVER = Millis(Infinity)

/** Bytes of UDP payload over loopback, IPv6 header taken off. */
const LOOPBACK_LIMIT = 65_487
