/**
 * What a Binding request is answered, once it is known who asks: RFC 8489 §7 and §10, and behaviour discovery by
 * RFC 5780 §6.1 where the local end has counterparts.
 */
import { AttributeType, BINDING_ATTRIBUTES } from './attribute-type.ts'
import {
  AlternateServer,
  MappedAddress,
  OtherAddress,
  ResponseOrigin,
  XorMappedAddress,
} from './attributes/addresses.ts'
import { ChangeRequest, type ChangeRequestValue, Padding, ResponsePort } from './attributes/discovery.ts'
import { AlternateDomain, UnknownAttributes } from './attributes/outcome.ts'
import { StatusCode } from './error-codes.ts'
import type { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import type { ServerAddress } from './stun-transport.ts'
import { sameAddress, type TransportAddress } from './transport-address.ts'

export interface BindingServiceConfig<Local extends TransportAddress> {
  /**
   * The server that a client shall ask instead (300), `null` for none. One that the client is asking already, or of the
   * other family, counts as none (RFC 8489 §10).
   */
  readonly alternateServer?: (client: TransportAddress, local: Local) => ServerAddress | null
  /**
   * Offers behaviour discovery (RFC 5780): the local end that differs from `local` in address, port or both, `null` where
   * there is none. Answers then name their origin and the other address, and obey CHANGE-REQUEST, RESPONSE-PORT and
   * PADDING. {@link DiscoveryAddresses} knows which is which.
   */
  readonly discovery?: (local: Local, change: ChangeRequestValue) => Local | null
  /** The address that clients see a local end under, where a NAT stands before the server. Default: its own. */
  readonly advertise?: (local: Local) => TransportAddress
}

/** An answer, neither signed nor finished, and its way. */
export interface BindingAnswer<Local> {
  /** Of the error, `null` for a success. */
  readonly code: number | null
  readonly response: MessageBuilder
  readonly to: TransportAddress
  /** The local end that it leaves from. */
  readonly origin: Local
  /** Bytes that the finished message may have, so that a forged source draws no more traffic than it sends. */
  readonly fill: number
}

export class BindingService<Local extends TransportAddress> {
  readonly #config: BindingServiceConfig<Local>
  readonly #understood: ReadonlySet<number>
  readonly #understoodInDiscovery: ReadonlySet<number>

  /** `authentication`: types of attributes that have been read before a request comes here. */
  constructor(config: BindingServiceConfig<Local>, authentication: readonly number[] = []) {
    this.#config = config
    this.#understood = new Set([...BINDING_ATTRIBUTES, ...authentication])
    this.#understoodInDiscovery = new Set([...this.#understood, ...DISCOVERY_ATTRIBUTES])
  }

  answer(request: StunMessage, from: TransportAddress, local: Local): BindingAnswer<Local> {
    const refused = (code: number, types?: readonly number[]): BindingAnswer<Local> => {
      const response = MessageBuilder.error(request, code)
      if (types !== undefined) response.add(UnknownAttributes, types)
      return { code, response, to: from, origin: local, fill: 0 }
    }
    const other = this.#config.discovery?.(local, BOTH) ?? null
    const unknown = request.unknownComprehensionRequired(
      other === null ? this.#understood : this.#understoodInDiscovery,
    )
    if (unknown.length > 0) return refused(StatusCode.unknownAttribute, unknown)
    const alternate = this.#alternateFor(from, local)
    if (alternate !== null) {
      const redirection = refused(StatusCode.tryAlternate)
      redirection.response.add(AlternateServer, alternate).addIf(AlternateDomain, alternate.domain)
      return redirection
    }
    const response = MessageBuilder.success(request).add(XorMappedAddress, from)
    if (other === null) return { code: null, response, to: from, origin: local, fill: 0 }
    const wish = wishOf(request)
    const origin = wish === null ? null : this.#originFor(local, wish.change)
    if (wish === null || origin === null) return refused(StatusCode.badRequest)
    response
      .add(MappedAddress, from)
      .add(ResponseOrigin, this.#advertised(origin))
      .add(OtherAddress, this.#advertised(other))
    const to = wish.port === null ? from : { ...from, port: wish.port }
    return { code: null, response, to, origin, fill: wish.isPadded ? request.wire.length : 0 }
  }

  #alternateFor(from: TransportAddress, local: Local): ServerAddress | null {
    const alternate = this.#config.alternateServer?.(from, local) ?? null
    if (alternate === null || alternate.family !== from.family) return null
    return sameAddress(alternate, local) ? null : alternate
  }

  #originFor(local: Local, change: ChangeRequestValue): Local | null {
    return change.ip || change.port ? (this.#config.discovery?.(local, change) ?? null) : local
  }

  #advertised(local: Local): TransportAddress {
    return this.#config.advertise?.(local) ?? local
  }
}

interface Wish {
  readonly change: ChangeRequestValue
  readonly port: number | null
  readonly isPadded: boolean
}

/** What the attributes of RFC 5780 ask for; `null` where they cannot be read or contradict each other (§6.1: 400). */
function wishOf(request: StunMessage): Wish | null {
  if (request.isMalformed(ChangeRequest) || request.isMalformed(ResponsePort)) return null
  const port = request.get(ResponsePort) ?? null
  const isPadded = request.has(Padding)
  if (port === 0 || (port !== null && isPadded)) return null
  return { change: request.get(ChangeRequest) ?? NONE, port, isPadded }
}

const NONE: ChangeRequestValue = { ip: false, port: false }
const BOTH: ChangeRequestValue = { ip: true, port: true }

/** RFC 5780 §7. */
const DISCOVERY_ATTRIBUTES: readonly number[] = [
  AttributeType.changeRequest,
  AttributeType.responsePort,
  AttributeType.padding,
]
