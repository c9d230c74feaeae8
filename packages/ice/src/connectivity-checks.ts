import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import {
  authenticate,
  type AuthenticatedMessage,
  ErrorCode,
  IceControlled,
  IceControlling,
  MessageBuilder,
  MessageClass,
  Method,
  Nomination,
  Priority,
  shortTermKey,
  StatusCode,
  type StunMessage,
  Transactions,
  type TransportAddress,
  UseCandidate,
  Username,
  XorMappedAddress,
} from '@purertc/stun'

import type { Base } from './base.ts'
import type { IceCredentials } from './credentials.ts'
import type { DtlsInStun } from './dtls-in-stun.ts'
import type { Pair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'
import { candidatePriority, tcpPriority } from './priority.ts'
import type { IceRole, Role } from './role.ts'

/**
 * - `check`: does the pair work?
 * - `recheck`: does a pair that did still work?
 * - `nominate`: the same question with USE-CANDIDATE.
 * - `consent`: RFC 7675, sent once and never failing.
 */
export type CheckPurpose = 'check' | 'recheck' | 'nominate' | 'consent'

/** A Binding request on its way. */
export interface Check {
  readonly pair: Pair
  readonly purpose: CheckPurpose
  readonly isNominating: boolean
  /** The role that the request claimed. */
  readonly role: IceRole
  /** Its PRIORITY: that of the peer-reflexive candidate which the answer may reveal. */
  readonly priority: number
  readonly startedAt: Millis
  readonly rto: number
  /** An error code that came without integrity: no reason to give up, but the likely reason when time runs out. */
  refusal: number | undefined
}

export interface ChecksHost {
  transmit(now: Millis, pair: Pair, bytes: Uint8Array): void
  /** `mapped`: where the peer saw the request come from. */
  checkSucceeded(now: Millis, check: Check, mapped: TransportAddress): void
  checkFailed(now: Millis, check: Check, reason: PairFailure): void
  /** 487: the peer insists on the role that the request claimed. */
  roleRejected(now: Millis, check: Check): void
  /** As `SessionHost.later`. */
  later(action: () => void): void
}

export interface ChecksOptions {
  /** Milliseconds, retransmissions included, that a check may take. */
  readonly checkTimeout: number
  readonly renomination: boolean
  readonly dtlsInStun: DtlsInStun | undefined
}

/** `consent`: accepted, and nothing has changed but that consent was renewed. */
export type ResponseOutcome = 'accepted' | 'consent' | 'unknown-transaction' | 'unauthenticated'

/**
 * The client side of connectivity checks, RFC 8445 §7.2: builds the requests of one session, retransmits them and
 * judges the answers. An answer counts only with the peer's password in its integrity, and only from where the request
 * went to.
 */
export class ConnectivityChecks {
  readonly #crypto: CryptoProvider
  readonly #host: ChecksHost
  readonly #role: Role
  readonly #username: string
  readonly #key: Uint8Array
  readonly #timeout: number
  readonly #renominates: boolean
  readonly #dtlsInStun: DtlsInStun | undefined
  #nominations = 0
  readonly #transactions: Transactions<Check>
  #now: Millis = LONG_AGO

  constructor(
    crypto: CryptoProvider,
    role: Role,
    local: IceCredentials,
    remote: IceCredentials,
    { checkTimeout, renomination, dtlsInStun }: ChecksOptions,
    host: ChecksHost,
  ) {
    this.#crypto = crypto
    this.#role = role
    this.#host = host
    // RFC 8445 §7.2.2: the peer's fragment first, and the peer's password as the key.
    this.#username = `${remote.usernameFragment}:${local.usernameFragment}`
    this.#key = shortTermKey(remote.password)
    this.#timeout = checkTimeout
    this.#renominates = renomination
    this.#dtlsInStun = dtlsInStun
    this.#transactions = new Transactions(crypto, {
      transmit: (_to, bytes, check) => host.transmit(this.#now, check.pair, bytes),
      timedOut: (now, check) => {
        if (check.purpose !== 'consent') host.checkFailed(now, check, failureOf(check.refusal))
      },
    })
  }

  /**
   * Sends a check over `pair`. `rto`: milliseconds before its first retransmission. `isNominating`: with USE-CANDIDATE,
   * whatever it is for.
   */
  start(
    now: Millis,
    pair: Pair,
    purpose: CheckPurpose,
    rto: number,
    isNominating: boolean = purpose === 'nominate',
  ): void {
    this.#now = now
    const check = this.#describe(now, pair, purpose, this.#role.current, rto, isNominating)
    const request = this.#buildRequest(check)
    const policy =
      purpose === 'consent' ? consentPolicy : policyFor(pair.base.tcpType !== undefined, rto, this.#timeout)
    if (purpose !== 'consent') pair.requestsSent++
    this.#transactions.start(now, pair.remoteAddress, request, check, policy)
  }

  /**
   * A consent check over `pair`, for {@link Routine}, which sends it time and again with a transaction ID of its own and this
   * key's seal.
   */
  consentRequest(pair: Pair): Uint8Array {
    const priority = peerReflexivePriority(pair.base)
    const isNominating = false
    return this.#buildRequest({ purpose: 'consent', priority, role: this.#role.current, isNominating })
  }

  /** What authenticates this agent's requests, and their answers. */
  get key(): Uint8Array {
    return this.#key
  }

  /** A consent check that went out at `startedAt`, whose answer is to be judged here. */
  adopt(startedAt: Millis, pair: Pair, role: IceRole, request: Uint8Array): void {
    const check = this.#describe(startedAt, pair, 'consent', role, consentPolicy.rto, false)
    this.#transactions.adopt(startedAt, pair.remoteAddress, request, check, consentPolicy)
  }

  /** RFC 8445 §7.3.1.4: the checks of these pairs are sent no more, but an answer to one still counts. */
  silence(predicate: (pair: Pair) => boolean): void {
    this.#transactions.silence((check) => check.purpose === 'check' && predicate(check.pair))
  }

  handleResponse(now: Millis, base: Base, from: TransportAddress, message: StunMessage): ResponseOutcome {
    this.#now = now
    const pending = this.#transactions.find(message.transactionId)
    if (pending === null) return 'unknown-transaction'
    const check = pending.context
    const response = authenticate(this.#crypto, message, this.#key)
    if (response === null) {
      if (check.pair.joins(base, from)) check.refusal = message.get(ErrorCode)?.code
      return 'unauthenticated'
    }
    this.#transactions.end(message.transactionId)
    check.pair.responsesReceived++
    const datagram = this.#dtlsInStun?.read(response) ?? null
    if (datagram !== null) this.#host.later(() => this.#dtlsInStun?.deliver(now, datagram))
    const hasSucceeded = this.#judge(now, check, response, check.pair.joins(base, from))
    return hasSucceeded && check.purpose === 'consent' && !check.isNominating ? 'consent' : 'accepted'
  }

  handleTimeout(now: Millis): void {
    this.#now = now
    this.#transactions.handleTimeout(now)
  }

  get nextTimeout(): Millis {
    return this.#transactions.nextTimeout
  }

  /** Forgets all checks. */
  stop(): void {
    this.#transactions.clear()
  }

  #describe(
    startedAt: Millis,
    pair: Pair,
    purpose: CheckPurpose,
    role: IceRole,
    rto: number,
    isNominating: boolean,
  ): Check {
    const priority = peerReflexivePriority(pair.base)
    return { pair, purpose, isNominating, role, priority, startedAt, rto, refusal: undefined }
  }

  #judge(now: Millis, check: Check, response: AuthenticatedMessage, isSymmetric: boolean): boolean {
    const failure = failureIn(response, isSymmetric)
    const mapped = response.get(XorMappedAddress)
    if (failure === ROLE_CONFLICT) this.#host.roleRejected(now, check)
    else if (failure !== null || mapped === undefined)
      this.#host.checkFailed(now, check, failure ?? 'malformed-response')
    else {
      this.#host.checkSucceeded(now, check, mapped)
      return true
    }
    return false
  }

  #buildRequest({
    purpose,
    isNominating,
    priority,
    role,
  }: Pick<Check, 'purpose' | 'isNominating' | 'priority' | 'role'>): Uint8Array {
    const id = this.#transactions.newTransactionId()
    const roleAttribute = role === 'controlling' ? IceControlling : IceControlled
    const request = new MessageBuilder(Method.binding, MessageClass.request, id)
      .add(Username, this.#username)
      .add(Priority, priority)
      .add(roleAttribute, this.#role.tieBreaker)
      .addIf(UseCandidate, isNominating ? true : undefined)
      .addIf(Nomination, purpose === 'nominate' && this.#renominates ? ++this.#nominations : undefined)
    this.#dtlsInStun?.attach(request)
    return request.sign(this.#crypto, this.#key).finish()
  }
}

/** As many retransmissions as end within `timeout`: six transmissions and 17.5 s for the usual 500 ms. */
function policyFor(
  isReliable: boolean,
  rto: number,
  timeout: number,
): { rto: number; rc: number; rm: number } {
  if (isReliable) return { rto: timeout, rc: 1, rm: 1 }
  let rc = 2
  while (rc < 7 && rto * (2 ** rc - 1 + LAST_WAIT) <= timeout) rc++
  return { rto, rc, rm: LAST_WAIT }
}

function peerReflexivePriority({ tcpType, preference }: Base): number {
  return tcpType === undefined ? candidatePriority('prflx', preference) : tcpPriority('prflx', preference)
}

/** What speaks against a pair in an authenticated response, `null` if nothing does. */
function failureIn(response: AuthenticatedMessage, isSymmetric: boolean): PairFailure | null {
  // RFC 8445 §7.2.5.2.1: a path that works one way only is none.
  if (!isSymmetric) return 'asymmetric-response'
  if (response.unknownComprehensionRequired(KNOWN).length > 0) return 'malformed-response'
  if (response.class === MessageClass.successResponse) return null
  const code = response.get(ErrorCode)?.code
  return code === undefined ? 'malformed-response' : `${code}`
}

function failureOf(refusal: number | undefined): PairFailure {
  return refusal === undefined ? 'timeout' : `${refusal}`
}

/** Rm of checks: the peer answers at once or not at all, so the last wait can be shorter than a server's 16. */
const LAST_WAIT = 4

/** RFC 7675 §5.1: no retransmissions; an answer counts as long as consent could last. */
const consentPolicy = { rto: 30_000, rc: 1, rm: 1 }

const ROLE_CONFLICT = `${StatusCode.roleConflict}` as const

const KNOWN: ReadonlySet<number> = new Set([XorMappedAddress.type, ErrorCode.type, Username.type])

const LONG_AGO = Millis(-Infinity)
