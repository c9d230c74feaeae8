import { copyBytes, type Millis } from '@purertc/bytes'
import { type AuthenticatedMessage, StatusCode, type TransportAddress } from '@purertc/stun'

import type { Base } from './base.ts'
import type { Discarded } from './discarded.ts'
import { answer, type InboundCheck, readCheck, refuse } from './inbound-check.ts'
import type { Pair } from './pair.ts'
import type { SessionParts } from './session-parts.ts'

export interface CheckServerHost {
  /** The bytes are the host's to keep. */
  respond(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  acceptCheck(base: Base, from: TransportAddress, check: InboundCheck): boolean
  /** This agent gave way: priorities change. */
  roleChanged(): void
  /** The peer's check makes this agent's own check of the pair urgent. */
  triggered(pair: Pair): void
  asked(now: Millis, pair: Pair): void
  discarded(reason: Discarded): void
  /** As `SessionHost.later`. */
  later(action: () => void): void
}

/** The server side of connectivity checks, RFC 8445 §7.3: answers the peer's requests and learns from them. */
export class CheckServer {
  readonly #parts: SessionParts
  readonly #host: CheckServerHost

  constructor(parts: SessionParts, host: CheckServerHost) {
    this.#parts = parts
    this.#host = host
  }

  /**
   * `fragment`: whom the request says it comes from. False where nothing has changed but when the peer was last heard.
   */
  handleRequest(
    now: Millis,
    base: Base,
    from: TransportAddress,
    request: AuthenticatedMessage,
    fragment: string,
  ): boolean {
    const { list, role, selection } = this.#parts
    const check = readCheck(request)
    if (typeof check === 'number') {
      this.#host.discarded('bad-request')
      this.#refuse(now, base, from, request, check)
    } else if (!this.#host.acceptCheck(base, from, check)) {
      this.#host.discarded('refused-check')
    } else {
      const known = list.find(base, from)
      const isSettled = known?.state === 'succeeded' && !check.isNominating && selection.isPeerReady
      const roleBefore = role.current
      const refusal = this.#refusalOf(check, known)
      if (refusal === undefined) {
        this.#answer(now, base, from, request)
        this.#learn(now, base, from, check, fragment, known)
      } else {
        this.#refuse(now, base, from, request, refusal)
      }
      return !isSettled || role.current !== roleBefore
    }
    return false
  }

  #answer(now: Millis, base: Base, from: TransportAddress, request: AuthenticatedMessage): void {
    const { crypto, key, dtlsInStun } = this.#parts
    if (dtlsInStun === undefined) {
      this.#host.respond(now, base, from, answer(crypto, key, request, from))
      return
    }
    // What DTLS says to what the check carries is to travel with the answer, which therefore is made last.
    const datagram = dtlsInStun.read(request)
    const identity = { method: request.method, transactionId: copyBytes(request.transactionId) }
    const to = { family: from.family, address: from.address, port: from.port }
    this.#host.later(() => {
      if (datagram !== null) dtlsInStun.deliver(now, datagram)
      this.#host.respond(now, base, to, answer(crypto, key, identity, to, dtlsInStun))
    })
  }

  #refusalOf(check: InboundCheck, known: Pair | undefined): number | undefined {
    const { role, selection, isLite } = this.#parts
    if (known === undefined && check.priority === undefined) return StatusCode.badRequest
    if (check.claim !== undefined) {
      const outcome = role.resolve(check.claim.role, check.claim.tieBreaker)
      if (outcome === 'switched') this.#host.roleChanged()
      if (outcome === 'rejected') {
        this.#host.discarded('role-conflict')
        return StatusCode.roleConflict
      }
    }
    // A nomination that the application refuses must fail at the peer, or it would wait for data there.
    const isNominated = check.isNominating && !role.isControlling && known?.state === 'succeeded'
    return isNominated && !selection.nominatedByPeer(known, check.nomination, isLite)
      ? StatusCode.forbidden
      : undefined
  }

  #learn(
    now: Millis,
    base: Base,
    from: TransportAddress,
    check: InboundCheck,
    fragment: string,
    known: Pair | undefined,
  ): void {
    const { role, selection, pairing, isLite } = this.#parts
    selection.isPeerReady = true
    const isNominated = check.isNominating && !role.isControlling
    const isNews = isNominated || !pairing.knowsRemote(base, from) || selection.needsPair
    if (known === undefined && !isNews) return
    const pair = known ?? pairing.pairOfCheck(base, from, check.priority ?? 0, fragment)
    if (pair === null) return
    pair.isHeard = true
    pair.heardAt = now
    pair.isTried ||= !check.isNominating
    if (isLite) this.#serve(now, pair, isNominated)
    else if (pair.state !== 'succeeded') {
      pair.nominatedByPeer ||= isNominated
      if (isNominated) pair.nomination = check.nomination
      if (isNews) this.#host.triggered(pair)
    }
    this.#host.asked(now, pair)
  }

  /** RFC 8445 §7.3.2: what the full agent nominates is valid. Its requests are its consent, for there are no responses. */
  #serve(now: Millis, pair: Pair, isNominated: boolean): void {
    const { list, selection } = this.#parts
    pair.respondedAt = now
    if (!isNominated || pair.state === 'succeeded') return
    list.succeeded(pair)
    selection.nominatedByPeer(pair, undefined, true)
  }

  #refuse(
    now: Millis,
    base: Base,
    from: TransportAddress,
    request: AuthenticatedMessage,
    code: number,
  ): void {
    this.#host.respond(now, base, from, refuse(this.#parts.crypto, this.#parts.key, request, code))
  }
}
