import { formatCandidate, type IceConnectionState, type IceServerAddress } from '@purertc/ice'
import type { SimHost, SimSocket } from '@purertc/netsim'
import type { DataChannel } from '@purertc/sctp'

import { World } from '../../../ice/test/support/world.ts'
import { PeerTransport, type PeerTransportHost } from '../../src/index.ts'
import { identity } from './identities.ts'
import { repeatableCrypto } from './repeatable-crypto.ts'

export interface RecoveryEndOptions {
  /** Interfaces, best first. */
  readonly hosts: readonly SimHost[]
  readonly servers?: readonly IceServerAddress[]
  readonly policy?: 'all' | 'relay'
}

/** A transport with several interfaces, in a world with TURN servers, that counts what comes. */
export class RecoveryEnd {
  readonly transport: PeerTransport
  readonly states: IceConnectionState[] = []
  /** Numbers of the messages that came, in order. */
  readonly received: number[] = []
  channel: DataChannel | null = null
  isConnected = false
  readonly certificate
  readonly #world: World
  readonly #sockets: SimSocket[]
  readonly #servers: readonly IceServerAddress[]
  #candidates: string[] = []
  #next = 0
  /** Called with every candidate line, `''` for the end. */
  signal: (line: string) => void = () => undefined

  constructor(world: World, number: 0 | 1, { hosts, servers = [], policy = 'all' }: RecoveryEndOptions) {
    const crypto = repeatableCrypto(world.sim)
    this.#world = world
    this.#servers = servers
    this.certificate = identity(crypto, number)
    this.#sockets = hosts.map((host, id) =>
      host.bind({ received: (now, from, bytes) => this.transport.handleDatagram(now, id, from, bytes) }),
    )
    this.transport = new PeerTransport(
      { crypto, iceRole: number === 0 ? 'controlling' : 'controlled', policy },
      this.#host(),
    )
    world.sim.attach(this.transport)
  }

  get state(): IceConnectionState | undefined {
    return this.states.at(-1)
  }

  /** The local address that data leaves from. */
  get route(): string | undefined {
    return this.transport.statistics.ice.active?.local.address
  }

  gather(): void {
    this.#candidates = []
    const { now } = this.#world.sim
    this.transport.gather(
      now,
      this.#sockets.map(({ local }, id) => ({ id, address: local })),
      { awaitsServers: true },
    )
    this.transport.setServers(now, this.#servers)
  }

  /** Everything that is known of this end goes to `other`, now and later. */
  tell(other: RecoveryEnd, dtlsRole: 'client' | 'server'): void {
    other.transport.start(this.#world.sim.now, {
      mode: 'datachannel',
      dtlsRole,
      certificate: other.certificate,
      remoteCredentials: this.transport.localCredentials,
      remoteFingerprints: [this.certificate.fingerprint()],
      remoteMaxMessageSize: 262_144,
    })
    this.signal = (line) => this.#world.sim.after(30, (now) => other.transport.addRemoteCandidate(now, line))
    for (const line of this.#candidates) this.signal(line)
  }

  /** Sends a numbered message of 1,000 bytes. */
  send(): void {
    if (this.channel === null) return
    const message = new Uint8Array(1_000)
    new DataView(message.buffer).setUint32(0, this.#next++)
    this.transport.send(this.#world.sim.now, this.channel, message, false)
  }

  get sent(): number {
    return this.#next
  }

  #host(): PeerTransportHost {
    const nothing = (): void => undefined
    return {
      transmit: (socket, to, bytes) => this.#sockets[socket]?.send(to, bytes),
      released: nothing,
      candidateGathered: (candidate) => {
        const line = candidate === null ? '' : formatCandidate(candidate)
        this.#candidates.push(line)
        this.signal(line)
      },
      candidateError: nothing,
      gatheringStateChanged: nothing,
      iceStateChanged: (state) => void this.states.push(state),
      pairSelected: nothing,
      pairFailed: nothing,
      dtlsStateChanged: nothing,
      secured: nothing,
      connected: () => (this.isConnected = true),
      channelOpened: (channel) => (this.channel = channel),
      opened: nothing,
      received: (_now, _channel, data) =>
        void this.received.push(new DataView(data.buffer, data.byteOffset).getUint32(0)),
      datagramReceived: nothing,
      bufferedAmountLow: nothing,
      channelClosing: nothing,
      channelClosed: nothing,
      closed: nothing,
    }
  }
}

/** Two ends that are connected, with a reliable channel. */
export function connectEnds(world: World, a: RecoveryEnd, b: RecoveryEnd): void {
  introduceEnds(a, b)
  const areConnected = (): boolean => a.isConnected && b.isConnected
  if (!world.run(areConnected, 30_000)) throw new Error('the ends do not connect')
  a.channel = a.transport.openChannel(world.sim.now, { label: 'bytes' })
  if (!world.run(() => b.channel !== null, 10_000)) throw new Error('the channel does not open')
  world.sim.advance(5_000)
}

export function introduceEnds(a: RecoveryEnd, b: RecoveryEnd): void {
  a.gather()
  b.gather()
  a.tell(b, 'client')
  b.tell(a, 'server')
}

/** Both send a message every 50 ms for `duration` ms, and then have what time they need for all to arrive in order. */
export function stream(world: World, ends: readonly [RecoveryEnd, RecoveryEnd], duration: number): boolean {
  for (let at = 0; at < duration; at += 50) {
    for (const end of ends) end.send()
    world.sim.advance(50)
  }
  const [a, b] = ends
  return world.run(() => a.received.length === b.sent && b.received.length === a.sent, 60_000)
}
