import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { TRANSACTION_ID_LENGTH } from './header.ts'
import { StunError } from './stun-error.ts'
import type { TransportAddress } from './transport-address.ts'

/** When a request is sent again over UDP, RFC 8489 §6.2.1. */
export interface RetransmitPolicy {
  /** Milliseconds before the first retransmission; each further wait doubles. Default 500. */
  readonly rto: number
  /** Rc: how often the request is sent at most, the first time included. Default 7. */
  readonly rc: number
  /** Rm: how many times `rto` to wait for an answer to the last one. Default 16. */
  readonly rm: number
}

/** Sends at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms, and gives up at 39500 ms. */
export const defaultRetransmitPolicy: RetransmitPolicy = { rto: 500, rc: 7, rm: 16 }

/**
 * For a transport that delivers, TCP and TLS, or where nothing shall be sent twice: one request, and the same 39.5 s
 * (RFC 8489 §6.2.2).
 */
export const reliableTransportPolicy: RetransmitPolicy = { rto: 39_500, rc: 1, rm: 1 }

/** What transactions ask of their owner. Both calls may call back into the transactions. */
export interface TransactionsHost<Context> {
  /** `bytes` are the request as it was started, borrowed. */
  transmit(to: TransportAddress, bytes: Uint8Array, context: Context): void
  /** No answer came in time; the transaction has ended. */
  timedOut(now: Millis, context: Context): void
}

/** A request that waits for its answer. */
export interface PendingTransaction<Context> {
  readonly context: Context
  readonly to: TransportAddress
  readonly startedAt: Millis
  /** How often the request was sent: only one that was sent once tells the round-trip time (Karn's algorithm). */
  readonly transmissions: number
}

/**
 * The client side of request and response: transaction IDs, retransmission and time-out, RFC 8489 §6.2. What a request
 * is about is the owner's `Context`. A response ends nothing by itself: the owner finds the transaction, authenticates
 * the response, and only then ends it, so that a forged answer cannot keep the real one from being heard.
 *
 * @example
 * transactions.start(now, server, request, { kind: 'binding' })
 * // for a response:
 * const pending = transactions.find(message.transactionId)
 * if (pending === null || authenticate(crypto, message, key) === null) return
 * transactions.end(message.transactionId)
 */
export class Transactions<Context> {
  readonly #crypto: CryptoProvider
  readonly #host: TransactionsHost<Context>
  readonly #pending = new Map<string, Entry<Context>>()
  /** Cached minimum of all deadlines; NaN when it must be computed anew. */
  #earliest = Infinity

  constructor(crypto: CryptoProvider, host: TransactionsHost<Context>) {
    this.#crypto = crypto
    this.#host = host
  }

  /** 96 bits from the CSPRNG: whoever cannot see the request cannot forge an answer (RFC 8489 §5). */
  newTransactionId(): Uint8Array {
    const id = new Uint8Array(TRANSACTION_ID_LENGTH)
    this.#crypto.randomFill(id)
    return id
  }

  /**
   * Sends `request`, a whole message with a fresh transaction ID, and again until {@link Transactions.end} or the
   * time-out. The bytes are copied if they may be sent again. Throws {@link StunError} `invalid-value` for a
   * transaction ID that is pending, or a policy that never ends.
   */
  start(
    now: Millis,
    to: TransportAddress,
    request: Uint8Array,
    context: Context,
    policy: Partial<RetransmitPolicy> = {},
  ): void {
    this.adopt(now, to, request, context, policy)
    this.#host.transmit(to, request, context)
  }

  /**
   * As {@link Transactions.start}, for a request that was sent already, at `now`. Where it is not to be sent again, its header
   * is enough.
   */
  adopt(
    now: Millis,
    to: TransportAddress,
    request: Uint8Array,
    context: Context,
    policy: Partial<RetransmitPolicy> = {},
  ): void {
    const { rto, rc, rm } = { ...defaultRetransmitPolicy, ...policy }
    const total = rto * (2 ** (rc - 1) - 1 + rm)
    if (!(rto > 0 && Number.isInteger(rc) && rc >= 1 && rm > 0 && Number.isFinite(total)))
      throw new StunError('invalid-value', `retransmission policy rto ${rto}, rc ${rc}, rm ${rm}`)
    const key = keyOf(request.subarray(8, 20))
    if (this.#pending.has(key)) throw new StunError('invalid-value', 'the transaction ID is in use')
    const lastWait = rto * rm
    const deadline = Millis(now + (rc > 1 ? rto : lastWait))
    const entry = {
      context,
      to,
      startedAt: now,
      transmissions: 1,
      // Not slice(): that of a Node Buffer is a view.
      request: rc > 1 ? new Uint8Array(request) : NOTHING,
      deadline,
      wait: rto,
      lastWait,
      sendsLeft: rc - 1,
      silent: false,
    }
    this.#pending.set(key, entry)
    if (deadline < this.#earliest) this.#earliest = deadline
  }

  /**
   * The transaction that a response answers, which goes on: authenticate the response, then {@link Transactions.end} it.
   * Where the response came from is not looked at (ICE compares it with `to`).
   */
  find(transactionId: Uint8Array): PendingTransaction<Context> | null {
    return this.#pending.get(keyOf(transactionId)) ?? null
  }

  /** Forgets the transaction: it was answered. Does nothing where it is not pending. */
  end(transactionId: Uint8Array): void {
    if (this.#pending.delete(keyOf(transactionId))) this.#earliest = NaN
  }

  /** Forgets the transactions whose context satisfies `predicate`, without a time-out call. */
  cancel(predicate: (context: Context) => boolean): void {
    for (const [key, entry] of this.#pending) if (predicate(entry.context)) this.#pending.delete(key)
    this.#earliest = NaN
  }

  /**
   * Sends no more of those requests, still hears their answers until they would have timed out, and does not call
   * `timedOut` for them: what RFC 8445 §7.3.1.4 means by cancelling a check.
   */
  silence(predicate: (context: Context) => boolean): void {
    for (const entry of this.#pending.values()) {
      if (entry.silent || !predicate(entry.context)) continue
      entry.silent = true
      // The waits that would follow: twice the current one, four times, ... up to the last send, then the last wait.
      if (entry.sendsLeft > 0)
        entry.deadline = Millis(entry.deadline + entry.wait * (2 ** entry.sendsLeft - 2) + entry.lastWait)
      entry.sendsLeft = 0
    }
    this.#earliest = NaN
  }

  /** Forgets all transactions. */
  clear(): void {
    this.#pending.clear()
    this.#earliest = Infinity
  }

  handleTimeout(now: Millis): void {
    if (now < this.nextTimeout) return
    // A callback may end, start or clear transactions: a map's iterator copes with all of that.
    for (const [key, entry] of this.#pending) {
      if (entry.deadline > now) continue
      this.#earliest = NaN
      if (entry.sendsLeft > 0) {
        entry.sendsLeft--
        entry.transmissions++
        entry.wait *= 2
        entry.deadline = Millis(now + (entry.sendsLeft > 0 ? entry.wait : entry.lastWait))
        this.#host.transmit(entry.to, entry.request, entry.context)
      } else {
        this.#pending.delete(key)
        if (!entry.silent) this.#host.timedOut(now, entry.context)
      }
    }
  }

  get nextTimeout(): Millis {
    if (Number.isNaN(this.#earliest)) {
      this.#earliest = Infinity
      for (const { deadline } of this.#pending.values())
        if (deadline < this.#earliest) this.#earliest = deadline
    }
    return Millis(this.#earliest)
  }

  /** How many requests wait for an answer. */
  get size(): number {
    return this.#pending.size
  }
}

interface Entry<Context> extends PendingTransaction<Context> {
  transmissions: number
  readonly request: Uint8Array
  /** When the next thing happens: a retransmission while `sendsLeft`, else the time-out. */
  deadline: Millis
  /** The wait that runs now; the next one is twice as long. */
  wait: number
  readonly lastWait: number
  sendsLeft: number
  silent: boolean
}

const NOTHING = new Uint8Array(0)

/** Twelve bytes as six UTF-16 units: a map key that is cheap to make and to hash. */
function keyOf(id: Uint8Array): string {
  return String.fromCharCode(
    (id[0]! << 8) | id[1]!,
    (id[2]! << 8) | id[3]!,
    (id[4]! << 8) | id[5]!,
    (id[6]! << 8) | id[7]!,
    (id[8]! << 8) | id[9]!,
    (id[10]! << 8) | id[11]!,
  )
}
