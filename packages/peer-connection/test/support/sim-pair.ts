import type { Millis } from '@purertc/bytes'
import type { KeyExchangeGroup } from '@purertc/crypto'
import type { AssociationState, Certificate, DtlsSession } from '@purertc/dtls'
import { type CandidatePair, formatCandidate, type IceCandidate, type IceConnectionState } from '@purertc/ice'
import { type LinkConditions, Network, type SimSocket, Simulation } from '@purertc/netsim'
import type { DataChannel } from '@purertc/sctp'

import {
  PeerTransport,
  type PeerTransportConfig,
  type PeerTransportHost,
  type TransportAgreement,
  type TransportError,
} from '../../src/index.ts'
import { identity } from './identities.ts'
import { repeatableCrypto } from './repeatable-crypto.ts'

export interface SimPairOptions extends LinkConditions {
  readonly seed: number
  readonly mode?: 'datachannel' | 'datagram'
  readonly config?: Partial<PeerTransportConfig>
  /** As `PeerTransportHost.pathLimit` says it. Default: what Ethernet carries. */
  readonly pathLimit?: number
}

/** What a peer was told, in words. */
export interface Received {
  readonly channel: DataChannel
  readonly data: Uint8Array
  readonly isText: boolean
}

/** One end: a transport on a simulated host, with a record of all that it reports. */
export class SimPeer {
  readonly name: string
  readonly transport: PeerTransport
  readonly certificate: Certificate
  readonly socket: SimSocket
  readonly events: string[] = []
  readonly channels: DataChannel[] = []
  readonly received: Received[] = []
  readonly datagrams: Uint8Array[] = []
  readonly candidates: string[] = []
  session: DtlsSession | null = null
  iceState: IceConnectionState = 'new'
  dtlsState: AssociationState = 'new'
  pair: CandidatePair | null = null
  closeReason: TransportError | null | undefined
  isConnected = false
  /** Key shares of DTLS. */
  keysMade = 0
  /** Called in place of keeping what is received. */
  onReceived: ((now: Millis, channel: DataChannel, data: Uint8Array, isText: boolean) => void) | null = null
  onBufferedAmountLow: ((channel: DataChannel) => void) | null = null
  onCandidate: ((line: string) => void) | null = null

  constructor(sim: Simulation, network: Network, number: 0 | 1, options: SimPairOptions) {
    const repeatable = repeatableCrypto(sim)
    const crypto = {
      ...repeatable,
      createKeyExchange: (group: KeyExchangeGroup) => (this.keysMade++, repeatable.createKeyExchange(group)),
    }
    this.name = number === 0 ? 'alice' : 'bob'
    this.certificate = identity(crypto, number)
    this.socket = network.host(`192.168.0.${number + 1}`).bind({
      received: (now, from, bytes) => this.transport.handleDatagram(now, 0, from, bytes),
    })
    this.transport = new PeerTransport(
      { crypto, iceRole: number === 0 ? 'controlling' : 'controlled', ...options.config },
      this.#host(options.pathLimit),
    )
    sim.attach(this.transport)
  }

  get credentials(): { usernameFragment: string; password: string } {
    return this.transport.localCredentials
  }

  gather(now: Millis): void {
    this.transport.gather(now, [{ id: 0, address: this.socket.local }])
  }

  #host(pathLimit: number | undefined): PeerTransportHost {
    return {
      ...(pathLimit !== undefined && { pathLimit: () => pathLimit }),
      transmit: (_socket, to, bytes) => this.socket.send(to, bytes),
      released: () => this.#log('released'),
      candidateGathered: (candidate) => this.#gathered(candidate),
      candidateError: ({ code }) => this.#log(`candidate error ${code}`),
      gatheringStateChanged: (state) => this.#log(`gathering ${state}`),
      iceStateChanged: (state) => {
        this.iceState = state
        this.#log(`ice ${state}`)
      },
      pairSelected: (pair) => {
        this.pair = pair
      },
      pairFailed: (_pair, reason) => this.#log(`pair failed: ${reason}`),
      dtlsStateChanged: (state) => {
        this.dtlsState = state
        this.#log(`dtls ${state}`)
      },
      secured: (session) => {
        this.session = session
      },
      connected: () => {
        this.isConnected = true
        this.#log('connected')
      },
      channelOpened: (channel) => {
        this.channels.push(channel)
        this.#log(`channel opened: ${channel.label}`)
      },
      opened: (channel) => this.#log(`opened: ${channel.label}`),
      received: (now, channel, data, isText) => {
        if (this.onReceived) this.onReceived(now, channel, data, isText)
        else this.received.push({ channel, data: new Uint8Array(data), isText })
      },
      datagramReceived: (_now, data) => this.datagrams.push(new Uint8Array(data)),
      bufferedAmountLow: (channel) => this.onBufferedAmountLow?.(channel),
      channelClosing: (channel) => this.#log(`channel closing: ${channel.label}`),
      channelClosed: (channel) => this.#log(`channel closed: ${channel.label}`),
      closed: (reason) => {
        this.closeReason = reason
        this.#log(`closed: ${reason?.code ?? 'shutdown'}`)
      },
    }
  }

  #gathered(candidate: IceCandidate | null): void {
    const line = candidate === null ? '' : formatCandidate(candidate)
    this.candidates.push(line)
    this.onCandidate?.(line)
  }

  #log(event: string): void {
    this.events.push(event)
  }
}

/** Two transports on one simulated network. Alice is controlling and DTLS server, as an offerer is. */
export class SimPair {
  readonly sim: Simulation
  readonly network: Network
  readonly alice: SimPeer
  readonly bob: SimPeer
  readonly mode: 'datachannel' | 'datagram'

  constructor(options: SimPairOptions) {
    this.mode = options.mode ?? 'datachannel'
    this.sim = new Simulation({ seed: options.seed })
    this.network = new Network(this.sim, options)
    this.alice = new SimPeer(this.sim, this.network, 0, options)
    this.bob = new SimPeer(this.sim, this.network, 1, options)
  }

  get peers(): readonly [SimPeer, SimPeer] {
    return [this.alice, this.bob]
  }

  /** What `peer` has to know of the other one. */
  agreement(peer: SimPeer): TransportAgreement {
    const other = peer === this.alice ? this.bob : this.alice
    return {
      mode: this.mode,
      dtlsRole: peer === this.alice ? 'server' : 'client',
      certificate: peer.certificate,
      remoteCredentials: other.credentials,
      remoteFingerprints: [other.certificate.fingerprint()],
      remoteMaxMessageSize: 262_144,
    }
  }

  /** Gathers, exchanges descriptions and candidates, and starts both ends. `change` alters what an end is told. */
  start(change: (agreement: TransportAgreement, peer: SimPeer) => TransportAgreement = (same) => same): void {
    const { now } = this.sim
    for (const peer of this.peers) peer.gather(now)
    for (const peer of this.peers) peer.transport.start(now, change(this.agreement(peer), peer))
    for (const [peer, other] of [this.peers, [this.bob, this.alice] as const])
      for (const line of other.candidates) peer.transport.addRemoteCandidate(now, line)
  }

  /** Runs until both ends are connected; false where that does not come to pass. */
  connect(): boolean {
    this.start()
    return this.sim.run({ until: () => this.peers.every((peer) => peer.isConnected), deadline: 60_000 })
  }
}
