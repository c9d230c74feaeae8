import { type Counters, Millis } from '@purertc/bytes'
import {
  type AssociationState,
  DtlsAssociation,
  type DtlsSession,
  ProtocolVersion,
  SrtpProfile,
} from '@purertc/dtls'
import { type CandidatePair, DtlsInStun } from '@purertc/ice'

import { trafficOf } from './demultiplex.ts'
import { EarlyDatagrams } from './early-datagrams.ts'
import type { PeerTransportConfig, TransportAgreement } from './peer-transport-config.ts'
import { dtlsFailure, TransportError } from './transport-error.ts'
import type { TransportDiscard } from './transport-statistics.ts'

/** What DTLS asks of the path below, and tells what rides on it. */
export interface DtlsTransportHost {
  /** The pair that data goes over; null before there is one. */
  activePair(): CandidatePair | null
  /** A datagram for that pair; false where there is none. */
  transmit(now: Millis, datagram: Uint8Array): boolean
  stateChanged(state: AssociationState): void
  /** The peer has proven the certificate of its fingerprint. */
  secured(session: DtlsSession): void
  /** After `secured`, once there is a path as well: data can flow. */
  ready(now: Millis): void
  /** Decrypted; borrowed. */
  received(now: Millis, data: Uint8Array): void
  /** By the peer, by a fault, or, where the reason is null, by `end()`. */
  closed(reason: TransportError | null): void
}

/**
 * DTLS over the path that ICE finds: when the handshake begins, what may come before its time, and how it travels
 * within connectivity checks where both ends know how.
 */
export class DtlsTransport {
  /** The way of a handshake that does not wait for a path; null where it always does. */
  readonly embedding: DtlsInStun | null
  readonly #config: Required<PeerTransportConfig>
  readonly #host: DtlsTransportHost
  readonly #discarded: Counters<TransportDiscard>
  readonly #early = new EarlyDatagrams()
  #association: DtlsAssociation | null = null
  #state: AssociationState = 'new'
  #role: 'client' | 'server' | null = null
  #session: DtlsSession | null = null
  /** Whether there was one, once. */
  #hasPath = false
  #isReady = false
  #isClosed = false
  /** When the key shares of a client are made, unless a path is found before. */
  #preparesAt: Millis = NEVER
  #now: Millis = Millis(0)

  constructor(
    config: Required<PeerTransportConfig>,
    host: DtlsTransportHost,
    discarded: Counters<TransportDiscard>,
  ) {
    this.#config = config
    this.#host = host
    this.#discarded = discarded
    this.embedding =
      config.ice.sped === true ? new DtlsInStun((now, datagram) => this.handleDatagram(now, datagram)) : null
  }

  /** As it was reported. */
  get state(): AssociationState {
    return this.#state
  }

  get role(): 'client' | 'server' | null {
    return this.#role
  }

  get session(): DtlsSession | null {
    return this.#session
  }

  /** Whether the peer could send data before us: it did if the last Finished was its own, which depends on the version. */
  get isSecond(): boolean {
    const lastToFinish = this.#session?.version === ProtocolVersion.dtls12 ? 'server' : 'client'
    return this.#session !== null && this.#role !== lastToFinish
  }

  get discarded(): ReturnType<DtlsAssociation['discarded']['snapshot']> {
    return this.#association?.discarded.snapshot() ?? {}
  }

  /** Both descriptions are known. The first checks are to carry the first flight: call it before they are made. */
  start(now: Millis, agreement: TransportAgreement): void {
    this.#now = now
    if (agreement.iceOptions?.includes('sped') === true) this.embedding?.agree()
    else this.embedding?.refuse()
    this.#role = agreement.dtlsRole
    this.#association = this.#createAssociation(agreement)
    // Not now, for the description that completes the agreement is still to be signalled.
    if (agreement.dtlsRole === 'client') this.#preparesAt = now
    if (this.embedding?.isActive === true) this.proceed(now)
  }

  /**
   * Begins once there is a path: a flight without one would be lost until its retransmission. Where checks carry it, it
   * begins at once, and the path takes what they did not.
   */
  proceed(now: Millis): void {
    this.#now = now
    const dtls = this.#association
    const path = this.#host.activePair()
    if (dtls === null || (path === null && this.embedding?.isActive !== true)) return
    if (dtls.state === 'new') {
      this.embedding?.beginFlight()
      this.#preparesAt = NEVER
      dtls.connect(now)
      this.#report()
      for (const datagram of this.#early.take()) this.handleDatagram(now, datagram)
    }
    if (path !== null) this.#useFirstPath(path, dtls)
  }

  /** What came over a proven path, or within a check; borrowed. */
  handleDatagram(now: Millis, datagram: Uint8Array): void {
    this.#now = now
    const dtls = this.#association
    if (trafficOf(datagram) !== 'dtls') this.#discarded.count('not-dtls')
    else if (dtls !== null && dtls.state !== 'new') {
      this.embedding?.beginFlight()
      if (dtls.state === 'connecting') this.embedding?.acknowledge(datagram)
      dtls.handleDatagram(now, datagram)
      this.#report()
    } else if (!this.#early.keep(datagram)) this.#discarded.count('too-early')
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#associationTimeout, this.#preparesAt))
  }

  handleTimeout(now: Millis): void {
    this.#now = now
    if (this.#associationTimeout <= now) {
      this.embedding?.beginFlight()
      this.#association?.handleTimeout(now)
    }
    if (this.#preparesAt <= now) {
      this.#preparesAt = NEVER
      this.#association?.prepare()
    }
    this.#report()
  }

  /** One record, `more` as in DTLS. Throws `DtlsError` `not-connected` or `too-large`, {@link TransportError} `not-started`. */
  send(now: Millis, data: Uint8Array, more = false): void {
    this.#now = now
    if (this.#association === null) throw new TransportError('not-started', 'the peer is not known yet')
    this.#association.send(now, data, more)
  }

  get isConnected(): boolean {
    return this.#association?.state === 'connected'
  }

  /** Says close_notify, and that it did. */
  end(now: Millis): void {
    this.#now = now
    this.#association?.close(now)
    this.#report()
  }

  /** As {@link DtlsTransport.end}, but the host hears nothing more. */
  close(now: Millis): void {
    this.#now = now
    this.#isClosed = true
    this.#association?.close(now)
  }

  #createAssociation({
    mode,
    dtlsRole,
    certificate,
    remoteFingerprints,
  }: TransportAgreement): DtlsAssociation {
    const { crypto, mtu, dtls } = this.#config
    const isEmbedded = this.embedding?.isActive === true
    return new DtlsAssociation(
      {
        ...dtls,
        crypto,
        role: dtlsRole,
        certificate,
        verify: { fingerprints: remoteFingerprints },
        // ICE has shown that the peer receives where it sends from.
        cookie: 'verified-path',
        mtu: isEmbedded ? Math.min(mtu, EMBEDDED_MTU) : mtu,
        retransmitTimeout: isEmbedded ? LONGEST_TIMEOUT : RETRANSMIT_TIMEOUT,
        ...(isEmbedded && { handshakeTimeout: EMBEDDED_PATIENCE }),
        srtpProfiles: mode === 'datachannel' ? SRTP_PROFILES : [],
      },
      {
        transmit: (datagram, isHandshake) => {
          const wasSent = this.#host.transmit(this.#now, datagram)
          if (isHandshake) this.embedding?.keep(datagram, wasSent)
        },
        connected: (session) => this.#secured(session),
        received: (now, data) => this.#host.received(now, data),
        closed: (reason) => {
          if (!this.#isClosed) this.#host.closed(dtlsFailure(reason))
        },
      },
    )
  }

  #secured(session: DtlsSession): void {
    this.#session = session
    this.#report()
    this.embedding?.complete()
    this.#host.secured(session)
    this.#beReady()
  }

  #useFirstPath(path: CandidatePair, dtls: DtlsAssociation): void {
    if (this.#hasPath) return
    this.#hasPath = true
    if (this.embedding?.isActive === true) {
      const roundTrip = path.roundTripTime ?? 0
      dtls.setRetransmitTimeout(Math.min(Math.max(2 * roundTrip, RETRANSMIT_TIMEOUT), LONGEST_TIMEOUT))
      for (const datagram of this.embedding.takeUnsent()) this.#host.transmit(this.#now, datagram)
    }
    this.#beReady()
  }

  /** Data needs both, DTLS and a path, of which either can be the last to come. */
  #beReady(): void {
    if (this.#session === null || !this.#hasPath || this.#isReady || this.#isClosed) return
    this.#isReady = true
    this.#host.ready(this.#now)
  }

  /** Without a path, which checks that carry DTLS do without, the handshake has nothing to wait for. */
  get #associationTimeout(): number {
    return this.#hasPath ? (this.#association?.nextTimeout ?? Infinity) : Infinity
  }

  #report(): void {
    const state = this.#association?.state ?? 'new'
    if (state === this.#state || this.#isClosed) return
    this.#state = state
    this.#host.stateChanged(state)
  }
}

/**
 * Agreed on though there is no media: media that is added later is bundled on this very session, which cannot negotiate
 * again (RFC 8827 §6.5). Browsers do so, too, and some peers give up without.
 */
const SRTP_PROFILES = [SrtpProfile.aeadAes128Gcm, SrtpProfile.aeadAes256Gcm, SrtpProfile.aes128CmHmacSha1_80]

const NEVER = Millis(Infinity)

/** The path is proven and its round trip mostly short; the time-out doubles where it is not. Milliseconds. */
const RETRANSMIT_TIMEOUT = 100
/** Of a handshake within checks, until its path is known. */
const LONGEST_TIMEOUT = 3_000
/** The time that ICE takes counts as well. */
const EMBEDDED_PATIENCE = 120_000
/** Bytes of DTLS that fit in a check, with room for long username fragments. */
const EMBEDDED_MTU = 900
