import { Counters, type Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { AttributeType } from './attribute-type.ts'
import { AlternateServer, MappedAddress, XorMappedAddress } from './attributes/addresses.ts'
import { ErrorCode, Software } from './attributes/outcome.ts'
import { type ClientCredentials, clientCredentials, type StunCredentials } from './client-credentials.ts'
import { StatusCode } from './error-codes.ts'
import { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import { MessageClass, Method } from './message-type.ts'
import { StunError } from './stun-error.ts'
import { type RetransmitPolicy, Transactions } from './transactions.ts'
import { formatAddress, sameAddress, type TransportAddress } from './transport-address.ts'

export interface StunClientConfig {
  readonly crypto: CryptoProvider
  readonly server: TransportAddress
  /** None by default: public servers ask for none. */
  readonly credentials?: StunCredentials
  /** Sent as SOFTWARE; none by default. */
  readonly software?: string
  /** Whether requests end in FINGERPRINT. Default true. */
  readonly fingerprint?: boolean
  /** When a request is sent again; RFC 8489 §6.2.1 by default. */
  readonly retransmit?: Partial<RetransmitPolicy>
}

export interface BindingResult {
  /** Where the server sees us: XOR-MAPPED-ADDRESS. */
  readonly mapped: TransportAddress
  /** Who answered: the configured server, or the one it referred us to. */
  readonly server: TransportAddress
  /** The server's SOFTWARE. */
  readonly software: string | undefined
}

/** What a client asks of its host. `request` is what {@link StunClient.bind} returned. */
export interface StunClientHost {
  transmit(to: TransportAddress, bytes: Uint8Array): void
  succeeded(now: Millis, request: number, result: BindingResult): void
  /** The request has ended without an address: refused by the server, unanswered, or cancelled. */
  failed(now: Millis, request: number, error: StunError): void
  /** May add attributes to a request before it is signed. */
  preparing?(request: MessageBuilder): void
}

/** Datagrams that changed nothing: no answer to a request of ours, or one that was not signed as it must be. */
export type StunClientDiscard = 'unmatched' | 'unauthenticated' | 'malformed'

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
  /** By server, for nonces and algorithms are a server's own. */
  readonly #credentials = new Map<string, ClientCredentials>()
  #lastRequest = 0
  #isClosed = false

  constructor(config: StunClientConfig, host: StunClientHost) {
    this.#config = config
    this.#host = host
    this.#transactions = new Transactions<Attempt>(config.crypto, {
      transmit: (to, bytes) => host.transmit(to, bytes),
      timedOut: (now, attempt) => host.failed(now, attempt.request, timeoutError(attempt)),
    })
  }

  /**
   * Asks the server where it sees us, and returns the number that the host's calls will name. Requests may overlap.
   * Throws {@link StunError} `closed` after {@link StunClient.close}.
   */
  bind(now: Millis): number {
    if (this.#isClosed) throw new StunError('closed', 'the client is closed')
    const request = ++this.#lastRequest
    this.#send(now, { request, server: this.#config.server, tries: 1, visited: [] })
    return request
  }

  /** Gives a request up, all of them without a number: each fails with `cancelled`. */
  cancel(now: Millis, request?: number): void {
    const cancelled: number[] = []
    this.#transactions.cancel((attempt) => {
      const isMeant = request === undefined || attempt.request === request
      if (isMeant) cancelled.push(attempt.request)
      return isMeant
    })
    const error = new StunError('cancelled', 'the request was cancelled')
    for (const number of cancelled) if (!this.#isClosed) this.#host.failed(now, number, error)
  }

  /** Whether the datagram was an answer to a request of this client's, and so is no business of anybody else's. */
  handleDatagram(now: Millis, bytes: Uint8Array): boolean {
    const response = StunMessage.decode(bytes)
    if (response === null || response.class < MessageClass.successResponse) {
      this.discarded.count(response === null ? 'malformed' : 'unmatched')
      return false
    }
    const attempt = this.#transactions.find(response.transactionId)?.context
    if (attempt === undefined || response.method !== Method.binding) {
      this.discarded.count('unmatched')
      return false
    }
    this.#receive(now, attempt, response)
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

  #send(now: Millis, { request, server, tries, visited }: Step): void {
    const { software, fingerprint, retransmit } = this.#config
    const id = this.#transactions.newTransactionId()
    const builder = new MessageBuilder(Method.binding, MessageClass.request, id).addIf(Software, software)
    this.#host.preparing?.(builder)
    const credentials = this.#credentialsFor(server)
    const attempt: Attempt = {
      request,
      server,
      tries,
      visited,
      credentials,
      wasSigned: credentials.signs,
      ignored: null,
    }
    credentials.sign(builder)
    const bytes = fingerprint === false ? builder.build() : builder.finish()
    this.#transactions.start(now, server, bytes, attempt, retransmit)
  }

  #credentialsFor(server: TransportAddress): ClientCredentials {
    const key = formatAddress(server)
    const known =
      this.#credentials.get(key) ?? clientCredentials(this.#config.crypto, this.#config.credentials)
    this.#credentials.set(key, known)
    return known
  }

  #receive(now: Millis, attempt: Attempt, response: StunMessage): void {
    const error = response.class === MessageClass.errorResponse ? response.get(ErrorCode) : undefined
    const isChallenge =
      error !== undefined &&
      (error.code === StatusCode.unauthenticated || error.code === StatusCode.staleNonce) &&
      this.#config.credentials?.kind === 'long-term'
    // A challenge cannot be signed by a key that is yet to be derived; all else must be, or it is as if it never came.
    if (attempt.wasSigned && !isChallenge && !attempt.credentials.accepts(response)) {
      this.discarded.count('unauthenticated')
      attempt.ignored = error ?? { code: 0, reason: 'a success response' }
      return
    }
    this.#transactions.end(response.transactionId)
    if (isChallenge && this.#answerChallenge(now, attempt, response)) return
    if (response.class === MessageClass.successResponse) this.#succeed(now, attempt, response)
    else if (error === undefined)
      this.#fail(now, attempt, 'malformed', 'an error response without ERROR-CODE')
    else if (error.code !== StatusCode.tryAlternate || !this.#redirect(now, attempt, response))
      this.#fail(now, attempt, error.code, error.reason)
  }

  #answerChallenge(now: Millis, attempt: Attempt, response: StunMessage): boolean {
    if (attempt.tries >= MAX_TRIES || !attempt.credentials.learn(response, attempt.wasSigned)) return false
    this.#send(now, { ...attempt, tries: attempt.tries + 1 })
    return true
  }

  /** RFC 8489 §10: asks the server that the answer names, unless that one has sent us here. */
  #redirect(now: Millis, attempt: Attempt, response: StunMessage): boolean {
    const alternate = response.get(AlternateServer)
    if (alternate?.family !== attempt.server.family || alternate.port === 0) return false
    if (attempt.tries >= MAX_TRIES) return false
    const visited = [...attempt.visited, attempt.server]
    if (visited.some((server) => sameAddress(server, alternate))) return false
    this.#send(now, { ...attempt, server: alternate, visited, tries: attempt.tries + 1 })
    return true
  }

  #succeed(now: Millis, attempt: Attempt, response: StunMessage): void {
    const { request, server } = attempt
    const mapped = response.get(XorMappedAddress) ?? response.get(MappedAddress)
    if (response.unknownComprehensionRequired(UNDERSTOOD).length > 0)
      this.#fail(now, attempt, 'malformed', 'a success response with attributes that nobody here understands')
    else if (mapped === undefined)
      this.#fail(now, attempt, 'malformed', 'a success response without XOR-MAPPED-ADDRESS')
    else this.#host.succeeded(now, request, { mapped, server, software: response.get(Software) })
  }

  #fail(now: Millis, attempt: Attempt, code: number | 'malformed', reason: string): void {
    this.#host.failed(now, attempt.request, new StunError(code, reason))
  }
}

/** One step of a request: which server is asked, and what has been tried before. */
interface Step {
  readonly request: number
  readonly server: TransportAddress
  readonly tries: number
  readonly visited: readonly TransportAddress[]
}

interface Attempt extends Step {
  readonly credentials: ClientCredentials
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

/** A challenge, a stale nonce, a server in between: more is a server that plays with us. */
const MAX_TRIES = 5

/** What a Binding response may hold below 0x8000, RFC 8489 §14 and RFC 5780 §7. */
const UNDERSTOOD: ReadonlySet<number> = new Set<number>([
  AttributeType.mappedAddress,
  AttributeType.username,
  AttributeType.errorCode,
  AttributeType.unknownAttributes,
  AttributeType.realm,
  AttributeType.nonce,
  AttributeType.passwordAlgorithm,
  AttributeType.userhash,
  AttributeType.xorMappedAddress,
  AttributeType.padding,
])
