import { Counters, type Millis } from '@purertc/bytes'

import { AttributeType, BINDING_ATTRIBUTES } from './attribute-type.ts'
import {
  AlternateServer,
  MappedAddress,
  OtherAddress,
  ResponseOrigin,
  XorMappedAddress,
} from './attributes/addresses.ts'
import { AlternateDomain, ErrorCode, Software } from './attributes/outcome.ts'
import type { BindingOptions, StunClientConfig, StunClientDiscard, StunClientHost } from './client-config.ts'
import { type ClientCredentials, clientCredentials } from './client-credentials.ts'
import { StatusCode } from './error-codes.ts'
import { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import { MessageClass, Method } from './message-type.ts'
import { RtoEstimator } from './rto-estimator.ts'
import { StunError } from './stun-error.ts'
import type { ServerAddress } from './stun-transport.ts'
import {
  defaultRetransmitPolicy,
  type PendingTransaction,
  reliableTransportPolicy,
  type RetransmitPolicy,
  Transactions,
} from './transactions.ts'
import { formatAddress, sameAddress, type TransportAddress } from './transport-address.ts'

/**
 * A STUN client without a socket: Binding requests to one server, retransmitted, signed where credentials are given.
 *
 * @example
 * const client = new StunClient({ crypto, server }, {
 *   transmit: (to, bytes) => socket.send(bytes, to.port, to.address),
 *   succeeded: (_now, _request, { mapped }) => console.log(formatAddress(mapped)),
 *   failed: (_now, _request, error) => console.log(error.code, error.reason),
 * })
 * client.bind(now)
 */
export class StunClient {
  readonly discarded: Counters<StunClientDiscard> = new Counters()
  readonly #config: StunClientConfig
  readonly #host: StunClientHost
  readonly #transactions: Transactions<Attempt>
  readonly #servers = new Map<string, KnownServer>()
  #lastRequest = 0
  #isClosed = false

  constructor(config: StunClientConfig, host: StunClientHost) {
    this.#config = config
    this.#host = host
    this.#transactions = new Transactions<Attempt>(config.crypto, {
      transmit: (_to, bytes, attempt) => this.#transmit(attempt.server, bytes),
      timedOut: (now, attempt) => host.failed(now, attempt.request, timeoutError(attempt)),
    })
  }

  /**
   * Asks the server where it sees us, and returns the number that the host's calls will name. Requests may overlap.
   * Throws {@link StunError} `closed` after {@link StunClient.close}.
   */
  bind(now: Millis, options: BindingOptions = {}): number {
    this.#assertOpen()
    const request = ++this.#lastRequest
    this.#send(now, {
      request,
      options,
      server: options.server ?? this.#config.server,
      tries: 1,
      visited: [],
    })
    return request
  }

  /**
   * Sends a Binding indication, which nobody answers: it keeps the mapping of a NAT alive (RFC 8489 §7). Throws
   * {@link StunError} `closed`.
   */
  indicate(): void {
    this.#assertOpen()
    const id = this.#transactions.newTransactionId()
    const builder = new MessageBuilder(Method.binding, MessageClass.indication, id)
    this.#transmit(this.#config.server, builder.finish())
  }

  /** Gives a request up, all of them without a number: each fails with `cancelled`. */
  cancel(now: Millis, request?: number): void {
    this.#end(
      now,
      (attempt) => request === undefined || attempt.request === request,
      new StunError('cancelled', 'the request was cancelled'),
    )
  }

  /** For a host that cannot reach a server any more, none at all without one: what waits for it fails with `error`. */
  abandon(now: Millis, error: StunError, server: TransportAddress | null = null): void {
    this.#end(now, (attempt) => server === null || sameAddress(attempt.server, server), error)
  }

  /** Whether the datagram was an answer to a request of this client's, and so is no business of anybody else's. */
  handleDatagram(now: Millis, bytes: Uint8Array): boolean {
    const response = StunMessage.decode(bytes)
    if (response === null || response.class < MessageClass.successResponse) {
      this.discarded.count(response === null ? 'malformed' : 'unmatched')
      return false
    }
    const pending = this.#transactions.find(response.transactionId)
    if (pending === null || response.method !== Method.binding) {
      this.discarded.count('unmatched')
      return false
    }
    this.#host.observed?.('received', pending.to, bytes)
    this.#receive(now, pending, response)
    return true
  }

  handleTimeout(now: Millis): void {
    this.#transactions.handleTimeout(now)
  }

  get nextTimeout(): Millis {
    return this.#transactions.nextTimeout
  }

  /** Forgets all requests; the host is called no more. */
  close(): void {
    this.#isClosed = true
    this.#transactions.clear()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StunError('closed', 'the client is closed')
  }

  #end(now: Millis, isMeant: (attempt: Attempt) => boolean, error: StunError): void {
    const ended: number[] = []
    this.#transactions.cancel((attempt) => {
      if (!isMeant(attempt)) return false
      ended.push(attempt.request)
      return true
    })
    for (const request of ended) if (!this.#isClosed) this.#host.failed(now, request, error)
  }

  #transmit(to: ServerAddress, bytes: Uint8Array): void {
    this.#host.observed?.('sent', to, bytes)
    this.#host.transmit(to, bytes)
  }

  #send(now: Millis, step: Step): void {
    const { server, options } = step
    const { software, fingerprint } = this.#config
    const id = this.#transactions.newTransactionId()
    const builder = new MessageBuilder(Method.binding, MessageClass.request, id).addIf(Software, software)
    this.#host.preparing?.(builder)
    options.preparing?.(builder)
    const known = this.#know(server)
    const attempt: Attempt = { ...step, known, wasSigned: known.credentials.signs, ignored: null }
    known.credentials.sign(builder)
    const bytes = fingerprint === false ? builder.build() : builder.finish()
    this.#transactions.start(now, server, bytes, attempt, this.#policyFor(now, options, known))
  }

  #policyFor(now: Millis, options: BindingOptions, known: KnownServer): Partial<RetransmitPolicy> {
    const policy = options.retransmit ?? this.#config.retransmit
    if (policy === false) return reliableTransportPolicy
    return options.retransmit ? options.retransmit : { ...policy, rto: known.rto.rto(now) }
  }

  #know(server: ServerAddress): KnownServer {
    const key = formatAddress(server)
    const { crypto, credentials, retransmit } = this.#config
    const known = this.#servers.get(key) ?? {
      credentials: clientCredentials(crypto, credentials),
      rto: new RtoEstimator((retransmit || defaultRetransmitPolicy).rto ?? defaultRetransmitPolicy.rto),
    }
    // Whoever refers us to ever new servers shall not make us remember them all.
    if (!this.#servers.has(key) && this.#servers.size >= MAX_SERVERS) this.#servers.clear()
    this.#servers.set(key, known)
    return known
  }

  #receive(now: Millis, pending: PendingTransaction<Attempt>, response: StunMessage): void {
    const attempt = pending.context
    const error = response.class === MessageClass.errorResponse ? response.get(ErrorCode) : undefined
    const isChallenge =
      error !== undefined &&
      (error.code === StatusCode.unauthenticated || error.code === StatusCode.staleNonce) &&
      this.#config.credentials?.kind === 'long-term'
    // A challenge cannot be signed by a key that is yet to be derived; all else must be, or it is as if it never came.
    if (attempt.wasSigned && !isChallenge && !attempt.known.credentials.accepts(response)) {
      this.discarded.count('unauthenticated')
      attempt.ignored = error ?? { code: 0, reason: 'a success response' }
      return
    }
    if (pending.transmissions === 1) attempt.known.rto.sample(now - pending.startedAt)
    else attempt.known.rto.backOff()
    this.#transactions.end(response.transactionId)
    if (isChallenge && this.#answerChallenge(now, attempt, response)) return
    if (response.class === MessageClass.successResponse) this.#succeed(now, attempt, response)
    else if (error === undefined)
      this.#fail(now, attempt, 'malformed', 'an error response without ERROR-CODE')
    else if (error.code !== StatusCode.tryAlternate || !this.#redirect(now, attempt, response))
      this.#fail(now, attempt, error.code, error.reason)
  }

  #answerChallenge(now: Millis, attempt: Attempt, response: StunMessage): boolean {
    if (attempt.tries >= MAX_TRIES || !attempt.known.credentials.learn(response, attempt.wasSigned))
      return false
    this.#send(now, { ...attempt, tries: attempt.tries + 1 })
    return true
  }

  /** RFC 8489 §10: asks the server that the answer names, unless that one has sent us here. */
  #redirect(now: Millis, attempt: Attempt, response: StunMessage): boolean {
    const alternate = response.get(AlternateServer)
    if (alternate?.family !== attempt.server.family || alternate.port === 0) return false
    if (this.#config.followAlternate === false || attempt.tries >= MAX_TRIES) return false
    const visited = [...attempt.visited, attempt.server]
    if (visited.some((server) => sameAddress(server, alternate))) return false
    // Without a domain of its own the alternate has a certificate for the one that we know.
    const domain = response.get(AlternateDomain) ?? attempt.server.domain
    const server = domain === undefined ? alternate : { ...alternate, domain }
    this.#send(now, { ...attempt, server, visited, tries: attempt.tries + 1 })
    return true
  }

  #succeed(now: Millis, attempt: Attempt, response: StunMessage): void {
    const { request, server } = attempt
    const mapped = response.get(XorMappedAddress) ?? response.get(MappedAddress)
    if (response.unknownComprehensionRequired(UNDERSTOOD).length > 0)
      this.#fail(now, attempt, 'malformed', 'a success response with attributes that nobody here understands')
    else if (mapped === undefined)
      this.#fail(now, attempt, 'malformed', 'a success response without XOR-MAPPED-ADDRESS')
    else
      this.#host.succeeded(now, request, {
        mapped,
        server,
        software: response.get(Software),
        other: response.get(OtherAddress),
        origin: response.get(ResponseOrigin),
      })
  }

  #fail(now: Millis, attempt: Attempt, code: number | 'malformed', reason: string): void {
    this.#host.failed(now, attempt.request, new StunError(code, reason))
  }
}

/** What was learned about a server: nonces, algorithms and round-trip times are its own. */
interface KnownServer {
  readonly credentials: ClientCredentials
  readonly rto: RtoEstimator
}

/** One step of a request: which server is asked, and what has been tried before. */
interface Step {
  readonly request: number
  readonly options: BindingOptions
  readonly server: ServerAddress
  readonly tries: number
  readonly visited: readonly TransportAddress[]
}

interface Attempt extends Step {
  readonly known: KnownServer
  readonly wasSigned: boolean
  /** The last answer that was dropped for want of integrity; it may explain the time-out. */
  ignored: { readonly code: number; readonly reason: string } | null
}

/** RFC 8489 §9.2.5: a time-out with nothing but unauthentic answers is a violation, not silence. */
function timeoutError({ ignored }: Attempt): StunError {
  if (ignored === null) return new StunError('timeout', 'the server did not answer')
  const answer = ignored.code === 0 ? ignored.reason : `${ignored.code} ${ignored.reason}`
  return new StunError('unauthenticated', `no answer was authentic; the last one was ${answer}`)
}

/** More than anybody configures. */
const MAX_SERVERS = 64

/** A challenge, a stale nonce, a server in between: more is a server that plays with us. */
const MAX_TRIES = 5

/** What a Binding response may hold below 0x8000, with RFC 5780 §7. */
const UNDERSTOOD: ReadonlySet<number> = new Set<number>([...BINDING_ATTRIBUTES, AttributeType.padding])
