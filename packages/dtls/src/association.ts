import { Counters, Deadlines, DecodeError, Millis, Reader } from '@purertc/bytes'

import { type DtlsConfig, maxMtu, minMtu, resolveConfig, type ResolvedConfig } from './config.ts'
import { HelloGate } from './cookie/hello-gate.ts'
import type { Discard } from './discard.ts'
import { type Dtls13Host, Handshake as Dtls13Handshake } from './dtls13/handshake.ts'
import { Epoch } from './dtls13/handshake-state.ts'
import { DtlsError, PeerMisbehaved } from './errors.ts'
import { Handshake, type HandshakeHost } from './handshake/handshake.ts'
import type { HandshakeMachine } from './handshake/handshake-machine.ts'
import type { CloseReason, DtlsHost } from './host.ts'
import type { DtlsSession } from './session.ts'
import {
  type Alert,
  AlertDescription,
  AlertLevel,
  alertName,
  decodeAlert,
  encodeAlert,
} from './protocol/alert.ts'
import { ContentType } from './protocol/content-type.ts'
import { isDtlsVersion } from './protocol/protocol-version.ts'
import { Unopened } from './record/inbound-epoch.ts'
import { InboundRecords } from './record/inbound-records.ts'
import { maxContentLength } from './record/record-header.ts'
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
  readonly #records = new RecordWriter()
  readonly #inbound = new InboundRecords()
  readonly #deadlines = new Deadlines(timerCount)
  /** The driver of one version; both begin with that of 1.2, which hands over to that of 1.3. */
  #handshake: HandshakeMachine
  /** Datagrams of the handshake, which leave when the machine has come to rest. */
  readonly #outbox: Uint8Array[] = []
  /** Guards a server until its client has returned a cookie. */
  #gate: HelloGate | null
  readonly #start: (now: Millis) => void
  #state: AssociationState = 'new'
  /** A fatal alert in the clear, which anybody can send: believed if the peer goes silent. */
  #suspectedAlert: Alert | null = null
  #content = new Uint8Array(initialScratch)
  #outgoing = new Uint8Array(initialScratch)
  #isContentLent = false
  #isOutgoingLent = false

  /** Throws {@link DtlsError} `invalid-config`. */
  constructor(config: DtlsConfig, host: DtlsHost) {
    this.#host = host
    const resolved = resolveConfig(config, host.resumable !== undefined)
    this.#gate = resolved.role === 'server' && resolved.cookie === 'required' ? new HelloGate(config) : null
    this.#config = { ...resolved, gate: this.#gate ?? resolved.gate }
    const handshake = new Handshake(this.#config, this.#handshakeHost())
    this.#handshake = handshake
    this.#start = (now) => handshake.start(now)
  }

  get state(): AssociationState {
    return this.#state
  }

  /** When {@link DtlsAssociation.handleTimeout} is to be called; `Infinity` when nothing is armed. */
  get nextTimeout(): Millis {
    return Millis(Math.min(this.#deadlines.earliest, this.#handshake.deadline))
  }

  /** Starts the handshake: a client sends its ClientHello, a server gives its client `handshakeTimeout` from now. */
  connect(now: Millis): void {
    if (this.#state !== 'new') return
    this.#begin(now)
    if (this.#config.role === 'client') this.#start(now)
    this.#flush()
  }

  /** Takes a datagram from the peer; borrowed. Whatever it holds, this does not throw. */
  handleDatagram(now: Millis, datagram: Uint8Array): void {
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
      this.#handleRecord(now, datagram)
    }
  }

  /**
   * Sends application data as one record in one datagram; borrowed. Throws {@link DtlsError} `not-connected` before
   * the handshake completed and after the end, `too-large` for more than 16,384 bytes.
   */
  send(now: Millis, data: Uint8Array): void {
    if (this.#state !== 'connected') throw new DtlsError('not-connected', `the association is ${this.#state}`)
    if (data.length > maxContentLength)
      throw new DtlsError('too-large', `a record carries at most ${maxContentLength} bytes`)
    if (this.#records.isWorn) this.updateKeys(now)
    if (this.#records.hasRoom) this.#sendRecord(ContentType.applicationData, data)
    else this.#end('failed', { kind: 'record-limit' }, closeNotify)
  }

  /**
   * New keys for what we send, and for what the peer sends where `requestPeer` is true: a KeyUpdate of DTLS 1.3. It
   * happens by itself before a key has protected more than it may. False in DTLS 1.2, which knows no such thing, and
   * where no more epochs are left.
   * Throws {@link DtlsError} `not-connected`.
   */
  updateKeys(now: Millis, requestPeer = false): boolean {
    if (this.#state !== 'connected') throw new DtlsError('not-connected', `the association is ${this.#state}`)
    const isDone = this.#handshake.updateKeys(now, requestPeer)
    this.#flush()
    return isDone
  }

  /** Tells the peer by close_notify and ends the association at once. */
  close(_now: Millis): void {
    if (this.#isOver) return
    if (this.#state !== 'connected') this.#outbox.length = 0
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
    const isAlertConfirmed = this.#deadlines.take(Timer.suspectedAlert, now)
    const isTimeUp = this.#deadlines.take(Timer.handshake, now)
    if (this.#suspectedAlert !== null && (isAlertConfirmed || isTimeUp))
      this.#endByAlert(this.#suspectedAlert, false)
    else if (isTimeUp) this.#end('failed', { kind: 'handshake-timeout' })
    else if (this.#handshake.expire(now)) this.#flush()
    else this.#end('failed', { kind: 'handshake-timeout' })
  }

  get #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed'
  }

  #handshakeHost(): HandshakeHost & Dtls13Host {
    const host: HandshakeHost & Dtls13Host = {
      records: this.#records,
      discarded: this.discarded,
      transmit: (datagram) => this.#outbox.push(datagram),
      expectProtected: (protection) => this.#inbound.expectProtected(protection),
      expectEpoch: (epoch) => this.#inbound.expectEpoch(epoch),
      handOver: (now, estate) => {
        const handshake = new Dtls13Handshake(this.#config, host, estate)
        this.#handshake = handshake
        handshake.begin(now, estate)
      },
      acknowledge: (content) => {
        const datagram = new Uint8Array(content.length + this.#records.overhead())
        this.#records.write(ContentType.ack, content, datagram, 0)
        this.#outbox.push(datagram)
      },
    }
    return host
  }

  #begin(now: Millis): void {
    this.#state = 'connecting'
    this.#deadlines.arm(Timer.handshake, Millis(now + this.#config.handshakeTimeout))
  }

  #passGate(gate: HelloGate, now: Millis, datagram: Uint8Array): boolean {
    const verdict = gate.examine(now, this.#config.clientAddress, datagram)
    if (verdict === 'accept') this.#gate = null
    else if (verdict === 'drop') this.discarded.count('no-cookie')
    else this.#host.transmit(verdict, true)
    return verdict === 'accept'
  }

  #handleRecord(now: Millis, datagram: Uint8Array): void {
    const fate = this.#inbound.fate()
    if (fate === 'protected') this.#handleProtected(now, datagram)
    else if (fate === 'clear') this.#handlePlaintext(now, datagram)
    else if (fate !== 'early') this.discarded.count(fate)
    else if (this.#state === 'new' || !this.#inbound.keep(datagram)) this.discarded.count('early-record')
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
    else if (contentType === ContentType.alert) this.#suspectAlert(now, new Reader(datagram, start, end))
    else if (contentType === ContentType.changeCipherSpec) {
      // Carries no news: a record of the next epoch says as much, and Finished proves it.
      if (end - start !== 1 || datagram[start] !== 1) this.discarded.count('malformed-content')
    } else if (contentType === ContentType.applicationData) this.discarded.count('early-data')
    else this.discarded.count('unknown-content')
  }

  #handleProtected(now: Millis, datagram: Uint8Array): void {
    const inbound = this.#inbound
    const content = this.#borrowContent(inbound.length)
    const length = inbound.open(datagram, content)
    if (length === Unopened.replayed) this.discarded.count('replayed')
    else if (length === Unopened.forged) this.#countForgery(now)
    else if (length > maxContentLength)
      this.#fail(new PeerMisbehaved('record-overflow', `a record of ${length} bytes`))
    else this.#handleContent(now, content, length)
  }

  /** The record is authentic. */
  #handleContent(now: Millis, content: Uint8Array, length: number): void {
    const inbound = this.#inbound
    const isData = inbound.contentType === ContentType.applicationData
    // Epoch 2 is for the handshake alone.
    if (!isData || (inbound.isDtls13 && inbound.epoch === Epoch.handshake))
      this.#handleControl(now, new Reader(content, 0, length))
    else if (this.#state === 'connected') this.#deliver(now, content, length)
    else this.discarded.count('early-data')
  }

  #handleControl(now: Millis, reader: Reader): void {
    const { contentType, epoch, sequence, isDtls13 } = this.#inbound
    if (contentType === ContentType.handshake)
      this.#drive(now, () => this.#handshake.receive(now, epoch, sequence, reader))
    else if (contentType === ContentType.alert) this.#handleAlert(reader)
    else if (contentType === ContentType.ack && isDtls13)
      this.#drive(now, () => this.#handshake.receiveAck(now, epoch, reader))
    else this.#fail(new PeerMisbehaved('unexpected-message', `a protected record of type ${contentType}`))
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
    if (handshake.progress !== progress) this.#trustPeer()
    if (session === null && handshake.session !== null) this.#complete(handshake.session)
    else this.#flush()
    for (const record of this.#inbound.takeEarly()) this.handleDatagram(now, record)
  }

  #complete(session: DtlsSession): void {
    this.#state = 'connected'
    this.#deadlines.disarmAll()
    // Told first, since the peer may answer what leaves with data. What the host sends comes after the flight.
    this.#host.connected(session)
    if (session.resumable !== null && !this.#isOver) this.#host.resumable?.(session.resumable)
    this.#flush()
  }

  /** The peer goes on with the handshake, so the alert was not its own. */
  #trustPeer(): void {
    this.#suspectedAlert = null
    this.#deadlines.disarm(Timer.suspectedAlert)
  }

  /**
   * An alert in the clear ends nothing by itself: one forged datagram would do for a handshake. A peer that meant it
   * sends nothing more, so it counts when the peer stays silent for longer than a retransmission takes.
   */
  #suspectAlert(now: Millis, reader: Reader): void {
    const alert = tryDecodeAlert(reader)
    if (alert === null || !isKnownLevel(alert)) this.discarded.count('malformed-content')
    else if (!this.#handshake.isUnderWay || !isFinal(alert, false)) this.discarded.count('warning')
    else {
      this.#suspectedAlert ??= alert
      this.#deadlines.armIfIdle(Timer.suspectedAlert, Millis(now + 2 * this.#config.retransmitTimeout))
    }
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

  #sendAlert(alert: Alert): void {
    this.#sendRecord(ContentType.alert, encodeAlert(alert))
  }

  /** A host that answers a transmit at once finds the machine at rest, and the rest of the flight leaves first. */
  #flush(): void {
    for (let next = this.#outbox.shift(); next !== undefined; next = this.#outbox.shift())
      this.#host.transmit(next, true)
  }

  #sendRecord(contentType: ContentType, content: Uint8Array): void {
    if (this.#outbox.length > 0) this.#flush()
    const size = content.length + this.#records.overhead()
    const isNested = this.#isOutgoingLent
    if (!isNested && this.#outgoing.length < size) this.#outgoing = new Uint8Array(size)
    // A host that delivers at once, to a peer that answers at once, still holds what it was lent.
    const outgoing = isNested ? new Uint8Array(size) : this.#outgoing
    this.#records.write(contentType, content, outgoing, 0)
    this.#isOutgoingLent = true
    try {
      this.#host.transmit(outgoing.subarray(0, size), false)
    } finally {
      this.#isOutgoingLent = isNested
    }
  }

  #borrowContent(size: number): Uint8Array {
    if (this.#isContentLent) return new Uint8Array(size)
    if (this.#content.length < size) this.#content = new Uint8Array(size)
    return this.#content
  }

  #end(state: 'closed' | 'failed', reason: CloseReason, farewell: Alert | null = null): void {
    if (this.#isOver) return
    this.#state = state
    this.#deadlines.disarmAll()
    this.#handshake.stop()
    this.#inbound.clear()
    if (farewell !== null) this.#sendAlert(farewell)
    this.#host.closed(reason)
  }
}

function tryDecodeAlert(reader: Reader): Alert | null {
  try {
    return decodeAlert(reader)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/** Whether nothing comes after it: fatal by its level, or in DTLS 1.3 by what it is (RFC 8446 §6), or a farewell. */
const isFinal = (alert: Alert, isDtls13: boolean): boolean =>
  alert.description === AlertDescription.closeNotify ||
  (isDtls13 ? alert.description !== AlertDescription.userCanceled : alert.level === AlertLevel.fatal)

const isKnownLevel = ({ level }: Alert): boolean => level === AlertLevel.warning || level === AlertLevel.fatal

const closeNotify: Alert = { level: AlertLevel.warning, description: AlertDescription.closeNotify }

const Timer = { handshake: 0, suspectedAlert: 1 } as const
const timerCount = 2

/** Enough for a record in an ordinary datagram; grows for larger ones. */
const initialScratch = 1_500
