import type { Millis } from '@purertc/bytes'
import type { AssociationState, DtlsSession, Fingerprint } from '@purertc/dtls'
import {
  formatCandidate,
  type GatheringState,
  generateCredentials,
  type IceCandidate,
  type IceConnectionState,
  type IceCredentials,
  type IceRole,
} from '@purertc/ice'
import { createChannelsInit } from '@purertc/sctp'

import type { DataSection } from '../negotiation/description.ts'
import type { DriverHost, Environment, TransportDriver } from '../environment.ts'
import { invalidState } from '../errors.ts'
import type { LocalTransport } from '../negotiation/local-description.ts'
import type { PeerTransport } from '../transport/peer-transport.ts'
import type { PeerTransportConfig, TransportAgreement } from '../transport/peer-transport-config.ts'
import type { TransportStatistics } from '../transport/transport-statistics.ts'
import type { ResolvedConfiguration } from './configuration.ts'
import { type CandidateOrigin, originOf } from './ice-candidate.ts'
import type { EventQueue } from './event-queue.ts'
import type { RTCIceServer } from './ice-servers.ts'

/** What the connection is told of its transport. */
export interface ConnectionTransportHost extends Omit<
  DriverHost,
  'candidateGathered' | 'gatheringStateChanged' | 'iceStateChanged' | 'dtlsStateChanged'
> {
  /** A candidate line, `''` after the last one. */
  candidate(line: string, origin: CandidateOrigin): void
  gatheringChanged(state: GatheringState): void
  /** The state of ICE or DTLS is another. */
  stateChanged(): void
}

/**
 * The one transport of a connection: made when a description first needs it, given up when that description is rolled
 * back. It remembers the states and candidates that descriptions, events and statistics ask for.
 */
export class ConnectionTransport {
  readonly #environment: Environment
  readonly #configuration: () => ResolvedConfiguration
  readonly #events: EventQueue
  readonly #host: ConnectionTransportHost
  #driver: TransportDriver | null = null
  #madeInit: Uint8Array | null = null
  #hasStarted = false
  #ice: IceConnectionState = 'new'
  #gathering: GatheringState = 'new'
  #dtls: AssociationState = 'new'
  #session: DtlsSession | null = null
  #candidates: string[] = []
  #hasAllCandidates = false
  /** Of the ICE session that the next description announces. */
  #nextCredentials: IceCredentials | null = null

  constructor(
    environment: Environment,
    configuration: () => ResolvedConfiguration,
    events: EventQueue,
    host: ConnectionTransportHost,
  ) {
    this.#environment = environment
    this.#configuration = configuration
    this.#events = events
    this.#host = host
  }

  get iceState(): IceConnectionState {
    return this.#ice
  }

  get gatheringState(): GatheringState {
    return this.#gathering
  }

  get dtlsState(): AssociationState {
    return this.#dtls
  }

  /** Of the completed handshake. */
  get session(): DtlsSession | null {
    return this.#session
  }

  /** Null without a transport. */
  get statistics(): TransportStatistics | null {
    return this.#driver?.run((transport) => transport.statistics) ?? null
  }

  /** Whether both descriptions were known once: it can be restarted, not given up. */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  /** Of the present ICE session; null without a transport. */
  get usernameFragment(): string | null {
    return this.#driver?.run((transport) => transport.localCredentials.usernameFragment) ?? null
  }

  /** The lines gathered for the present credentials. */
  get candidates(): readonly string[] {
    return this.#candidates
  }

  get hasAllCandidates(): boolean {
    return this.#hasAllCandidates
  }

  /** Makes the transport unless it exists. */
  create(iceRole: IceRole): void {
    const { crypto } = this.#environment
    const configuration = this.#configuration()
    this.#driver ??= this.#environment.createDriver(
      { crypto, iceRole, ...transportConfig(configuration) },
      configuration.network,
      this.#driverHost(),
    )
  }

  /** This end's side as the next description is to tell it. An answer tells nothing that the `offer` does not know. */
  describe(fingerprints: readonly Fingerprint[], offer: DataSection | null): LocalTransport {
    const next = this.#nextCredentials
    const { ice, sctpSnap, messageStreams } = this.#configuration()
    const mayHave = (option: string): boolean => offer === null || offer.iceOptions.includes(option)
    const isWanted = { sped: ice.sped === true, renomination: ice.renomination === true }
    return {
      credentials: next ?? this.run((transport) => transport.localCredentials),
      fingerprints,
      candidates: next === null ? this.#candidates : [],
      endOfCandidates: next === null && this.#hasAllCandidates,
      maxMessageSize: messageStreams ? 0 : MAX_MESSAGE_SIZE,
      iceOptions: [
        'trickle',
        ...(['sped', 'renomination'] as const).filter((name) => isWanted[name] && mayHave(name)),
      ],
      iceLite: ice.lite === true,
      // A lite agent has nothing to pace (RFC 8839 §4.2).
      ...(ice.pacing !== undefined && ice.lite !== true && { icePacing: ice.pacing }),
      ...(sctpSnap && (offer === null || offer.sctpInit !== undefined) && { sctpInit: this.#sctpInit }),
    }
  }

  /** The same in every description, for the association is one. */
  get #sctpInit(): Uint8Array {
    this.#madeInit ??= createChannelsInit({ crypto: this.#environment.crypto })
    return this.#madeInit
  }

  /** The next description announces a new ICE session; it begins when that description is applied. */
  prepareRestart(): void {
    this.#nextCredentials ??= generateCredentials(this.#environment.crypto)
  }

  /** A local description was applied: gathers for it, after the restart that it announces. */
  gather(servers: readonly RTCIceServer[]): void {
    const credentials = this.#nextCredentials
    if (credentials !== null) {
      this.#nextCredentials = null
      this.#forgetCandidates()
      this.run((transport, now) => transport.restart(now, credentials))
    }
    if (this.#gathering !== 'new' && credentials === null) return
    this.#events.during(() => {
      this.#setGathering('gathering')
      this.#driver?.gather(servers)
    })
  }

  /** Both descriptions are known; again after each later agreement. */
  start(agreement: TransportAgreement, candidates: readonly string[]): void {
    this.#hasStarted = true
    this.run((transport, now) => {
      transport.start(now, agreement)
      for (const line of candidates) transport.addRemoteCandidate(now, line)
    })
  }

  /** Runs a command of the application; events that it causes are fired after it. */
  run<T>(command: (transport: PeerTransport, now: Millis) => T): T {
    const driver = this.#driver
    if (driver === null) throw invalidState('there is no transport yet')
    return this.#events.during(() => driver.run(command))
  }

  /** Gives up a transport that never started: its description does not hold any more. */
  discard(): void {
    this.#nextCredentials = null
    if (this.#hasStarted) return
    this.#driver?.close()
    this.#driver = null
    this.#forgetCandidates()
    this.#setGathering('new')
  }

  close(): void {
    this.#events.during(() => this.#driver?.close())
    this.#ice = 'closed'
    this.#dtls = 'closed'
  }

  #driverHost(): DriverHost {
    const host = this.#host
    return {
      candidateGathered: (candidate) => this.#gathered(candidate),
      gatheringStateChanged: (state) => this.#setGathering(state),
      iceStateChanged: (state) => {
        this.#ice = state
        host.stateChanged()
      },
      dtlsStateChanged: (state) => {
        this.#dtls = state
        host.stateChanged()
      },
      ...host,
      secured: (session) => {
        this.#session = session
        host.secured(session)
      },
    }
  }

  #gathered(candidate: IceCandidate | null): void {
    // The end of candidates goes with the state.
    if (candidate === null) return
    const line = formatCandidate(candidate)
    this.#candidates.push(line)
    this.#host.candidate(line, originOf(candidate))
  }

  #setGathering(state: GatheringState): void {
    if (state === this.#gathering) return
    this.#gathering = state
    if (state === 'complete') {
      this.#hasAllCandidates = true
      this.#host.candidate('', {})
    }
    this.#host.gatheringChanged(state)
  }

  #forgetCandidates(): void {
    this.#candidates = []
    this.#hasAllCandidates = false
  }
}

/** What a configuration says of a transport. */
function transportConfig(
  configuration: ResolvedConfiguration,
): Omit<PeerTransportConfig, 'crypto' | 'iceRole'> {
  const { iceTransportPolicy, network, messageStreams, dtls, ice } = configuration
  return {
    policy: iceTransportPolicy,
    ...(network.mtu !== undefined && { mtu: network.mtu }),
    maxMessageSize: MAX_MESSAGE_SIZE,
    deliverParts: messageStreams,
    dtls,
    ice,
  }
}

/** Bytes of the largest message that is taken whole. */
const MAX_MESSAGE_SIZE = 262_144
