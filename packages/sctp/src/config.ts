import type { CryptoProvider } from '@purertc/crypto'

import { SctpError } from './errors.ts'
import type { CongestionControlFactory } from './send/congestion-control.ts'
import { CubicCongestionControl } from './send/cubic.ts'
import type { SchedulerName } from './send/scheduler.ts'

/** Settings of an association. Times are milliseconds, sizes bytes. */
export interface SctpConfig {
  readonly crypto: CryptoProvider
  /** Default 5000, RFC 8841 §5. */
  readonly localPort?: number
  /** Default 5000. */
  readonly remotePort?: number
  /** The largest SCTP packet to send. Default 1160: what a DTLS 1.2 record in a datagram of 1200 bytes holds. */
  readonly mtu?: number
  /**
   * The largest SCTP packet that is searched for when there is much to send, RFC 8899. Default `mtu`: the size of
   * packets stays fixed.
   */
  readonly maxMtu?: number
  /**
   * Whether chunks of user data may be as large as packets, which costs less time. Only for a path that cannot shrink,
   * as within one machine: a chunk is never cut again. Default false: each chunk fits a packet of `mtu`.
   */
  readonly largeChunks?: boolean
  /**
   * How many packets may share a datagram of DTLS (RFC 9147 §4.3), which costs both ends less: searched for when their size
   * has reached `maxMtu`, up to what the path carries. Default 1.
   */
  readonly packetsPerDatagram?: number
  /**
   * Whether messages are interleaved where the peer takes that (RFC 8260), so that a large one does not hold up those
   * of other streams. Default false.
   */
  readonly interleaving?: boolean
  /** Which stream sends next. Default `weighted-fair`. */
  readonly scheduler?: SchedulerName
  /**
   * Both ends' INIT chunks, exchanged by other means (draft-hancke-tsvwg-snap): `connect` then makes the association
   * stand at once. `local` is from `createInit` with the same configuration. Left out, or where one of them is no INIT or
   * both are the same, there is a handshake.
   */
  readonly exchangedInits?: ExchangedInits | null
  /** Bytes below SCTP in an IP packet: DTLS, UDP, IP. It makes the search quicker. Default 68. */
  readonly packetOverhead?: number
  /**
   * Packets go without a checksum where the peer takes that, RFC 9653: only over DTLS, which protects them better.
   * Default false.
   */
  readonly zeroChecksum?: boolean
  /** Streams offered in each direction. Default 65535, RFC 8831 §6.2. */
  readonly streams?: number
  /** Bytes of user data that may wait here for missing pieces. At least `maxMessageSize`. Default 4 MiB. */
  readonly receiveWindow?: number
  /** The largest message that is accepted from the peer, or with `deliverParts` delivered whole. Default 262,144. */
  readonly maxMessageSize?: number
  /** Whether larger messages are delivered in parts as they come, by `host.receivedPart`. Default false: they end the association. */
  readonly deliverParts?: boolean
  /** The largest message that the peer accepts, from its `a=max-message-size`. Default 65,536, RFC 8841 §6. */
  readonly remoteMaxMessageSize?: number
  /** Bytes that may be queued for sending over all streams. Default 16 MiB. */
  readonly sendBufferSize?: number
  /** Bytes that may be in flight before the first SACK. Default ten packets, as RFC 6928 has for TCP. */
  readonly initialWindow?: number
  /** Packets that may leave at once where the pace would spread them. Default 16. */
  readonly maxBurst?: number
  /** RTO.Initial, default 500. */
  readonly rtoInitial?: number
  /** RTO.Min, default 400: twice the delay of a SACK. */
  readonly rtoMin?: number
  /** RTO.Max, default 60,000. */
  readonly rtoMax?: number
  /** Max.Init.Retransmits, default 8. */
  readonly maxInitRetransmits?: number
  /** Association.Max.Retrans, default 10. */
  readonly maxRetransmits?: number
  /** HB.interval, default 30,000; `Infinity` for none. */
  readonly heartbeatInterval?: number
  /** SACK.Delay, default 200; 500 at most (RFC 9260 §6.2). */
  readonly sackDelay?: number
  /** A SACK goes out at once after this many packets with DATA. Default 2. */
  readonly sackFrequency?: number
  /** Valid.Cookie.Life, default 60,000. */
  readonly cookieLifetime?: number
  /** Default: CUBIC, RFC 9438. `StandardCongestionControl` is the algorithm of RFC 9260 §7. */
  readonly congestionControl?: CongestionControlFactory
}

export interface ExchangedInits {
  readonly local: Uint8Array
  readonly remote: Uint8Array
}

/** A configuration with its defaults filled in. */
export type Settings = Readonly<Required<SctpConfig>>

/** Throws {@link SctpError} `invalid-config`. */
export function settle(config: SctpConfig): Settings {
  const settings: Settings = Object.assign(defaultsFor(config.mtu ?? 1_160), config)
  checkPacketSize(settings.mtu)
  checkPacketSize(settings.maxMtu)
  check(settings.streams >= 1 && settings.streams <= 65_535, 'streams must be 1 to 65535')
  check(settings.receiveWindow >= 1_500, 'receiveWindow must be at least 1500')
  check(settings.receiveWindow <= 0xffff_ffff, 'receiveWindow must fit 32 bits')
  check(settings.maxMessageSize <= settings.receiveWindow, 'receiveWindow must hold a message')
  check(settings.sackFrequency >= 1, 'sackFrequency must be at least 1')
  check(settings.sackDelay >= 0 && settings.sackDelay <= 500, 'sackDelay must be 0 to 500')
  return settings
}

/** Throws {@link SctpError} `invalid-config`. */
export function checkPacketSize(size: number): void {
  check(size >= smallestPacket && size <= 65_535, `mtu must be ${smallestPacket} to 65535`)
}

function defaultsFor(mtu: number): Omit<Settings, 'crypto'> {
  return {
    localPort: 5_000,
    remotePort: 5_000,
    mtu,
    maxMtu: mtu,
    largeChunks: false,
    packetsPerDatagram: 1,
    interleaving: false,
    scheduler: 'weighted-fair',
    exchangedInits: null,
    packetOverhead: 68,
    zeroChecksum: false,
    streams: 65_535,
    receiveWindow: 4 * 1_048_576,
    maxMessageSize: 262_144,
    deliverParts: false,
    remoteMaxMessageSize: 65_536,
    sendBufferSize: 16 * 1_048_576,
    initialWindow: 10 * mtu,
    maxBurst: 16,
    rtoInitial: 500,
    rtoMin: 400,
    rtoMax: 60_000,
    maxInitRetransmits: 8,
    maxRetransmits: 10,
    heartbeatInterval: 30_000,
    sackDelay: 200,
    sackFrequency: 2,
    cookieLifetime: 60_000,
    congestionControl: (packetSize, initialWindow) => new CubicCongestionControl(packetSize, initialWindow),
  }
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new SctpError('invalid-config', message)
}

/** Room for an INIT ACK with its cookie. */
const smallestPacket = 512
