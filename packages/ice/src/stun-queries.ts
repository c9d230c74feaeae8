import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import {
  ErrorCode,
  MappedAddress,
  MessageBuilder,
  MessageClass,
  Method,
  sameAddress,
  type StunMessage,
  Transactions,
  type TransportAddress,
  XorMappedAddress,
} from '@purertc/stun'

import type { Base, SocketBase } from './base.ts'
import { type StunServerAddress, UNREACHABLE } from './server-address.ts'

/** One server asked from one base. */
export interface StunQuery {
  readonly base: SocketBase
  readonly server: StunServerAddress
  /** Position among the STUN servers. */
  readonly index: number
}

export interface StunQueriesHost {
  /** The bytes are the host's to keep. */
  transmit(now: Millis, base: SocketBase, to: TransportAddress, bytes: Uint8Array): void
  mapped(query: StunQuery, address: TransportAddress): void
  failed(query: StunQuery, code: number, text: string): void
}

/**
 * Asks STUN servers how they see the bases, RFC 8445 §5.1.1.2, and keeps the NAT bindings that were found open, by asking
 * again, until the candidates are used or given up (§5.1.1.4).
 */
export class StunQueries {
  readonly #host: StunQueriesHost
  readonly #transactions: Transactions<StunQuery>
  readonly #crypto: CryptoProvider
  /** Nobody waits for their answers, which are no news. Null until there are any: few agents are behind a NAT. */
  #keepAlives: Transactions<StunQuery> | null = null
  readonly #bindings = new Set<StunQuery>()
  #keepAliveAt: Millis = NEVER
  #now: Millis = LONG_AGO

  constructor(crypto: CryptoProvider, host: StunQueriesHost) {
    this.#crypto = crypto
    this.#host = host
    this.#transactions = this.#createTransactions((query) =>
      host.failed(query, UNREACHABLE, 'the STUN server does not answer'),
    )
  }

  /** Requests without an answer so far. */
  get size(): number {
    return this.#transactions.size
  }

  get nextTimeout(): Millis {
    const keepAlives = this.#keepAlives?.nextTimeout ?? NEVER
    return Millis(Math.min(this.#transactions.nextTimeout, keepAlives, this.#keepAliveAt))
  }

  start(now: Millis, query: StunQuery): void {
    this.#now = now
    request(now, this.#transactions, query)
  }

  /** False where the response answers no query of ours from there. */
  handleResponse(now: Millis, base: Base, from: TransportAddress, response: StunMessage): boolean {
    for (const transactions of [this.#transactions, this.#keepAlives]) {
      const pending = transactions?.find(response.transactionId)
      if (pending?.context.base !== base || !sameAddress(pending.to, from)) continue
      transactions?.end(response.transactionId)
      if (transactions === this.#transactions) this.#judge(now, pending.context, response)
      return true
    }
    return false
  }

  handleTimeout(now: Millis): void {
    this.#now = now
    this.#transactions.handleTimeout(now)
    this.#keepAlives?.handleTimeout(now)
    if (now < this.#keepAliveAt) return
    this.#keepAliveAt = Millis(now + KEEP_ALIVE)
    this.#keepAlives ??= this.#createTransactions(() => undefined)
    for (const query of this.#bindings) request(now, this.#keepAlives, query)
  }

  /** Gives up what is unanswered, with a report each. */
  abandon(): void {
    const queries: StunQuery[] = []
    this.#transactions.cancel((query) => queries.push(query) > 0)
    for (const query of queries) this.#host.failed(query, UNREACHABLE, 'the STUN server does not answer')
  }

  /** What was asked from there is of no use any more. */
  removeBase(base: SocketBase): void {
    this.#transactions.cancel((query) => query.base === base)
    this.#keepAlives?.cancel((query) => query.base === base)
    for (const query of this.#bindings) if (query.base === base) this.#bindings.delete(query)
  }

  /** The bindings are no longer needed. */
  stopKeepAlive(): void {
    this.#bindings.clear()
    this.#keepAlives?.clear()
    this.#keepAliveAt = NEVER
  }

  stop(): void {
    this.#transactions.clear()
    this.stopKeepAlive()
  }

  #createTransactions(timedOut: (query: StunQuery) => void): Transactions<StunQuery> {
    return new Transactions(this.#crypto, {
      transmit: (to, bytes, { base }) => this.#host.transmit(this.#now, base, to, bytes),
      timedOut: (_now, query) => timedOut(query),
    })
  }

  #judge(now: Millis, query: StunQuery, response: StunMessage): void {
    const mapped = response.get(XorMappedAddress) ?? response.get(MappedAddress)
    if (response.class === MessageClass.successResponse && mapped !== undefined) {
      this.#bindings.add(query)
      if (this.#keepAliveAt === NEVER) this.#keepAliveAt = Millis(now + KEEP_ALIVE)
      this.#host.mapped(query, mapped)
      return
    }
    const error = response.get(ErrorCode)
    this.#host.failed(
      query,
      error?.code ?? UNREACHABLE,
      error?.reason ?? 'the STUN server answers without an address',
    )
  }
}

function request(now: Millis, transactions: Transactions<StunQuery>, query: StunQuery): void {
  const id = transactions.newTransactionId()
  const bytes = new MessageBuilder(Method.binding, MessageClass.request, id).finish()
  transactions.start(now, query.server.address, bytes, query, policy)
}

/** Sends at 0, 0.5, 1.5, 3.5 and 7.5 s and gives up after 9.5 s: a candidate that comes later comes too late. */
const policy = { rto: 500, rc: 5, rm: 4 }

/** Tr, RFC 8445 §11. */
const KEEP_ALIVE = 15_000

const NEVER = Millis(Infinity)
const LONG_AGO = Millis(-Infinity)
