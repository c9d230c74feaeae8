import { Counters, type Millis, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { Padding } from './attributes/discovery.ts'
import { Software } from './attributes/outcome.ts'
import { type BindingAnswer, BindingService, type BindingServiceConfig } from './binding-service.ts'
import { FINGERPRINT_LENGTH } from './fingerprint.ts'
import { integrityLengths } from './integrity.ts'
import { LongTermAuthenticator, type LongTermConfig } from './long-term-authenticator.ts'
import { StunMessage } from './message.ts'
import { MessageClass, Method } from './message-type.ts'
import type { RequestAuthenticator, RequestGrant } from './request-authenticator.ts'
import { ShortTermAuthenticator, type ShortTermConfig } from './short-term-authenticator.ts'
import { StunError } from './stun-error.ts'
import type { TransportAddress } from './transport-address.ts'

export interface StunServerConfig<
  Local extends TransportAddress = TransportAddress,
> extends BindingServiceConfig<Local> {
  readonly crypto: CryptoProvider
  /** Sent as SOFTWARE where it fits; none by default. */
  readonly software?: string
  /** Whether answers end in FINGERPRINT. Default true. */
  readonly fingerprint?: boolean
  /** Whom Binding requests are answered for, by accounts of this server's; everybody by default. */
  readonly longTerm?: Omit<LongTermConfig, 'crypto'> | LongTermAuthenticator
  /** Whom Binding requests are answered for, by names and passwords agreed on elsewhere; not together with `longTerm`. */
  readonly shortTerm?: Omit<ShortTermConfig, 'crypto'>
}

export interface StunServerHost<Local extends TransportAddress = TransportAddress> {
  /** Sends an answer from `local`: where the request came to, or what CHANGE-REQUEST made of it. */
  transmit(to: TransportAddress, bytes: Uint8Array, local: Local): void
  /** May keep an answer back by returning false: a success (`code` null), or an error. */
  answering?(client: TransportAddress, code: number | null): boolean
  /** Sees every well-formed message that comes or goes, for a log. `bytes` are borrowed. */
  observed?(direction: MessageDirection, peer: TransportAddress, bytes: Uint8Array, local: Local): void
}

export type MessageDirection = 'received' | 'sent'

/** Why a datagram got no answer. */
export type StunServerDiscard = 'malformed' | 'not-a-request' | 'unknown-method' | 'suppressed'

/**
 * A STUN server without a socket: answers Binding requests, and nothing else. It keeps no state about clients. No answer
 * is larger than the 548 bytes that any path takes (RFC 8489 §6.1) whatever a forged source asks for, but one with
 * PADDING, which is no larger than its request.
 *
 * `Local` is what the host knows its own ends by: an address, or an object with one, a socket or a connection.
 *
 * @example
 * const server = new StunServer({ crypto }, { transmit: (to, bytes) => socket.send(bytes, to.port, to.address) })
 * socket.on('message', (bytes, from) => server.handleDatagram(now(), transportAddress(from.address, from.port), local,
 * bytes))
 */
export class StunServer<Local extends TransportAddress = TransportAddress> {
  readonly discarded: Counters<StunServerDiscard> = new Counters()
  /** Answers by kind: `success`, or the error code. */
  readonly answered: Counters<'success' | `${number}`> = new Counters()
  readonly #config: StunServerConfig<Local>
  readonly #host: StunServerHost<Local>
  readonly #authenticator: RequestAuthenticator | null
  readonly #service: BindingService<Local>
  /** Bytes that SOFTWARE takes at most, header and padding included. */
  readonly #softwareLength: number

  /** Throws {@link StunError} `invalid-value` for both kinds of credentials at once, or names that are too long. */
  constructor(config: StunServerConfig<Local>, host: StunServerHost<Local>) {
    this.#config = config
    this.#host = host
    this.#softwareLength = 7 + toUtf8(config.software ?? '').length
    this.#authenticator = authenticatorOf(config)
    this.#service = new BindingService(config, this.#authenticator?.understands)
  }

  /** `local` is the end that the datagram came to. */
  handleDatagram(now: Millis, from: TransportAddress, local: Local, bytes: Uint8Array): void {
    const message = StunMessage.decode(bytes)
    if (message === null) this.discarded.count('malformed')
    else this.handleMessage(now, from, local, message)
  }

  /** {@link StunServer.handleDatagram} for a message that is decoded already. */
  handleMessage(now: Millis, from: TransportAddress, local: Local, message: StunMessage): void {
    this.#host.observed?.('received', from, message.wire, local)
    // RFC 8489 §6.3: an indication is never answered, a response least of all; an unknown method is dropped in silence.
    if (message.class !== MessageClass.request) this.discarded.count('not-a-request')
    else if (message.method !== Method.binding) this.discarded.count('unknown-method')
    else this.#authenticate(now, from, local, message)
  }

  #authenticate(now: Millis, from: TransportAddress, local: Local, request: StunMessage): void {
    const authenticator = this.#authenticator
    const outcome = authenticator?.authenticate(now, request, from) ?? null
    if (authenticator === null || outcome === null) {
      this.#send(from, this.#service.answer(request, from, local), null)
    } else if (outcome.granted) {
      this.#send(from, this.#service.answer(outcome.message, from, local), outcome)
    } else {
      const { code } = outcome
      const response = authenticator.refuse(now, request, from, code)
      this.#send(from, { code, response, to: from, origin: local, fill: 0 }, null)
    }
  }

  #send(client: TransportAddress, answer: BindingAnswer<Local>, grant: RequestGrant | null): void {
    const { code, response, to, origin } = answer
    if (this.#host.answering?.(client, code) === false) {
      this.discarded.count('suppressed')
      return
    }
    const { crypto, software, fingerprint } = this.#config
    if (software !== undefined && response.length + this.#softwareLength <= MAX_LENGTH)
      response.add(Software, software)
    const tail =
      (grant === null ? 0 : 4 + integrityLengths[grant.integrity]) +
      (fingerprint === false ? 0 : FINGERPRINT_LENGTH)
    const padding = answer.fill - response.length - tail - 4
    if (padding > 0) response.add(Padding, new Uint8Array(padding))
    if (grant !== null) response.sign(crypto, grant.key, grant.integrity)
    const bytes = fingerprint === false ? response.build() : response.finish()
    this.answered.count(code === null ? 'success' : `${code}`)
    this.#host.observed?.('sent', to, bytes, origin)
    this.#host.transmit(to, bytes, origin)
  }
}

function authenticatorOf<Local extends TransportAddress>(
  config: StunServerConfig<Local>,
): RequestAuthenticator | null {
  const { crypto, longTerm, shortTerm } = config
  if (longTerm !== undefined && shortTerm !== undefined)
    throw new StunError('invalid-value', 'a server takes short-term or long-term credentials, not both')
  if (shortTerm !== undefined) return new ShortTermAuthenticator({ ...shortTerm, crypto })
  if (longTerm === undefined || longTerm instanceof LongTermAuthenticator) return longTerm ?? null
  return new LongTermAuthenticator({ ...longTerm, crypto })
}

/** A packet of 576 bytes less its IPv4 and UDP headers (RFC 8489 §6.1), less integrity and FINGERPRINT. */
const MAX_LENGTH = 576 - 28 - 36 - 8
