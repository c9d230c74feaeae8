import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import {
  type AccessCredentials,
  AlternateServer,
  type AuthenticatedMessage,
  defaultRetransmitPolicy,
  ErrorCode,
  LongTermCredentials,
  MessageBuilder,
  MessageClass,
  type Method,
  reliableTransportPolicy,
  type RetransmitPolicy,
  Software,
  StatusCode,
  type StunMessage,
  Transactions,
  type TransportAddress,
} from '@purertc/stun'

import { TurnError } from '../turn-error.ts'

/** One thing that the client wants of the server, however many transactions that takes. */
export interface TurnRequest {
  readonly method: Method
  /** Whom it is about, if it is about one. */
  readonly peer?: TransportAddress
  /** Adds the request's own attributes; called anew for every transaction. */
  readonly write: (message: MessageBuilder) => void
  /** The server agreed; the response was made with our key. */
  readonly succeeded: (now: Millis, response: AuthenticatedMessage) => void
  /** The server refused, or never answered. */
  readonly failed: (now: Millis, error: TurnError) => void
  /** Nobody waits long for the answer. */
  readonly isBrief?: boolean
}

export interface TurnRequestsConfig {
  readonly crypto: CryptoProvider
  readonly server: TransportAddress
  readonly username: string
  readonly password?: string | undefined
  readonly accessToken?: AccessCredentials | undefined
  readonly software?: string | undefined
  readonly isReliable?: boolean | undefined
  readonly retransmit?: RetransmitPolicy | undefined
}

export interface TurnRequestsHost {
  transmit(bytes: Uint8Array): void
  /** The server has answered; null where it agreed. After whoever asked was told. */
  answered?(request: TurnRequest, error: TurnError | null): void
}

/** Where answers are counted that were not believed. */
export interface DiscardCounter {
  count(reason: 'unauthenticated' | 'malformed'): void
}

/**
 * Signed requests to one server: challenge (401) and stale nonce (438) are answered here with a new transaction, so
 * that the rest of the client sees but success and refusal, RFC 8489 §9.2.5.
 */
export class TurnRequests {
  readonly #config: TurnRequestsConfig
  readonly #discarded: DiscardCounter
  readonly #host: TurnRequestsHost
  readonly #credentials: LongTermCredentials
  readonly #transactions: Transactions<Attempt>
  /** How many challenges we have taken: tells which of them a request was signed for. */
  #challenges: number
  /** Whether an answer was signed with our key: then user and password are right. */
  #isProven = false

  constructor(
    config: TurnRequestsConfig,
    discarded: DiscardCounter,
    host: TurnRequestsHost,
    credentials?: LongTermCredentials,
  ) {
    this.#config = config
    this.#discarded = discarded
    this.#host = host
    const { crypto, username, password = '', accessToken = password } = config
    this.#credentials = credentials ?? new LongTermCredentials(crypto, username, accessToken)
    this.#challenges = this.#credentials.isChallenged ? 1 : 0
    this.#transactions = new Transactions(config.crypto, {
      transmit: (_to, bytes) => host.transmit(bytes),
      timedOut: (now, { request, sawForgery }) =>
        request.failed(
          now,
          sawForgery
            ? new TurnError('unauthenticated', 'no answer of the server was made with our key')
            : new TurnError('timeout', 'the server does not answer'),
        ),
    })
  }

  /** Requests over another connection to the same server, which begin with the nonce that we have. */
  fork(discarded: DiscardCounter, host: TurnRequestsHost): TurnRequests {
    const config = { ...this.#config, isReliable: true }
    return new TurnRequests(config, discarded, host, this.#credentials.fork())
  }

  /** Whether the server has challenged us: before that nothing can exist there in our name. */
  get hasKey(): boolean {
    return this.#credentials.isChallenged
  }

  get nextTimeout(): Millis {
    return this.#transactions.nextTimeout
  }

  newTransactionId(): Uint8Array {
    return this.#transactions.newTransactionId()
  }

  start(now: Millis, request: TurnRequest): void {
    this.#attempt(now, request, 0)
  }

  /** Forgets all requests: none of them will succeed or fail any more. */
  clear(): void {
    this.#transactions.clear()
  }

  handleTimeout(now: Millis): void {
    this.#transactions.handleTimeout(now)
  }

  /** Takes a response; false where it answers none of our requests. */
  handleResponse(now: Millis, response: StunMessage): boolean {
    const attempt = this.#transactions.find(response.transactionId)?.context
    if (attempt === undefined || attempt.request.method !== response.method) return false
    if (response.class === MessageClass.successResponse) {
      this.#answered(now, attempt, response)
      return true
    }
    const code = response.get(ErrorCode)?.code
    if (code === undefined) this.#discarded.count('malformed')
    else if (code === StatusCode.unauthenticated || code === StatusCode.staleNonce)
      this.#challenged(now, attempt, response, code)
    else this.#answered(now, attempt, response)
    return true
  }

  /**
   * 401 and 438 come without integrity, for the server may not know our key (RFC 8489 §9.2.4), and so anybody on the path
   * can make them. Once an answer has proven the key, they may cost us another transaction, but not the allocation.
   */
  #challenged(now: Millis, attempt: Attempt, response: StunMessage, code: number): void {
    const { request, retries, challenge } = attempt
    // Of two requests with one stale nonce, the answer to the second brings the nonce that we have since the first.
    const wasSigned = challenge !== 0 && challenge === this.#challenges
    const isCredible = !this.#isProven || code === StatusCode.staleNonce
    if (isCredible && retries < MAX_RETRIES && this.#credentials.learn(response, wasSigned)) {
      this.#transactions.end(response.transactionId)
      this.#challenges++
      this.#attempt(now, request, retries + 1)
    } else if (this.#isProven) {
      this.#disbelieve(attempt)
    } else {
      this.#transactions.end(response.transactionId)
      this.#refused(now, request, response)
    }
  }

  #disbelieve(attempt: Attempt): void {
    this.#discarded.count('unauthenticated')
    attempt.sawForgery = true
  }

  #answered(now: Millis, attempt: Attempt, response: StunMessage): void {
    const authentic = this.#credentials.authenticate(response)
    // A refusal of what we sent without credentials cannot be authentic; a success must be, so it is no answer.
    const isPlainRefusal = attempt.challenge === 0 && response.class === MessageClass.errorResponse
    if (authentic === null && !isPlainRefusal) {
      this.#disbelieve(attempt)
      return
    }
    this.#isProven ||= authentic !== null
    this.#transactions.end(response.transactionId)
    if (authentic === null || response.class !== MessageClass.successResponse) {
      this.#refused(now, attempt.request, response)
      return
    }
    attempt.request.succeeded(now, authentic)
    this.#host.answered?.(attempt.request, null)
  }

  #refused(now: Millis, request: TurnRequest, response: StunMessage): void {
    const error = errorOf(response)
    request.failed(now, error)
    this.#host.answered?.(request, error)
  }

  #attempt(now: Millis, request: TurnRequest, retries: number): void {
    const message = new MessageBuilder(request.method, MessageClass.request, this.newTransactionId())
    message.addIf(Software, this.#config.software)
    request.write(message)
    this.#credentials.sign(message)
    const attempt: Attempt = { request, retries, challenge: this.#challenges, sawForgery: false }
    const { isReliable = false, server, retransmit } = this.#config
    const isBrief = request.isBrief === true
    const usual = POLICIES[isReliable ? 'reliable' : 'datagram'][isBrief ? 'brief' : 'patient']
    const policy = isReliable || isBrief ? usual : (retransmit ?? usual)
    this.#transactions.start(now, server, message.finish(), attempt, policy)
  }
}

/** One transaction of a request. */
interface Attempt {
  readonly request: TurnRequest
  readonly retries: number
  /** The number of the challenge that it was signed for; 0 before the first. */
  readonly challenge: number
  sawForgery: boolean
}

function errorOf(response: StunMessage): TurnError {
  const answer = response.get(ErrorCode)
  if (answer === undefined) return new TurnError('malformed', 'an error response without ERROR-CODE')
  return new TurnError(answer.code, answer.reason, { alternateServer: response.get(AlternateServer) })
}

/** How long to wait: as RFC 8489 §6.2 has it, or for 1.5 s, for what ends by itself in the end. */
const POLICIES = {
  datagram: { patient: defaultRetransmitPolicy, brief: { rto: 500, rc: 2, rm: 2 } },
  reliable: { patient: reliableTransportPolicy, brief: { rto: 1_500, rc: 1, rm: 1 } },
} as const satisfies Record<string, Record<string, RetransmitPolicy>>

/** A challenge, and a stale nonce or two on top; a server that goes on like that has no nonce that it accepts. */
const MAX_RETRIES = 4
