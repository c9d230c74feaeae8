import type { Counters, Millis } from '@purertc/bytes'

import { checkPacketSize, type SctpConfig, type Settings, settle } from '../config.ts'
import { SctpError } from '../errors.ts'
import type { Abandoned } from '../send/abandoned-messages.ts'
import { CauseCode, textCause } from '../wire/error-cause.ts'
import type { Context, Discard } from './context.ts'
import type { Departure } from './departure.ts'
import type { SctpHost, SendOptions } from './host.ts'
import { closedError, createMessageWriter, type MessageWriter } from './message-writer.ts'
import type { Outbox } from './outbox.ts'
import type { PathLimits } from '../path/path-mtu.ts'
import { Parts } from './parts.ts'
import { type AssociationState, isOpen } from './state.ts'
import type { Transfer } from './transfer.ts'

/**
 * One end of an SCTP association over DTLS, RFC 9260 and RFC 8261: a synchronous machine without sockets, timers or
 * clock. `now` is monotonic milliseconds everywhere.
 *
 * @example
 * const association = new SctpAssociation({ crypto: nodeCrypto }, host)
 * association.connect(now) // both ends may, at the same time
 * association.send(now, 0, 51, toUtf8('hello'))
 * association.handlePacket(now, packet) // a record from DTLS
 * if (association.nextTimeout <= now) association.handleTimeout(now)
 */
export class SctpAssociation {
  readonly #settings: Settings
  readonly #host: SctpHost
  readonly #context: Context
  readonly #transfer: Transfer
  readonly #parts: Parts
  readonly #outbox: Outbox
  readonly #departure: Departure

  /** Throws {@link SctpError} `invalid-config`. */
  constructor(config: SctpConfig, host: SctpHost) {
    const settings = settle(config)
    const parts = new Parts(settings, host)
    this.#settings = settings
    this.#host = host
    this.#parts = parts
    this.#context = parts.context
    this.#transfer = parts.transfer
    this.#outbox = parts.outbox
    this.#departure = parts.departure
  }

  get state(): AssociationState {
    return this.#context.state
  }

  /** When to call {@link SctpAssociation.handleTimeout}; `Infinity` for never. */
  get nextTimeout(): Millis {
    return this.#context.state === 'closed' ? (Infinity as Millis) : this.#context.deadlines.earliest
  }

  /** What was dropped, by reason. */
  get discarded(): Counters<Discard> {
    return this.#context.discarded
  }

  /** Streams that may be used for sending: fewer than configured when the peer takes fewer. */
  get outboundStreams(): number {
    return this.#outbox.streams
  }

  /** The smoothed round-trip time in milliseconds, once measured. */
  get roundTripTime(): number | undefined {
    return this.#context.roundTrip.smoothed
  }

  /** Bytes that may be in flight. */
  get congestionWindow(): number {
    return this.#transfer.sender.congestion.window
  }

  /** Bytes of incoming messages that wait for missing pieces. */
  get receiveBuffered(): number {
    return this.#transfer.receiver?.held ?? 0
  }

  /** Whether messages are interleaved, RFC 8260; known once connected. */
  get isInterleaving(): boolean {
    return this.#transfer.receiver?.interleaves ?? false
  }

  /** Whether {@link SctpAssociation.openMessage} works with this peer: messages are interleaved, and can be skipped. */
  get canStreamMessages(): boolean {
    return this.#transfer.sender.canStream
  }

  /** Whether the peer can reset streams; known once connected. */
  get canResetStreams(): boolean {
    return this.#transfer.streamReset !== undefined
  }

  /** The largest packet that the peer has said it takes, in bytes: stacks other than this one do not say, which is 0. */
  get peerLargestPacket(): number {
    return this.#parts.pathMtu.peerLimit
  }

  /** The largest packet to send, in bytes: what the search has found so far, where there is one. */
  get mtu(): number {
    return this.#parts.pathMtu.size
  }

  /** Holds the size of packets at this, and searches no more. Throws {@link SctpError} `invalid-config`. */
  set mtu(size: number) {
    checkPacketSize(size)
    this.#parts.pathMtu.pathChanged(size, { maxMtu: size, largeChunks: false, packetsPerDatagram: 1 })
  }

  /**
   * Another path carries the packets from now on: their size starts anew from the configured `mtu`, and is searched for up
   * to `maxMtu`. The congestion window and the round-trip time start anew, too: nothing that was sent before counts for
   * them. `largeChunks` and `packetsPerDatagram` are as in the configuration, with its defaults. Throws
   * {@link SctpError} `invalid-config`.
   */
  pathChanged({
    maxMtu,
    largeChunks = false,
    packetsPerDatagram = 1,
  }: Pick<PathLimits, 'maxMtu'> & Partial<PathLimits>): void {
    checkPacketSize(maxMtu)
    this.#parts.pathMtu.pathChanged(this.#settings.mtu, { maxMtu, largeChunks, packetsPerDatagram })
    this.#transfer.sender.pathChanged()
  }

  /** The largest message that the peer takes, in bytes; 0 means any size (RFC 8841 §6.1). May be changed. */
  get remoteMaxMessageSize(): number {
    return this.#outbox.remoteMaxMessageSize
  }

  set remoteMaxMessageSize(size: number) {
    this.#outbox.remoteMaxMessageSize = size
  }

  /**
   * Begins the handshake. An association that never calls this waits for the peer to begin; with `patience`
   * it waits so many milliseconds, for where both begin at once each does the work of both.
   */
  connect(now: Millis, patience = 0): void {
    if (this.#context.state !== 'new') return
    this.#context.now = now
    this.#departure.bracket(now, () => this.#parts.connect(now, patience))
  }

  /** Takes a packet that DTLS has authenticated. */
  handlePacket(now: Millis, packet: Uint8Array): void {
    this.#departure.enter()
    this.#context.now = now
    try {
      this.#parts.inbound.handlePacket(now, packet)
    } finally {
      this.#departure.leave(now)
    }
  }

  /** Does what is due. Early or needless calls are harmless. */
  handleTimeout(now: Millis): void {
    this.#departure.bracket(now, () => this.#parts.expire(now))
  }

  /**
   * Queues a message; it is copied. What is sent before the association stands waits for it.
   *
   * Throws {@link SctpError} `closed`, `invalid-stream`, `stream-resetting`, `empty-message`, `message-too-large` or
   * `send-buffer-full`.
   *
   * @param protocol the payload protocol identifier.
   */
  send(now: Millis, stream: number, protocol: number, message: Uint8Array, options?: SendOptions): void {
    this.#checkStream(stream)
    this.#departure.enter()
    try {
      this.#outbox.send(now, stream, protocol, message, options)
    } finally {
      this.#departure.leave(now)
    }
  }

  /**
   * Begins a message that is sent while it is written, of any size that the peer takes: neither end holds it whole. What
   * is sent on the stream afterwards follows it; other streams are not held up. It is reliable.
   *
   * Throws {@link SctpError} `closed`, `invalid-stream`, `stream-resetting` or `cannot-stream`.
   *
   * @param protocol the payload protocol identifier.
   */
  openMessage(
    now: Millis,
    stream: number,
    protocol: number,
    options?: Pick<SendOptions, 'unordered'>,
  ): MessageWriter {
    this.#checkStream(stream)
    const message = this.#outbox.open(now, stream, protocol, options?.unordered ?? false)
    return createMessageWriter(this.#outbox, this.#departure, message, () => isOpen(this.#context.state))
  }

  /**
   * Runs `action`, and only then sends: many small messages that are sent in it share packets.
   *
   * @example
   * association.batch(now, () => messages.forEach((message) => association.send(now, 0, 51, message)))
   */
  batch(now: Millis, action: () => void): void {
    this.#departure.bracket(now, action)
  }

  /** Like {@link SctpAssociation.batch} where the sends come one by one: nothing leaves until `uncork`, once for each. */
  cork(): void {
    this.#departure.enter()
  }

  uncork(now: Millis): void {
    this.#departure.leave(now)
  }

  /**
   * Counts bytes of messages that the host was given but does not use yet against the receive window, so that the peer
   * slows down: a positive number for more, a negative one when they are used.
   */
  holdReceived(now: Millis, bytes: number): void {
    this.#departure.bracket(now, () => this.#transfer.receiver?.lend(bytes))
  }

  /** Bytes queued on the stream that have not been sent yet. */
  bufferedAmount(stream: number): number {
    return this.#transfer.sender.queue.bufferedAmount(stream)
  }

  /**
   * Messages that partial reliability gave up: those of a stream since it last began anew, or without one those of all
   * streams. RFC 7496 §4.3.
   */
  abandonedMessages(stream?: number): Abandoned {
    const { abandoned } = this.#transfer.sender.queue
    return stream === undefined ? { ...abandoned.total } : { ...abandoned.of(stream) }
  }

  /** `host.bufferedAmountLow` is called when {@link SctpAssociation.bufferedAmount} falls to this. Default 0. */
  setBufferedAmountLowThreshold(stream: number, threshold: number): void {
    this.#transfer.sender.queue.stream(stream).lowThreshold = threshold
  }

  /** The stream's share where several have something to send: twice the weight gets twice the bytes. Default 256. */
  setWeight(stream: number, weight: number): void {
    this.#transfer.sender.queue.stream(stream).weight = Math.max(1, weight)
  }

  /**
   * Starts our side of the streams anew when all that is queued on them has been sent, RFC 6525. Until
   * `host.resetDone` nothing more can be sent on them. A message that is still being written is given up. Throws
   * {@link SctpError} `closed` unless connected.
   */
  resetStreams(now: Millis, streams: readonly number[]): void {
    if (!isOpen(this.#context.state) || !this.#transfer.receiver)
      throw new SctpError('closed', 'the association is not connected')
    const streamReset = this.#transfer.streamReset
    this.#departure.bracket(now, () => {
      this.#outbox.abortOpen(now, streams)
      if (streamReset) streamReset.reset(streams)
      else this.#host.resetDone(streams, false)
    })
  }

  /** Whether a reset of the stream is under way, so that nothing can be sent on it. */
  isResetting(stream: number): boolean {
    return this.#transfer.streamReset?.isResetting(stream) ?? false
  }

  /**
   * Takes a reset of ours for done because the peer uses the stream anew: its answer was lost or is late. False where
   * no request for the stream is under way.
   */
  assumeReset(stream: number): boolean {
    return this.#transfer.streamReset?.assumePerformed(stream) ?? false
  }

  /** Ends the association when all that is queued has arrived, RFC 9260 §9.2; what is still being written is given up. */
  shutdown(now: Millis): void {
    this.#departure.bracket(now, () => {
      this.#outbox.abortOpen(now, null)
      if (this.#context.state === 'established') this.#parts.shutdown.start()
      else if (!this.#transfer.receiver) this.abort(now, 'shut down before it was connected')
    })
  }

  /** Ends the association at once and tells the peer, RFC 9260 §9.1. */
  abort(now: Millis, reason = 'aborted'): void {
    this.#departure.bracket(now, () =>
      this.#context.abort(textCause(CauseCode.userInitiatedAbort, reason), {
        code: 'aborted',
        message: reason,
      }),
    )
  }

  #checkStream(stream: number): void {
    if (!isOpen(this.#context.state)) throw closedError()
    this.#outbox.checkStream(stream)
    if (this.isResetting(stream)) throw new SctpError('stream-resetting', `stream ${stream} is being reset`)
  }
}
