import type { Counters, Millis } from '@purertc/bytes'

import { checkPacketSize, type SctpConfig, type Settings, settle } from '../config.ts'
import { SctpError } from '../errors.ts'
import { Receiver, type ReceiverHost } from '../receive/receiver.ts'
import type { Abandoned } from '../send/abandoned-messages.ts'
import { Sender } from '../send/sender.ts'
import type { StreamedMessage } from '../send/streamed-message.ts'
import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import { CauseCode, textCause } from '../wire/error-cause.ts'
import type { InitChunk } from '../wire/init.ts'
import { Context, type Discard } from './context.ts'
import { type Agreement, Handshake } from './handshake.ts'
import type { SctpHost, SendOptions } from './host.ts'
import { Inbound } from './inbound.ts'
import type { MessageWriter } from './message-writer.ts'
import { randomNumbers, readExchangedInits } from './out-of-band-init.ts'
import { Outbox } from './outbox.ts'
import { PathMonitor } from '../path/path-monitor.ts'
import { PathMtu } from '../path/path-mtu.ts'
import { Shutdown } from './shutdown.ts'
import type { AssociationState } from './state.ts'
import { StreamReset } from './stream-reset.ts'

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
  readonly #handshake: Handshake
  readonly #path: PathMonitor
  readonly #pathMtu: PathMtu
  readonly #shutdown: Shutdown
  readonly #inbound: Inbound
  readonly #outbox: Outbox
  /** Exchanged by other means than packets. */
  readonly #inits: { readonly local: InitChunk; readonly remote: InitChunk } | null
  #sender: Sender
  #receiver: Receiver | undefined
  #streamReset: StreamReset | undefined
  #depth = 0
  /** When the packet at hand came. */
  #now = 0 as Millis

  /** Throws {@link SctpError} `invalid-config`. */
  constructor(config: SctpConfig, host: SctpHost) {
    const settings = settle(config)
    this.#settings = settings
    this.#host = host
    const newNumber = randomNumbers(settings)
    const inits = readExchangedInits(settings)
    this.#inits = inits
    const localTsn = inits?.local.initialTsn ?? Tsn.of(newNumber())
    this.#context = new Context(
      settings,
      (packet) => host.transmit(packet),
      (reason) => host.closed(reason),
    )
    this.#handshake = new Handshake(this.#context, localTsn, newNumber, {
      established: (now, agreement, restarted) => this.#established(now, agreement, restarted),
    })
    this.#path = new PathMonitor(this.#context, newNumber)
    this.#pathMtu = new PathMtu(this.#context, newNumber, (size, holdsChunk) =>
      this.#sender.packetSizeChanged(size, holdsChunk),
    )
    this.#shutdown = new Shutdown(this.#context, this.#path)
    this.#sender = this.#newSender(localTsn)
    this.#outbox = new Outbox(settings, this.#sender)
    this.#inbound = new Inbound(
      this.#context,
      this.#handshake,
      this.#path,
      this.#pathMtu,
      this.#shutdown,
      this.#sender,
    )
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
    return this.#sender.congestion.window
  }

  /** Bytes of incoming messages that wait for missing pieces. */
  get receiveBuffered(): number {
    return this.#receiver?.held ?? 0
  }

  /** The largest packet to send, in bytes: what the search has found so far, where there is one. */
  get mtu(): number {
    return this.#pathMtu.size
  }

  /** Holds the size of packets at this, and searches no more. Throws {@link SctpError} `invalid-config`. */
  set mtu(size: number) {
    checkPacketSize(size)
    this.#pathMtu.pathChanged(size, size, false)
  }

  /**
   * Another path carries the packets from now on: their size starts anew from the configured `mtu`, and is searched
   * for up to `maxMtu`. `largeChunks` is as in the configuration. Throws {@link SctpError} `invalid-config`.
   */
  pathChanged(maxMtu: number, largeChunks = false): void {
    checkPacketSize(maxMtu)
    this.#pathMtu.pathChanged(this.#settings.mtu, maxMtu, largeChunks)
  }

  /** The largest message that the peer takes, in bytes; 0 means any size (RFC 8841 §6.1). May be changed. */
  get remoteMaxMessageSize(): number {
    return this.#outbox.remoteMaxMessageSize
  }

  set remoteMaxMessageSize(size: number) {
    this.#outbox.remoteMaxMessageSize = size
  }

  /** Begins the handshake. An association that never calls this waits for the peer to begin. */
  connect(now: Millis): void {
    const inits = this.#inits
    if (this.#context.state !== 'new') return
    this.#now = now
    this.#bracket(now, () => {
      if (inits) this.#handshake.adopt(now, inits.local, inits.remote)
      else this.#handshake.start(now)
    })
  }

  /** Takes a packet that DTLS has authenticated. */
  handlePacket(now: Millis, packet: Uint8Array): void {
    this.#depth++
    this.#now = now
    try {
      this.#inbound.handlePacket(now, packet)
    } finally {
      this.#leave(now)
    }
  }

  /** Does what is due. Early or needless calls are harmless. */
  handleTimeout(now: Millis): void {
    this.#bracket(now, () => this.#expire(now))
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
    this.#depth++
    try {
      this.#outbox.send(now, stream, protocol, message, options)
    } finally {
      this.#leave(now)
    }
  }

  /** Whether {@link SctpAssociation.openMessage} works with this peer: messages are interleaved, and can be skipped. */
  get canStreamMessages(): boolean {
    return this.#sender.canStream
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
    return this.#writerOf(this.#outbox.open(now, stream, protocol, options?.unordered ?? false))
  }

  /**
   * Runs `action`, and only then sends: many small messages that are sent in it share packets.
   *
   * @example
   * association.batch(now, () => messages.forEach((message) => association.send(now, 0, 51, message)))
   */
  batch(now: Millis, action: () => void): void {
    this.#bracket(now, action)
  }

  /** The largest packet that the peer has said it takes, in bytes: stacks other than this one do not say, which is 0. */
  get peerLargestPacket(): number {
    return this.#pathMtu.peerLimit
  }

  /** Like {@link SctpAssociation.batch} where the sends come one by one: nothing leaves until `uncork`, once for each. */
  cork(): void {
    this.#depth++
  }

  uncork(now: Millis): void {
    this.#leave(now)
  }

  /**
   * Counts bytes of messages that the host was given but does not use yet against the receive window, so that the peer
   * slows down: a positive number for more, a negative one when they are used.
   */
  holdReceived(now: Millis, bytes: number): void {
    this.#bracket(now, () => this.#receiver?.lend(bytes))
  }

  /** Bytes queued on the stream that have not been sent yet. */
  bufferedAmount(stream: number): number {
    return this.#sender.queue.bufferedAmount(stream)
  }

  /**
   * Messages that partial reliability gave up: those of a stream since it last began anew, or without one those of all
   * streams. RFC 7496 §4.3.
   */
  abandonedMessages(stream?: number): Abandoned {
    const { abandoned } = this.#sender.queue
    return stream === undefined ? { ...abandoned.total } : { ...abandoned.of(stream) }
  }

  /** `host.bufferedAmountLow` is called when {@link SctpAssociation.bufferedAmount} falls to this. Default 0. */
  setBufferedAmountLowThreshold(stream: number, threshold: number): void {
    this.#sender.queue.stream(stream).lowThreshold = threshold
  }

  /** The stream's share where several have something to send: twice the weight gets twice the bytes. Default 256. */
  setWeight(stream: number, weight: number): void {
    this.#sender.queue.stream(stream).weight = Math.max(1, weight)
  }

  /** Whether messages are interleaved, RFC 8260; known once connected. */
  get isInterleaving(): boolean {
    return this.#receiver?.interleaves ?? false
  }

  /** Whether the peer can reset streams; known once connected. */
  get canResetStreams(): boolean {
    return this.#streamReset !== undefined
  }

  /**
   * Starts our side of the streams anew when all that is queued on them has been sent, RFC 6525. Until
   * `host.resetDone` nothing more can be sent on them. A message that is still being written is given up. Throws {@link SctpError} `closed` unless connected.
   */
  resetStreams(now: Millis, streams: readonly number[]): void {
    if (!this.#isOpen || !this.#receiver) throw new SctpError('closed', 'the association is not connected')
    const streamReset = this.#streamReset
    this.#bracket(now, () => {
      this.#outbox.abortOpen(now, streams)
      if (streamReset) streamReset.reset(streams)
      else this.#host.resetDone(streams, false)
    })
  }

  /** Whether a reset of the stream is under way, so that nothing can be sent on it. */
  isResetting(stream: number): boolean {
    return this.#streamReset?.isResetting(stream) ?? false
  }

  /**
   * Takes a reset of ours for done because the peer uses the stream anew: its answer was lost or is late. False where
   * no request for the stream is under way.
   */
  assumeReset(stream: number): boolean {
    return this.#streamReset?.assumePerformed(stream) ?? false
  }

  /** Ends the association when all that is queued has arrived, RFC 9260 §9.2; what is still being written is given up. */
  shutdown(now: Millis): void {
    this.#bracket(now, () => {
      this.#outbox.abortOpen(now, null)
      if (this.#context.state === 'established') this.#shutdown.start(now)
      else if (!this.#receiver) this.abort(now, 'shut down before it was connected')
    })
  }

  /** Ends the association at once and tells the peer, RFC 9260 §9.1. */
  abort(now: Millis, reason = 'aborted'): void {
    this.#bracket(now, () =>
      this.#context.abort(textCause(CauseCode.userInitiatedAbort, reason), {
        code: 'aborted',
        message: reason,
      }),
    )
  }

  get #isOpen(): boolean {
    const { state } = this.#context
    return state === 'new' || state === 'cookie-wait' || state === 'cookie-echoed' || state === 'established'
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new SctpError('closed', 'the association is closed or shutting down')
  }

  #checkStream(stream: number): void {
    this.#checkOpen()
    this.#outbox.checkStream(stream)
    if (this.isResetting(stream)) throw new SctpError('stream-resetting', `stream ${stream} is being reset`)
  }

  #writerOf(message: StreamedMessage): MessageWriter {
    return {
      write: (now, bytes) => {
        this.#checkOpen()
        this.#bracket(now, () => this.#outbox.write(now, message, bytes))
      },
      end: (now, empty) => {
        this.#checkOpen()
        this.#bracket(now, () => this.#outbox.end(now, message, empty))
      },
      abort: (now) => {
        if (this.#isOpen) this.#bracket(now, () => this.#outbox.abort(now, message))
      },
    }
  }

  #established(now: Millis, agreement: Agreement, restarted: boolean): void {
    if (restarted) {
      this.#context.deadlines.disarmAll()
      this.#sender = this.#newSender(agreement.localTsn)
      this.#outbox.restart(this.#sender)
      this.#pathMtu.restart()
    }
    const interleaves = this.#settings.interleaving && agreement.peerInterleaves
    this.#sender.start(agreement.peerWindow, agreement.peerForwardsTsn, interleaves)
    this.#context.output.packet.omitsChecksum = this.#settings.zeroChecksum && agreement.peerTakesZeroChecksum
    this.#pathMtu.peerTakes(agreement.peerLargestPacket)
    this.#outbox.streams = Math.min(this.#settings.streams, agreement.peerInboundStreams)
    this.#receiver = new Receiver(
      this.#settings,
      this.#context.deadlines,
      agreement.peerTsn,
      interleaves,
      this.#receiverHost(),
    )
    this.#streamReset = agreement.peerResetsStreams ? this.#newStreamReset(agreement) : undefined
    this.#inbound.attach(this.#sender, this.#receiver, this.#streamReset)
    this.#path.start(now)
    if (restarted) this.#host.restarted()
    else this.#host.connected()
  }

  /** A host that has closed the association wants no more of it. */
  #receiverHost(): ReceiverHost {
    const host = this.#host
    const isWanted = (): boolean => this.#context.state !== 'closed'
    return {
      message: (stream, protocol, message) => {
        if (isWanted()) host.received(this.#now, stream, protocol, message)
      },
      part: (stream, protocol, bytes, isLast) => {
        if (isWanted()) host.receivedPart?.(this.#now, stream, protocol, bytes, isLast)
      },
      broken: (stream) => {
        if (isWanted()) host.messageBroken?.(this.#now, stream)
      },
    }
  }

  #newSender(localTsn: Tsn): Sender {
    return new Sender(this.#settings, this.#context.deadlines, this.#context.roundTrip, localTsn)
  }

  #newStreamReset(agreement: Agreement): StreamReset {
    const receiver = this.#receiver
    const sender = this.#sender
    return new StreamReset(this.#context, this.#path, sender.queue, agreement.localTsn, agreement.peerTsn, {
      lastAssignedTsn: () => sender.lastAssignedTsn,
      cumulativeTsn: () => receiver?.cumulativeTsn ?? agreement.peerTsn,
      incomingReset: (streams) => {
        receiver?.resetStreams(streams)
        this.#host.streamsReset(streams)
      },
      outgoingResetDone: (streams, performed) => this.#host.resetDone(streams, performed),
    })
  }

  #expire(now: Millis): void {
    const { deadlines } = this.#context
    const cumulativeTsn = this.#receiver?.cumulativeTsn ?? (0 as Tsn)
    if (deadlines.take(Timer.t1, now)) this.#handshake.handleT1(now)
    if (deadlines.take(Timer.t2, now)) this.#shutdown.handleT2(now, cumulativeTsn)
    if (deadlines.take(Timer.t3, now) && this.#sender.handleT3(now)) {
      this.#path.failed()
      if (this.#context.state !== 'closed') this.#pathMtu.suspect(now)
    }
    if (deadlines.take(Timer.reordering, now)) this.#sender.handleReordering(now)
    if (deadlines.take(Timer.tailProbe, now)) this.#sender.handleTailProbe(now)
    deadlines.take(Timer.pacing, now)
    if (deadlines.take(Timer.t5, now)) this.#shutdown.handleT5()
    if (deadlines.take(Timer.delayedSack, now)) this.#receiver?.handleDelayedSack()
    if (deadlines.take(Timer.heartbeat, now)) this.#path.handleTimeout(now)
    if (deadlines.take(Timer.packetSize, now)) this.#pathMtu.handleTimeout(now)
    if (deadlines.take(Timer.reConfig, now)) this.#streamReset?.handleTimeout()
  }

  #bracket(now: Millis, action: () => void): void {
    this.#depth++
    try {
      action()
    } finally {
      this.#leave(now)
    }
  }

  /** What was sent inside a host callback leaves with the outermost call, so DATA and SACK share a packet. */
  #leave(now: Millis): void {
    try {
      while (this.#depth === 1) {
        this.#produce(now)
        const low = this.#sender.queue.takeLow()
        if (low) for (const stream of low) this.#host.bufferedAmountLow(stream)
        else if (!this.#context.output.isPending) break
      }
    } finally {
      this.#depth--
    }
  }

  #produce(now: Millis): void {
    const { output } = this.#context
    if (this.#receiver) this.#considerPacketSize(now)
    output.begin()
    if (this.#receiver && this.#context.state !== 'closed') {
      const { packet } = output
      if (this.#receiver.isSackDue || (this.#receiver.isSackPending && this.#sender.wantsToSend(now)))
        this.#receiver.writeSack(packet)
      this.#sender.produce(now, packet)
      // Streams and the association may end once their last message is on its way.
      this.#streamReset?.produce(now)
      if (this.#context.state !== 'established' && this.#sender.isDrained)
        this.#shutdown.drained(now, this.#receiver.cumulativeTsn)
      output.begin()
    }
    output.packet.flush()
  }

  #considerPacketSize(now: Millis): void {
    if (this.#context.state === 'closed') return
    if (this.#sender.takeDoubt()) this.#pathMtu.suspect(now)
    else if (this.#pathMtu.isIdle && this.#sender.queue.queuedBytes > worthSearching * this.#settings.mtu)
      this.#pathMtu.begin(now)
  }
}

/** So many packets' worth of data, and larger packets are worth the search. */
const worthSearching = 4
