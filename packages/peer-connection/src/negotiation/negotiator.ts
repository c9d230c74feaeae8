import type { DataMode } from '@purertc/sdp'

import { invalidAccess, invalidModification, invalidState } from '../errors.ts'
import { isGiven } from '../is-given.ts'
import {
  checkAnswer,
  checkReoffer,
  type DataSection,
  type Description,
  isSameSession,
  localDtlsRole,
  readDescription,
  rollback,
} from './description.ts'
import { type LocalTransport, writeAnswer, writeOffer } from './local-description.ts'
import { type Descriptions, type DescriptionType, SignalingSession } from './signaling-session.ts'

/** Two data sections that were accepted. */
export interface Agreement {
  readonly local: DataSection
  readonly remote: DataSection
  /** That `remote` is of. */
  readonly description: Description
  readonly dtlsRole: 'client' | 'server'
}

/**
 * The offer/answer side of a connection, JSEP (RFC 9429): makes descriptions, checks those that are applied, and
 * knows what was agreed. It decides nothing about the transport: it is told of it.
 */
export class Negotiator {
  readonly session: SignalingSession<Description> = new SignalingSession()
  readonly #sessionId: string
  #lastOffer: string | null = null
  #lastAnswer: string | null = null

  /** `sessionId` is the decimal number of the `o=` line. */
  constructor(sessionId: string) {
    this.#sessionId = sessionId
  }

  /** What the data section in force carries; null before the first agreement. */
  get mode(): DataMode | null {
    return this.session.current.local?.data?.mode ?? null
  }

  get localDescription(): Description | null {
    return this.session.pending.local ?? this.session.current.local
  }

  get remoteDescription(): Description | null {
    return this.session.pending.remote ?? this.session.current.remote
  }

  /** `local` is asked for only where there is something to offer. Throws InvalidStateError out of order. */
  createOffer(mode: DataMode | null, local: () => LocalTransport): string {
    const { state } = this.session
    if (state !== 'stable' && state !== 'have-local-offer')
      throw invalidState(`no offer can be made in state ${state}`)
    this.#lastOffer = writeOffer(this.#sessionId, this.session.current.local, mode, local)
    return this.#lastOffer
  }

  /** Throws InvalidStateError where there is no offer to answer. */
  createAnswer(local: (offer: DataSection) => LocalTransport): string {
    const offer = this.session.pending.remote
    if (offer?.type !== 'offer') throw invalidState('there is no remote offer to answer')
    const { current } = this.session
    this.#lastAnswer = writeAnswer(this.#sessionId, current.local, offer, local, this.dtlsRole)
    return this.#lastAnswer
  }

  /** The type that `setLocalDescription` means when it is called without one, WebRTC §4.4.2. */
  implicitType(): 'offer' | 'answer' {
    const { state } = this.session
    return state === 'stable' || state === 'have-local-offer' || state === 'have-remote-pranswer'
      ? 'offer'
      : 'answer'
  }

  /** The description last made of this type; null where none was made since the last change. */
  lastMade(type: DescriptionType): string | null {
    return type === 'offer' ? this.#lastOffer : type === 'rollback' ? null : this.#lastAnswer
  }

  /**
   * Applies a local description. Throws InvalidStateError out of order, InvalidModificationError for anything but
   * what `createOffer` or `createAnswer` made last.
   */
  applyLocal(type: DescriptionType, sdp: string): Description {
    if (type === 'rollback') return this.#rollBack('local')
    if (!this.session.allows('local', type))
      throw invalidState(`a local ${type} cannot be applied in state ${this.session.state}`)
    if (sdp !== this.lastMade(type))
      throw invalidModification(`only the last ${type} made here can be applied`)
    const description = readDescription(type, sdp)
    this.session.apply('local', description)
    this.#forgetMade()
    return description
  }

  /**
   * Reads and checks a remote description, and applies it. An offer that meets a local one rolls that back (WebRTC
   * §4.4.1.5). Throws as {@link readDescription} does, and InvalidStateError out of order.
   */
  applyRemote(type: DescriptionType, sdp: string, mode: DataMode | null): Description {
    if (type === 'rollback') return this.#rollBack('remote')
    const collides = type === 'offer' && this.session.state === 'have-local-offer'
    if (!collides && !this.session.allows('remote', type))
      throw invalidState(`a remote ${type} cannot be applied in state ${this.session.state}`)
    const description = readDescription(type, sdp, mode ?? undefined)
    this.#checkRemote(description)
    if (collides) this.session.apply('local', rollback)
    this.session.apply('remote', description)
    this.#forgetMade()
    return description
  }

  /** What both ends accepted last, provisionally perhaps; null where there is no data section or no answer. */
  get agreement(): Agreement | null {
    const { pending, current } = this.session
    const { local, remote } = isAnswered(pending) ? pending : current
    if (!isGiven(local?.data) || !isGiven(remote?.data)) return null
    const isAnswerer = local.type !== 'offer'
    const dtlsRole = isAnswerer ? localDtlsRole(local.data, 'local') : localDtlsRole(remote.data, 'remote')
    return { local: local.data, remote: remote.data, description: remote, dtlsRole }
  }

  /** Whether this end offered a data section that the peer rejected. */
  get isRefused(): boolean {
    const { local, remote } = this.session.current
    return local?.type === 'offer' && local.data !== null && remote?.data === null
  }

  /** The DTLS role in force, which later agreements keep. */
  get dtlsRole(): 'client' | 'server' | null {
    return this.agreement?.dtlsRole ?? null
  }

  #checkRemote(description: Description): void {
    if (description.type === 'offer') {
      checkReoffer(this.session.current.remote, description)
      return
    }
    const offer = this.session.pending.local
    if (offer === null) throw invalidAccess('there is no local offer that this could answer')
    checkAnswer(offer, description)
    this.#checkSessions(offer, description)
  }

  /** RFC 8839 §4.4.3: the answer to an offer of another ICE session is of another, too, and to no other offer. */
  #checkSessions({ data: offer }: Description, { data: answer }: Description): void {
    const { pending, current } = this.session
    const before = current.local?.data
    const last = (pending.remote ?? current.remote)?.data
    if (!isGiven(offer) || !isGiven(answer) || !isGiven(last)) return
    const isRestart = pending.remote === null && isGiven(before) && !isSameSession(offer, before)
    if (isSameSession(answer, last) === isRestart)
      throw invalidAccess(isRestart ? 'the answer does not restart ICE' : 'the answer restarts ICE unasked')
  }

  #rollBack(side: 'local' | 'remote'): Description {
    this.session.apply(side, rollback)
    this.#forgetMade()
    return rollback
  }

  #forgetMade(): void {
    this.#lastOffer = null
    this.#lastAnswer = null
  }
}

function isAnswered({ local, remote }: Descriptions<Description>): boolean {
  return local?.type === 'pranswer' || remote?.type === 'pranswer'
}
