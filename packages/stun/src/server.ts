import { Counters, type Millis, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { AttributeType } from './attribute-type.ts'
import { AlternateServer, XorMappedAddress } from './attributes/addresses.ts'
import { Software, UnknownAttributes } from './attributes/outcome.ts'
import { StatusCode } from './error-codes.ts'
import { LongTermAuthenticator, type LongTermConfig, type LongTermGrant } from './long-term-authenticator.ts'
import { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import { MessageClass, Method } from './message-type.ts'
import type { TransportAddress } from './transport-address.ts'

export interface StunServerConfig {
  readonly crypto: CryptoProvider
  /** Sent as SOFTWARE where it fits; none by default. */
  readonly software?: string
  /** Whether answers end in FINGERPRINT. Default true. */
  readonly fingerprint?: boolean
  /** Whom Binding requests are answered for; everybody by default. */
  readonly longTerm?: Omit<LongTermConfig, 'crypto'> | LongTermAuthenticator
  /** The server that a client shall ask instead (300), `null` for none. */
  readonly alternateServer?: (client: TransportAddress) => TransportAddress | null
}

export interface StunServerHost {
  /** Sends an answer from the address that the request came to. */
  transmit(to: TransportAddress, bytes: Uint8Array, local: TransportAddress): void
  /** May keep an answer back by returning false: a success (`code` null), or an error. */
  answering?(client: TransportAddress, code: number | null): boolean
}

/** Why a datagram got no answer. */
export type StunServerDiscard = 'malformed' | 'not-a-request' | 'unknown-method' | 'suppressed'

/**
 * A STUN server without a socket: answers Binding requests, and nothing else. It keeps no state about clients. No answer
 * is larger than the 548 bytes that any path takes (RFC 8489 §6.1), whatever a forged source asks for.
 *
 * @example
 * const server = new StunServer({ crypto }, { transmit: (to, bytes) => socket.send(bytes, to.port, to.address) })
 * socket.on('message', (bytes, from) => server.handleDatagram(now(), transportAddress(from.address, from.port), local, bytes))
 */
export class StunServer {
  readonly discarded: Counters<StunServerDiscard> = new Counters()
  /** Answers by kind: `success`, or the error code. */
  readonly answered: Counters<'success' | `${number}`> = new Counters()
  readonly #config: StunServerConfig
  readonly #host: StunServerHost
  readonly #authenticator: LongTermAuthenticator | null
  /** Bytes that SOFTWARE takes at most, header and padding included. */
  readonly #softwareLength: number

  constructor(config: StunServerConfig, host: StunServerHost) {
    const { crypto, longTerm } = config
    this.#config = config
    this.#host = host
    this.#softwareLength = 7 + toUtf8(config.software ?? '').length
    if (longTerm === undefined) this.#authenticator = null
    else if (longTerm instanceof LongTermAuthenticator) this.#authenticator = longTerm
    else this.#authenticator = new LongTermAuthenticator({ ...longTerm, crypto })
  }

  /** `local` is the address that the datagram came to. */
  handleDatagram(now: Millis, from: TransportAddress, local: TransportAddress, bytes: Uint8Array): void {
    const message = StunMessage.decode(bytes)
    if (message === null) this.discarded.count('malformed')
    else this.handleMessage(now, from, local, message)
  }

  /** For whoever has decoded the datagram already, as a TURN server on the same port has. */
  handleMessage(now: Millis, from: TransportAddress, local: TransportAddress, message: StunMessage): void {
    // RFC 8489 §6.3: an indication is never answered, a response least of all; an unknown method is dropped in silence.
    if (message.class !== MessageClass.request) this.discarded.count('not-a-request')
    else if (message.method !== Method.binding) this.discarded.count('unknown-method')
    else this.#authenticate(now, from, local, message)
  }

  #authenticate(now: Millis, from: TransportAddress, local: TransportAddress, request: StunMessage): void {
    const authenticator = this.#authenticator
    if (authenticator === null) {
      this.#send(from, local, this.#answer(request, from), null)
      return
    }
    const outcome = authenticator.authenticate(now, request, from)
    if (outcome.granted) {
      this.#send(from, local, this.#answer(request, from), outcome)
    } else {
      const response = authenticator.refuse(now, request, from, outcome.code)
      this.#send(from, local, { code: outcome.code, response }, null)
    }
  }

  #answer(request: StunMessage, from: TransportAddress): Answer {
    const unknown = request.unknownComprehensionRequired(UNDERSTOOD)
    if (unknown.length > 0) {
      const response = MessageBuilder.error(request, StatusCode.unknownAttribute)
      return { code: 420, response: response.add(UnknownAttributes, unknown.slice(0, MAX_UNKNOWN)) }
    }
    const alternate = this.#config.alternateServer?.(from) ?? null
    if (alternate !== null) {
      const response = MessageBuilder.error(request, StatusCode.tryAlternate)
      return { code: 300, response: response.add(AlternateServer, alternate) }
    }
    return { code: null, response: MessageBuilder.success(request).add(XorMappedAddress, from) }
  }

  #send(to: TransportAddress, local: TransportAddress, answer: Answer, grant: LongTermGrant | null): void {
    const { code, response } = answer
    if (this.#host.answering?.(to, code) === false) {
      this.discarded.count('suppressed')
      return
    }
    const { crypto, software, fingerprint } = this.#config
    if (software !== undefined && response.length + this.#softwareLength <= MAX_LENGTH)
      response.add(Software, software)
    if (grant !== null) response.sign(crypto, grant.key, grant.integrity)
    const bytes = fingerprint === false ? response.build() : response.finish()
    this.answered.count(code === null ? 'success' : `${code}`)
    this.#host.transmit(to, bytes, local)
  }
}

interface Answer {
  /** Of the error, `null` for a success. */
  readonly code: number | null
  readonly response: MessageBuilder
}

/** A packet of 576 bytes less its IPv4 and UDP headers (RFC 8489 §6.1), less integrity and FINGERPRINT. */
const MAX_LENGTH = 576 - 28 - 36 - 8

/** A refusal names that many types at most: the client learns of the others when it has left these out. */
const MAX_UNKNOWN = 32

/** The types below 0x8000 that a Binding request may hold for us, RFC 8489 §14. */
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
])
