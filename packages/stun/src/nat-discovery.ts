import type { Millis } from '@purertc/bytes'

import { ChangeRequest, type ChangeRequestValue } from './attributes/discovery.ts'
import { StunClient } from './client.ts'
import type { BindingOptions, BindingResult, StunClientConfig } from './client-config.ts'
import { StatusCode } from './error-codes.ts'
import { StunError } from './stun-error.ts'
import type { RetransmitPolicy } from './transactions.ts'
import { sameAddress, type TransportAddress } from './transport-address.ts'

/** What a NAT's choice of a public address, or of the packets it lets in, depends on: RFC 4787 §4.1 and §5. */
export type NatDependence = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent'

export interface NatBehavior {
  /** Where the server's first address sees us. */
  readonly mapped: TransportAddress
  /** Whether that is not our own address; `null` where our own is not known. */
  readonly isBehindNat: boolean | null
  /** When the same local port keeps its public address towards other peers. */
  readonly mapping: NatDependence
  /**
   * From whom packets get in once the local port has sent to somebody: anybody, the same address, the same address and
   * port. `null` where the server does not answer from where it was asked to.
   */
  readonly filtering: NatDependence | null
}

export interface NatDiscoveryConfig extends Omit<StunClientConfig, 'followAlternate'> {
  /** The local address of the socket, where it is bound to one; `null` where it is not known. */
  readonly local: TransportAddress | null
  /**
   * When the requests are sent again whose answers a filter may drop. Default: four times within 3.5 s, and two more
   * seconds of patience, for silence is the usual answer.
   */
  readonly filteringRetransmit?: Partial<RetransmitPolicy>
}

/** What a discovery asks of its host. */
export interface NatDiscoveryHost {
  transmit(to: TransportAddress, bytes: Uint8Array): void
  finished(now: Millis, behavior: NatBehavior): void
  /** `unsupported` for a server without a second address, else the code of the request that failed. */
  failed(now: Millis, error: StunError): void
}

/**
 * Finds out how the NAT and the firewalls on the way to a server map and filter, by the tests of RFC 5780 §4.3 and §4.4.
 * The local port must be fresh: what it has sent to before opens filters. The filtering tests come first for the same
 * reason, since the mapping tests send to the server's other addresses.
 *
 * @example
 * const discovery = new NatDiscovery({ crypto, server, local }, {
 *   transmit: (to, bytes) => socket.send(bytes, to.port, to.address),
 *   finished: (_now, { mapping, filtering }) => console.log(mapping, filtering),
 *   failed: (_now, error) => console.log(error.code),
 * })
 * discovery.start(now)
 */
export class NatDiscovery {
  readonly #config: NatDiscoveryConfig
  readonly #host: NatDiscoveryHost
  readonly #client: StunClient
  /** What to do with the answer to the one request that is pending. */
  #next: Step = ignore
  /** Where the datagram that is being handled came from. */
  #from: TransportAddress

  constructor(config: NatDiscoveryConfig, host: NatDiscoveryHost) {
    this.#config = config
    this.#host = host
    this.#from = config.server
    // RFC 5780 §5: a server that refers us elsewhere knows nothing of the topology that the tests depend on.
    this.#client = new StunClient(
      { ...config, followAlternate: false },
      {
        transmit: (to, bytes) => host.transmit(to, bytes),
        succeeded: (now, _request, result) => this.#next(now, { ...result, from: this.#from }),
        failed: (now, _request, error) => this.#next(now, error),
      },
    )
  }

  /** Call it once. Throws {@link StunError} `closed` after {@link NatDiscovery.close}. */
  start(now: Millis): void {
    this.#ask(now, {}, (now, first) => {
      if (first instanceof StunError) this.#host.failed(now, first)
      else if (
        first.other?.family !== this.#config.server.family ||
        isSameHost(first.other, this.#config.server)
      )
        this.#host.failed(now, new StunError('unsupported', 'the server has no other address'))
      else this.#testFiltering(now, first, first.other)
    })
  }

  /** `from` is where the datagram came from. Returns whether it was an answer to a request of this discovery. */
  handleDatagram(now: Millis, from: TransportAddress, bytes: Uint8Array): boolean {
    this.#from = from
    return this.#client.handleDatagram(now, bytes)
  }

  handleTimeout(now: Millis): void {
    this.#client.handleTimeout(now)
  }

  get nextTimeout(): Millis {
    return this.#client.nextTimeout
  }

  /** For a host that cannot send any more: fails with `error`. */
  abandon(now: Millis, error: StunError): void {
    this.#client.abandon(now, error)
  }

  /** Ends the discovery; the host is called no more. */
  close(): void {
    this.#client.close()
  }

  /** RFC 5780 §4.4, test II: an answer from the other address and port gets in where nothing is filtered. */
  #testFiltering(now: Millis, first: Answer, other: TransportAddress): void {
    this.#askForChange(now, { ip: true, port: true }, (now, answer) => {
      if (isSilence(answer)) this.#testFilteringByPort(now, first, other)
      else if (answer instanceof StunError) this.#judge(now, answer, first, other)
      else
        this.#testMapping(now, first, other, sameAddress(answer.from, other) ? 'endpoint-independent' : null)
    })
  }

  /** RFC 5780 §4.4, test III: an answer from the same address, but the other port. */
  #testFilteringByPort(now: Millis, first: Answer, other: TransportAddress): void {
    const expected = { ...this.#config.server, port: other.port }
    this.#askForChange(now, { ip: false, port: true }, (now, answer) => {
      if (isSilence(answer)) this.#testMapping(now, first, other, 'address-and-port-dependent')
      else if (answer instanceof StunError) this.#judge(now, answer, first, other)
      else
        this.#testMapping(now, first, other, sameAddress(answer.from, expected) ? 'address-dependent' : null)
    })
  }

  /** RFC 5780 §6.1: a server may refuse to answer from elsewhere; the mapping can be told all the same. */
  #judge(now: Millis, error: StunError, first: Answer, other: TransportAddress): void {
    if (error.code === StatusCode.unknownAttribute) this.#testMapping(now, first, other, null)
    else this.#host.failed(now, error)
  }

  /** RFC 5780 §4.3, test II: the same port of the other address. */
  #testMapping(now: Millis, first: Answer, other: TransportAddress, filtering: NatDependence | null): void {
    const { local, server } = this.#config
    const { mapped } = first
    const isBehindNat = local === null ? null : !sameAddress(local, mapped)
    const finish = (now: Millis, mapping: NatDependence): void =>
      this.#host.finished(now, { mapped, isBehindNat, mapping, filtering })
    if (isBehindNat === false) {
      finish(now, 'endpoint-independent')
      return
    }
    this.#ask(now, { server: { ...other, port: server.port } }, (now, second) => {
      if (second instanceof StunError) this.#host.failed(now, second)
      else if (sameAddress(second.mapped, mapped)) finish(now, 'endpoint-independent')
      else this.#testMappingByPort(now, second, other, finish)
    })
  }

  /** RFC 5780 §4.3, test III: the other port of the other address. */
  #testMappingByPort(
    now: Millis,
    second: Answer,
    other: TransportAddress,
    finish: (now: Millis, mapping: NatDependence) => void,
  ): void {
    this.#ask(now, { server: other }, (now, third) => {
      if (third instanceof StunError) this.#host.failed(now, third)
      else
        finish(
          now,
          sameAddress(third.mapped, second.mapped) ? 'address-dependent' : 'address-and-port-dependent',
        )
    })
  }

  #askForChange(now: Millis, change: ChangeRequestValue, next: Step): void {
    const retransmit = { rto: 500, rc: 4, rm: 4, ...this.#config.filteringRetransmit }
    this.#ask(now, { retransmit, preparing: (request) => void request.add(ChangeRequest, change) }, next)
  }

  #ask(now: Millis, options: BindingOptions, next: Step): void {
    this.#next = next
    this.#client.bind(now, options)
  }
}

interface Answer extends BindingResult {
  /** Where it really came from, whatever RESPONSE-ORIGIN says. */
  readonly from: TransportAddress
}

type Step = (now: Millis, answer: Answer | StunError) => void

function isSilence(answer: Answer | StunError): boolean {
  return answer instanceof StunError && answer.code === 'timeout'
}

/** Whether the "other" address is none: it must differ in both parts (RFC 5780 table 1). */
function isSameHost(other: TransportAddress, server: TransportAddress): boolean {
  return other.address === server.address || other.port === server.port
}

const ignore: Step = () => undefined
