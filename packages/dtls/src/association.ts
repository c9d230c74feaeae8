import { Counters, Millis } from '@purertc/bytes'

import { maxMtu, minMtu } from './check-config.ts'
import type { DtlsConfig } from './config.ts'
import { ConnectionIds } from './connection-id/connection-ids.ts'
import { HelloGate } from './cookie/hello-gate.ts'
import type { Discard } from './discard.ts'
import type { ConnectionIdUsage } from './dtls13/messages/new-connection-id.ts'
import { DtlsError } from './errors.ts'
import { HandshakeDrive } from './handshake/handshake-drive.ts'
import type { HandshakeMachine } from './handshake/handshake-machine.ts'
import type { AssociationState, CloseReason, DtlsHost } from './host.ts'
import { Lifecycle } from './lifecycle.ts'
import { Mobility } from './path/mobility.ts'
import { type Alert, encodeAlert } from './protocol/alert.ts'
import { closeNotify } from './protocol/alert-rules.ts'
import { ContentType } from './protocol/content-type.ts'
import { InboundRecords } from './record/inbound-records.ts'
import { Outbox } from './record/outbox.ts'
import { Reception, type ReceptionHost } from './record/reception.ts'
import { RecordSizes } from './record/record-sizes.ts'
import { RecordWriter } from './record/record-writer.ts'
import { type ResolvedConfig, resolveConfig } from './resolved-config.ts'

/**
 * One end of a DTLS association, of version 1.3 (RFC 9147) or 1.2 (RFC 6347): a synchronous machine without socket,
 * clock or randomness of its own. Datagrams go in by {@link DtlsAssociation.handleDatagram}, time by
 * {@link DtlsAssociation.handleTimeout}; what comes out are calls on the host.
 *
 * Each record leaves as soon as it is made, in a datagram of its own unless the host says that more is to come: what a
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
  readonly #handshake: HandshakeDrive
  readonly #reception: Reception
  readonly #lifecycle: Lifecycle
  /** Guards a server until its client has returned a cookie. */
  #gate: HelloGate | null

  /** Throws {@link DtlsError} `invalid-config`. */
  constructor(config: DtlsConfig, host: DtlsHost) {
    this.#host = host
    const resolved = resolveConfig(config, host.resumable !== undefined)
    this.#gate = resolved.role === 'server' && resolved.cookie === 'required' ? new HelloGate(config) : null
    this.#config = { ...resolved, gate: this.#gate ?? resolved.gate }
    this.#lifecycle = new Lifecycle(this.#config, this.discarded, (reason, farewell) =>
      this.#ended(reason, farewell),
    )
    this.#ids = new ConnectionIds(resolved.connectionIds)
    this.#inbound = new InboundRecords(this.#ids)
    this.#outbox = new Outbox(this.#records, (datagram, isHandshake, path) =>
      host.transmit(datagram, isHandshake, path ?? this.#mobility.path),
    )
    this.#mobility = new Mobility(this.#config, this.#ids, this.#records, this.#outbox, host)
    this.#handshake = this.#createHandshake()
    this.#reception = new Reception(
      this.#inbound,
      this.#sizes,
      this.#lifecycle,
      this.discarded,
      this.#receptionHost(),
    )
  }

  get state(): AssociationState {
    return this.#lifecycle.state
  }

  /** When {@link DtlsAssociation.handleTimeout} is to be called; `Infinity` when nothing is armed. */
  get nextTimeout(): Millis {
    const { deadline } = this.#handshake.machine
    return Millis(Math.min(this.#lifecycle.deadline, deadline, this.#mobility.deadline))
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
    this.#handshake.prepare()
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
    if (this.state !== 'new') return
    this.#handshake.start(now)
  }

  /**
   * Takes a datagram from the peer; borrowed. Whatever it holds, this does not throw. `path` is a name of the host's for
   * where it came from and where an answer would go; without it, it is taken for the one that the peer is on.
   */
  handleDatagram(now: Millis, datagram: Uint8Array, path: string = this.#mobility.path): void {
    if (!this.#lifecycle.isOver && this.#gate !== null && !this.#passGate(this.#gate, now, datagram)) return
    this.#reception.handleDatagram(now, datagram, path)
  }

  /**
   * Sends application data as one record; borrowed. It waits while it is being found out where the peer is. With `more` the
   * next one, which is to follow at once, shares its datagram (RFC 9147 §4.3): whoever sends so many knows that the path
   * carries their sum. Throws {@link DtlsError} `not-connected` before the handshake completed and after the end,
   * `too-large` for more than {@link DtlsAssociation.maxMessageSize}.
   */
  send(now: Millis, data: Uint8Array, more = false): void {
    this.#expectConnected()
    if (data.length > this.maxMessageSize)
      throw new DtlsError('too-large', `a record carries at most ${this.maxMessageSize} bytes`)
    if (!this.#mobility.hold(data)) this.#sendData(now, data, more)
  }

  /**
   * New keys for what we send, and for what the peer sends where `requestPeer` is true: a KeyUpdate of DTLS 1.3. It
   * happens by itself before a key has protected more than it may. False in DTLS 1.2, which knows no such thing, and
   * where no more epochs are left. Throws {@link DtlsError} `not-connected`.
   */
  updateKeys(now: Millis, requestPeer = false): boolean {
    return this.#command((handshake) => handshake.updateKeys(now, requestPeer))
  }

  /**
   * Asks the peer for so many (1 to 255) connection IDs in reserve, which our records carry after a change of paths, so
   * that nobody recognises us by them (RFC 9147 §9). False in DTLS 1.2, where the peer wants none in our records, and
   * while an earlier request is unanswered. Throws {@link DtlsError} `not-connected`.
   */
  requestConnectionIds(now: Millis, count: number): boolean {
    return this.#command((handshake) => handshake.requestConnectionIds(now, count))
  }

  /**
   * Gives the peer so many more of our connection IDs, in reserve or to be used at once; fewer where it has many. False
   * in DTLS 1.2, and where its records carry none. Throws {@link DtlsError} `not-connected`.
   */
  issueConnectionIds(now: Millis, count: number, usage: ConnectionIdUsage = 'spare'): boolean {
    return this.#command((handshake) => handshake.issueConnectionIds(now, count, usage))
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
    if (this.#lifecycle.isOver) return
    if (!this.#lifecycle.isConnected) this.#outbox.clear()
    for (const message of this.#mobility.release()) this.#sendData(now, message)
    const hasPeer = this.#handshake.machine.isUnderWay || this.#lifecycle.isConnected
    this.#lifecycle.end({ kind: 'local' }, hasPeer ? closeNotify : null)
  }

  /**
   * The path takes datagrams of this size from now on: what of the handshake is sent, or sent again, keeps to it. At
   * least 100 bytes; less counts as that.
   */
  setMtu(bytes: number): void {
    this.#handshake.machine.setMtu(Math.min(Math.max(bytes, minMtu), maxMtu))
  }

  /**
   * Milliseconds until a flight is sent again for the first time, as soon as the round-trip time is known better than
   * when the association was made. Holds for a flight that is waiting as well: look at `nextTimeout` again. Throws
   * {@link DtlsError} `invalid-argument`.
   */
  setRetransmitTimeout(milliseconds: number): void {
    if (!(milliseconds > 0)) throw new DtlsError('invalid-argument', 'a timeout must be positive')
    this.#handshake.machine.setRetransmitTimeout(milliseconds)
  }

  handleTimeout(now: Millis): void {
    this.#lifecycle.expire(now)
    if (this.#lifecycle.isOver) return
    if (this.#handshake.machine.expire(now)) this.#settlePath(now)
    else this.#lifecycle.end({ kind: 'handshake-timeout' })
  }

  #createHandshake(): HandshakeDrive {
    return new HandshakeDrive(
      this.#config,
      {
        records: this.#records,
        connectionIds: this.#ids,
        recordSizes: this.#sizes,
        discarded: this.discarded,
        transmit: (datagram) => this.#outbox.push(datagram),
        expectProtected: (protection) => this.#inbound.expectProtected(protection),
        expectEpoch: (epoch) => this.#inbound.expectEpoch(epoch),
        acknowledge: (content) => this.#outbox.pushRecord(ContentType.ack, content),
      },
      { lifecycle: this.#lifecycle, mobility: this.#mobility, outbox: this.#outbox },
      {
        connected: (session) => this.#host.connected(session),
        resumable: (session) => this.#host.resumable?.(session),
        keysChanged: (now) => {
          for (const record of this.#inbound.takeEarly()) this.handleDatagram(now, record)
        },
      },
    )
  }

  #receptionHost(): ReceptionHost {
    return {
      handshake: (now, epoch, sequence, reader) =>
        this.#handshake.take(now, (handshake) => handshake.receive(now, epoch, sequence, reader)),
      ack: (now, epoch, reader) =>
        this.#handshake.take(now, (handshake) => handshake.receiveAck(now, epoch, reader)),
      suspectedAlert: (now, reader) =>
        this.#lifecycle.suspect(now, reader, this.#handshake.machine.isUnderWay),
      routability: (now, reader, path) =>
        this.#handshake.take(now, () => this.#mobility.receive(now, reader, path)),
      data: (now, data) => {
        this.#handshake.machine.dataArrived()
        this.#host.received(now, data)
      },
      authentic: (now, path, bytes) => {
        if (this.#lifecycle.isConnected) this.#mobility.observe(now, path, this.#inbound, bytes)
        else this.#mobility.startAt(path)
      },
      settle: (now) => this.#settlePath(now),
      forgery: (now) => this.#countForgery(now),
    }
  }

  #passGate(gate: HelloGate, now: Millis, datagram: Uint8Array): boolean {
    const verdict = gate.examine(now, this.#config.clientAddress, datagram)
    if (verdict === 'accept') this.#gate = null
    else if (verdict === 'drop') this.discarded.count('no-cookie')
    else this.#host.transmit(verdict, true, this.#config.clientAddress)
    return verdict === 'accept'
  }

  /** What became of the peer's path is told last. */
  #settlePath(now: Millis): void {
    if (this.#lifecycle.isOver) return
    for (const message of this.#mobility.settle(now))
      if (this.#lifecycle.isConnected) this.#sendData(now, message)
    this.#outbox.flush()
  }

  /** RFC 9147 §4.5.3: in good time the peer is asked for other keys; at the limit it is over. */
  #countForgery(now: Millis): void {
    this.discarded.count('forged')
    const { forged, forgeryLimit } = this.#inbound
    if (forged >= forgeryLimit) this.#lifecycle.end({ kind: 'record-limit' })
    else if (forged === forgeryLimit / 2 && this.#lifecycle.isConnected) this.updateKeys(now, true)
  }

  #command(act: (handshake: HandshakeMachine) => boolean): boolean {
    this.#expectConnected()
    return this.#handshake.command(act)
  }

  #sendData(now: Millis, data: Uint8Array, more = false): void {
    if (this.#records.isWorn) this.updateKeys(now)
    if (this.#records.hasRoom) this.#outbox.send(ContentType.applicationData, data, null, more)
    else this.#lifecycle.end({ kind: 'record-limit' }, closeNotify)
  }

  #expectConnected(): void {
    if (!this.#lifecycle.isConnected) throw new DtlsError('not-connected', `the association is ${this.state}`)
  }

  #ended(reason: CloseReason, farewell: Alert | null): void {
    this.#handshake.machine.stop()
    this.#inbound.clear()
    this.#mobility.stop()
    if (farewell !== null) this.#outbox.send(ContentType.alert, encodeAlert(farewell))
    this.#host.closed(reason)
  }
}
