import { Counters, Millis, Reader } from '@purertc/bytes'
import type { KeyExchange } from '@purertc/crypto'

import { type DtlsConfig, maxMtu, minMtu, resolveConfig, type ResolvedConfig } from './config.ts'
import { ConnectionIds } from './connection-id/connection-ids.ts'
import { HelloGate } from './cookie/hello-gate.ts'
import type { Discard } from './discard.ts'
import { createKeyShares } from './dtls13/client/client-offer.ts'
import { type Dtls13Host, Handshake as Dtls13Handshake } from './dtls13/handshake.ts'
import { Epoch } from './dtls13/handshake-state.ts'
import type { ConnectionIdUsage } from './dtls13/messages/new-connection-id.ts'
import { DtlsError, PeerMisbehaved } from './errors.ts'
import { Handshake, type HandshakeHost } from './handshake/handshake.ts'
import type { HandshakeMachine } from './handshake/handshake-machine.ts'
import type { CloseReason, DtlsHost } from './host.ts'
import { Mobility } from './path/mobility.ts'
import type { ResumableSession } from './resumption/resumable-session.ts'
import type { DtlsSession } from './session.ts'
import { type Alert, AlertDescription, AlertLevel, alertName, encodeAlert } from './protocol/alert.ts'
import { closeNotify, isFinal, isKnownLevel, tryDecodeAlert } from './protocol/alert-rules.ts'
import { ContentType } from './protocol/content-type.ts'
import { SuspectedAlert } from './protocol/suspected-alert.ts'
import { isDtlsVersion } from './protocol/protocol-version.ts'
import { Unopened } from './record/inbound-epoch.ts'
import { InboundRecords } from './record/inbound-records.ts'
import { Outbox } from './record/outbox.ts'
import { RecordSizes } from './record/record-sizes.ts'
import { RecordWriter } from './record/record-writer.ts'

/** `failed`: it ended by a fault, ours or the peer's or the network's. `closed`: one of the two closed it. */
export type AssociationState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed'

/**
 * One end of a DTLS association, of version 1.3 (RFC 9147) or 1.2 (RFC 6347): a synchronous machine without socket, clock or randomness of its own.
 * Datagrams go in by {@link DtlsAssociation.handleDatagram}, time by {@link DtlsAssociation.handleTimeout}; what comes
 * out are calls on the host.
 *
 * Each record leaves in a datagram of its own as soon as it is made, since there is nothing to bundle it with: what a
 * callback sends is on its way when the callback goes on.
 *
 * @example
 * const client = new DtlsAssociation(
 *   { role: 'client', crypto: nodeCrypto, certificate, verify: { fingerprints: [peerFingerprint] } },
 *   {
 *     transmit: (datagram) => socket.send(datagram),
 *     connected: () => client.send(now(), toUtf8('hello')),
 *     received: (_now, data) => console.log(fromUtf8(data)),
 *     closed: (reason) => console.log(reason.kind),
 *   },
 * )
 * client.connect(now())
 */
export class DtlsAssociation {
  /** What was dropped, by reason. */
  readonly discarded: Counters<Discard> = new Counters()
  readonly #config: ResolvedConfig
  readonly #host: DtlsHost
  readonly #sizes = new RecordSizes()
  readonly #records = new RecordWriter(this.#sizes)
  readonly #ids: ConnectionIds
  readonly #inbound: InboundRecords
  readonly #outbox: Outbox
  readonly #mobility: Mobility
  #handshakeEnd = Millis(Infinity)
  /** The driver of one version; both begin with that of 1.2, which hands over to that of 1.3. */
  #handshake: HandshakeMachine
  /** What the host is told of when the machine has come to rest. */
  readonly #resumables: ResumableSession[] = []
  /** Guards a server until its client has returned a cookie. */
  #gate: HelloGate | null
  /** A client's driver of 1.2 until it starts; then what is left of it is up to the driver of the version. */
  #unstarted: Handshake | null
  /** A client's, where they were made before they were needed. */
  #keyShares: readonly KeyExchange[] | undefined
  #state: AssociationState = 'new'
  readonly #suspected = new SuspectedAlert()
  #content = new Uint8Array(initialScratch)
  #isContentLent = false

  /** Throws {@link DtlsError} `invalid-config`. */
  constructor(config: DtlsConfig, host: DtlsHost) {
    this.#host = host
    const resolved = resolveConfig(config, host.resumable !== undefined)
    this.#gate = resolved.role === 'server' && resolved.cookie === 'required' ? new HelloGate(config) : null
    this.#config = { ...resolved, gate: this.#gate ?? resolved.gate }
    this.#ids = new ConnectionIds(resolved.connectionIds)
    this.#inbound = new InboundRecords(this.#ids)
    this.#outbox = new Outbox(this.#records, (datagram, isHandshake, path) =>
      host.transmit(datagram, isHandshake, path ?? this.#mobility.path),
    )
    this.#mobility = new Mobility(this.#config, this.#ids, this.#records, this.#outbox, host)
    const handshake = new Handshake(this.#config, this.#handshakeHost())
    this.#handshake = handshake
    this.#unstarted = resolved.role === 'client' ? handshake : null
  }

  get state(): AssociationState {
    return this.#state
  }

  /** When {@link DtlsAssociation.handleTimeout} is to be called; `Infinity` when nothing is armed. */
  get nextTimeout(): Millis {
    return Millis(
      Math.min(
        this.#handshakeEnd,
        this.#suspected.deadline,
        this.#handshake.deadline,
        this.#mobility.deadline,
      ),
    )
  }

  /** Where the peer is: a server's `clientAddress` to begin with, then what it moved to. */
  get path(): string {
    return this.#mobility.path
  }

  /**
   * Makes the key shares of a client's first flight, which take longer than all else of it: `connect` is quicker if this
   * was called before, while there was nothing else to do.
   */
  prepare(): void {
    if (this.#unstarted !== null) this.#keyShares ??= createKeyShares(this.#config)
  }

  /** Whether the peer knows our records by a connection ID, wherever they come from. */
  get sendsConnectionId(): boolean {
    return this.#ids.outgoing.length > 0
  }

  /** Bytes that {@link DtlsAssociation.send} takes: 16,384, or what the peer has set (RFC 8449). */
  get maxMessageSize(): number {
    return this.#sizes.outgoing
  }

  /** Starts the handshake: a client sends its ClientHello, a server gives its client `handshakeTimeout` from now. */
  connect(now: Millis): void {
    if (this.#state !== 'new') return
    this.#begin(now)
    this.#unstarted?.start(now, this.#keyShares)
    this.#unstarted = null
    this.#keyShares = undefined
    this.#mobility.tellIds()
    this.#outbox.flush()
  }

  /**
   * Takes a datagram from the peer; borrowed. Whatever it holds, this does not throw. `path` is a name of the host's for
   * where it came from and where an answer would go; without it, it is taken for the one that the peer is on.
   */
  handleDatagram(now: Millis, datagram: Uint8Array, path: string = this.#mobility.path): void {
    if (!this.#isOver && this.#gate !== null && !this.#passGate(this.#gate, now, datagram)) return
    const records = this.#inbound
    records.expire(now)
    let at = 0
    while (at < datagram.length) {
      if (this.#isOver) {
        this.discarded.count('closed')
        return
      }
      // What follows a record that is cut off cannot be found: RFC 6347 §4.1.2.7, invalid records are discarded.
      if (!records.read(datagram, at)) {
        this.discarded.count('malformed-record')
        return
      }
      at = records.end
      if (!this.#handleRecord(now, datagram, path)) return
    }
  }

  /**
   * Sends application data as one record in one datagram; borrowed. It waits while it is being found out where the peer
   * is. Throws {@link DtlsError} `not-connected` before the handshake completed and after the end, `too-large` for more
   * than {@link DtlsAssociation.maxMessageSize}.
   */
  send(now: Millis, data: Uint8Array): void {
    this.#expectConnected()
    if (data.length > this.maxMessageSize)
      throw new DtlsError('too-large', `a record carries at most ${this.maxMessageSize} bytes`)
    if (!this.#mobility.hold(data)) this.#sendData(now, data)
  }

  /**
   * New keys for what we send, and for what the peer sends where `requestPeer` is true: a KeyUpdate of DTLS 1.3. It
   * happens by itself before a key has protected more than it may. False in DTLS 1.2, which knows no such thing, and
   * where no more epochs are left.
   * Throws {@link DtlsError} `not-connected`.
   */
  updateKeys(now: Millis, requestPeer = false): boolean {
    this.#expectConnected()
    const isDone = this.#handshake.updateKeys(now, requestPeer)
    this.#outbox.flush()
    return isDone
  }

  /**
   * Asks the peer for so many (1 to 255) connection IDs in reserve, which our records carry after a change of paths, so
   * that nobody recognises us by them (RFC 9147 §9). False in DTLS 1.2, where the peer wants none in our records, and
   * while an earlier request is unanswered. Throws {@link DtlsError} `not-connected`.
   */
  requestConnectionIds(now: Millis, count: number): boolean {
    this.#expectConnected()
    const isDone = this.#handshake.requestConnectionIds(now, count)
    this.#outbox.flush()
    return isDone
  }

  /**
   * Gives the peer so many more of our connection IDs, in reserve or to be used at once; fewer where it has many. False
   * in DTLS 1.2, and where its records carry none. Throws {@link DtlsError} `not-connected`.
   */
  issueConnectionIds(now: Millis, count: number, usage: ConnectionIdUsage = 'spare'): boolean {
    this.#expectConnected()
    const isDone = this.#handshake.issueConnectionIds(now, count, usage)
    this.#mobility.tellIds()
    this.#outbox.flush()
    return isDone
  }

  /**
   * We take another path to the peer from now on, with another of its connection IDs if it has given us some. If it asks
   * for us on the former path it is told that we left. Throws {@link DtlsError} `not-connected`.
   */
  changePath(now: Millis, path: string): void {
    this.#expectConnected()
    this.#mobility.changePath(path)
    this.#settlePath(now)
  }

  /** Tells the peer by close_notify and ends the association at once. */
  close(now: Millis): void {
    if (this.#isOver) return
    if (this.#state !== 'connected') this.#outbox.clear()
    for (const message of this.#mobility.release()) this.#sendData(now, message)
    const hasPeer = this.#handshake.isUnderWay || this.#state === 'connected'
    this.#end('closed', { kind: 'local' }, hasPeer ? closeNotify : null)
  }

  /**
   * The path takes datagrams of this size from now on: what of the handshake is sent, or sent again, keeps to it. At
   * least 100 bytes; less counts as that.
   */
  setMtu(bytes: number): void {
    this.#handshake.setMtu(Math.min(Math.max(bytes, minMtu), maxMtu))
  }

  /**
   * Milliseconds until a flight is sent again for the first time, as soon as the round-trip time is known better than
   * when the association was made. Holds for a flight that is waiting as well: look at `nextTimeout` again. Throws
   * {@link DtlsError} `invalid-argument`.
   */
  setRetransmitTimeout(milliseconds: number): void {
    if (!(milliseconds > 0)) throw new DtlsError('invalid-argument', 'a timeout must be positive')
    this.#handshake.setRetransmitTimeout(milliseconds)
  }

  handleTimeout(now: Millis): void {
    if (this.#isOver) return
    const isTimeUp = this.#handshakeEnd <= now
    const { alert, deadline } = this.#suspected
    if (alert !== null && (deadline <= now || isTimeUp)) this.#endByAlert(alert, false)
    else if (isTimeUp) this.#end('failed', { kind: 'handshake-timeout' })
    else if (this.#handshake.expire(now)) this.#settlePath(now)
    else this.#end('failed', { kind: 'handshake-timeout' })
  }

  get #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed'
  }

  #handshakeHost(): HandshakeHost & Dtls13Host {
    const host: HandshakeHost & Dtls13Host = {
      records: this.#records,
      connectionIds: this.#ids,
      recordSizes: this.#sizes,
      discarded: this.discarded,
      transmit: (datagram) => this.#outbox.push(datagram),
      expectProtected: (protection) => this.#inbound.expectProtected(protection),
      expectEpoch: (epoch) => this.#inbound.expectEpoch(epoch),
      handOver: (now, estate) => {
        const handshake = new Dtls13Handshake(this.#config, host, estate)
        this.#handshake = handshake
        handshake.begin(now, estate)
      },
      resumable: (session) => this.#resumables.push(session),
      acknowledge: (content) => this.#outbox.pushRecord(ContentType.ack, content),
    }
    return host
  }

  #begin(now: Millis): void {
    this.#state = 'connecting'
    this.#handshakeEnd = Millis(now + this.#config.handshakeTimeout)
  }

  #passGate(gate: HelloGate, now: Millis, datagram: Uint8Array): boolean {
    const verdict = gate.examine(now, this.#config.clientAddress, datagram)
    if (verdict === 'accept') this.#gate = null
    else if (verdict === 'drop') this.discarded.count('no-cookie')
    else this.#host.transmit(verdict, true, this.#config.clientAddress)
    return verdict === 'accept'
  }

  /** False where nothing of the datagram counts that is behind the record. */
  #handleRecord(now: Millis, datagram: Uint8Array, path: string): boolean {
    const fate = this.#inbound.fate()
    if (fate === 'protected') this.#handleProtected(now, datagram, path)
    else if (fate === 'clear') this.#handlePlaintext(now, datagram)
    else if (fate !== 'early') this.discarded.count(fate)
    // Nobody sends under new keys before we have acknowledged the change: after the handshake there is nothing to wait for.
    else if (this.#state !== 'connecting' || !this.#inbound.keep(datagram))
      this.discarded.count('early-record')
    // RFC 9147 §9: a datagram is for one association.
    return fate !== 'wrong-connection-id'
  }

  /** Anybody can write these: none of them is believed once the handshake is complete. */
  #handlePlaintext(now: Millis, datagram: Uint8Array): void {
    const { contentType, sequence, start, end, version } = this.#inbound
    if (this.#state === 'connected') this.discarded.count('plaintext')
    else if (!isDtlsVersion(version)) this.discarded.count('wrong-version')
    else if (contentType === ContentType.handshake)
      this.#drive(now, () => this.#handshake.receive(now, 0, sequence, new Reader(datagram, start, end)))
    else if (contentType === ContentType.ack)
      this.#drive(now, () => this.#handshake.receiveAck(now, 0, new Reader(datagram, start, end)))
    else if (contentType === ContentType.alert) this.#suspect(now, new Reader(datagram, start, end))
    else if (contentType === ContentType.changeCipherSpec) {
      // Carries no news: a record of the next epoch says as much, and Finished proves it.
      if (end - start !== 1 || datagram[start] !== 1) this.discarded.count('malformed-content')
    } else if (contentType === ContentType.applicationData) this.discarded.count('early-data')
    else this.discarded.count('unknown-content')
  }

  #handleProtected(now: Millis, datagram: Uint8Array, path: string): void {
    const inbound = this.#inbound
    const content = this.#borrowContent(inbound.length)
    const length = inbound.open(datagram, content)
    if (length === Unopened.replayed) this.discarded.count('replayed')
    else if (length === Unopened.forged) this.#countForgery(now)
    else if (length > this.#sizes.incoming)
      this.#fail(new PeerMisbehaved('record-overflow', `a record of ${length} bytes`))
    else {
      if (this.#state === 'connected') this.#mobility.observe(now, path, inbound, datagram.length)
      else this.#mobility.startAt(path)
      this.#handleContent(now, content, length, path)
      this.#settlePath(now)
    }
  }

  /** What became of the peer's path is told last. */
  #settlePath(now: Millis): void {
    if (this.#isOver) return
    for (const message of this.#mobility.settle(now))
      if (this.#state === 'connected') this.#sendData(now, message)
    this.#outbox.flush()
  }

  /** The record is authentic. */
  #handleContent(now: Millis, content: Uint8Array, length: number, path: string): void {
    const inbound = this.#inbound
    const isData = inbound.contentType === ContentType.applicationData
    // Epoch 2 is for the handshake alone.
    if (!isData || (inbound.isDtls13 && inbound.epoch === Epoch.handshake))
      this.#handleControl(now, new Reader(content, 0, length), path)
    else if (this.#state === 'connected') this.#deliver(now, content, length)
    else this.discarded.count('early-data')
  }

  #handleControl(now: Millis, reader: Reader, path: string): void {
    const { contentType, epoch, sequence, isDtls13 } = this.#inbound
    if (contentType === ContentType.handshake)
      this.#drive(now, () => this.#handshake.receive(now, epoch, sequence, reader))
    else if (contentType === ContentType.alert) this.#handleAlert(reader)
    else if (contentType === ContentType.ack && isDtls13)
      this.#drive(now, () => this.#handshake.receiveAck(now, epoch, reader))
    else if (contentType !== ContentType.returnRoutabilityCheck || !this.#ids.isCheckNegotiated)
      this.#fail(new PeerMisbehaved('unexpected-message', `a protected record of type ${contentType}`))
    else if (this.#state !== 'connected') this.discarded.count('early-data')
    else this.#drive(now, () => this.#mobility.receive(now, reader, path))
  }

  #deliver(now: Millis, content: Uint8Array, length: number): void {
    this.#handshake.dataArrived()
    const wasLent = this.#isContentLent
    this.#isContentLent = true
    try {
      this.#host.received(now, content.subarray(0, length))
    } finally {
      this.#isContentLent = wasLent
    }
  }

  /** Has the handshake take something, and looks what has become of it. */
  #drive(now: Millis, action: () => void): void {
    const { progress, session } = this.#handshake
    try {
      action()
    } catch (error) {
      if (!(error instanceof PeerMisbehaved)) throw error
      this.#fail(error)
      return
    }
    const handshake = this.#handshake
    if (this.#state === 'new' && handshake.isUnderWay) this.#begin(now)
    if (handshake.progress !== progress) this.#suspected.forget()
    this.#mobility.tellIds()
    if (session === null && handshake.session !== null) this.#complete(handshake.session)
    else this.#outbox.flush()
    for (const record of this.#inbound.takeEarly()) this.handleDatagram(now, record)
    this.#tellResumables()
  }

  #tellResumables(): void {
    for (let next = this.#resumables.shift(); next !== undefined; next = this.#resumables.shift())
      if (!this.#isOver) this.#host.resumable?.(next)
  }

  #complete(session: DtlsSession): void {
    this.#state = 'connected'
    this.#disarm()
    // Told first, since the peer may answer what leaves with data. What the host sends comes after the flight.
    this.#host.connected(session)
    if (session.resumable !== null) this.#resumables.push(session.resumable)
    this.#tellResumables()
    this.#outbox.flush()
  }

  #suspect(now: Millis, reader: Reader): void {
    const { isUnderWay } = this.#handshake
    const discard = this.#suspected.note(now, reader, isUnderWay, 2 * this.#config.retransmitTimeout)
    if (discard !== null) this.discarded.count(discard)
  }

  #disarm(): void {
    this.#handshakeEnd = Millis(Infinity)
    this.#suspected.forget()
  }

  #handleAlert(reader: Reader): void {
    const alert = tryDecodeAlert(reader)
    if (alert === null) this.#fail(new PeerMisbehaved('decode', 'malformed alert'))
    else if (!isKnownLevel(alert))
      this.#fail(new PeerMisbehaved('illegal-parameter', `an alert of level ${alert.level}`))
    else if (!isFinal(alert, this.#inbound.isDtls13)) this.discarded.count('warning')
    else this.#endByAlert(alert, true)
  }

  /** RFC 9147 §4.5.3: in good time the peer is asked for other keys; at the limit it is over. */
  #countForgery(now: Millis): void {
    this.discarded.count('forged')
    const { forged, forgeryLimit } = this.#inbound
    if (forged >= forgeryLimit) this.#end('failed', { kind: 'record-limit' })
    else if (forged === forgeryLimit / 2 && this.#state === 'connected') this.updateKeys(now, true)
  }

  #endByAlert({ description }: Alert, authenticated: boolean): void {
    if (description !== AlertDescription.closeNotify)
      this.#end('failed', { kind: 'alert', description, name: alertName(description), authenticated })
    // RFC 5246 §7.2.1: answered by a close_notify of our own, and then it is over.
    else this.#end('closed', { kind: 'close-notify' }, authenticated ? closeNotify : null)
  }

  #fail(error: PeerMisbehaved): void {
    this.#end(
      'failed',
      { kind: 'peer-misbehaved', error },
      { level: AlertLevel.fatal, description: error.alert },
    )
  }

  #sendData(now: Millis, data: Uint8Array): void {
    if (this.#records.isWorn) this.updateKeys(now)
    if (this.#records.hasRoom) this.#outbox.send(ContentType.applicationData, data)
    else this.#end('failed', { kind: 'record-limit' }, closeNotify)
  }

  #expectConnected(): void {
    if (this.#state !== 'connected') throw new DtlsError('not-connected', `the association is ${this.#state}`)
  }

  #borrowContent(size: number): Uint8Array {
    if (this.#isContentLent) return new Uint8Array(size)
    if (this.#content.length < size) this.#content = new Uint8Array(size)
    return this.#content
  }

  #end(state: 'closed' | 'failed', reason: CloseReason, farewell: Alert | null = null): void {
    if (this.#isOver) return
    this.#state = state
    this.#disarm()
    this.#handshake.stop()
    this.#inbound.clear()
    this.#mobility.stop()
    if (farewell !== null) this.#outbox.send(ContentType.alert, encodeAlert(farewell))
    this.#host.closed(reason)
  }
}

/** Enough for a record in an ordinary datagram; grows for larger ones. */
const initialScratch = 1_500
