import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import type { Certificate } from '@purertc/dtls'
import { type LinkConditions, Network, type SimHost, type SimSocket, Simulation } from '@purertc/netsim'

import {
  type DriverHost,
  type Environment,
  PeerTransport,
  type PeerTransportConfig,
  type RTCConfiguration,
  type RTCDataChannel,
  type TransportDriver,
} from '../../src/index.ts'
import { RTCPeerConnection } from '../../src/w3c/peer-connection.ts'
import { identity } from './identities.ts'
import { repeatableCrypto } from './repeatable-crypto.ts'

/** Connections on a simulated network and clock. Promises go on while {@link SimWorld.until} lets time pass. */
export class SimWorld {
  readonly sim: Simulation
  readonly network: Network
  #hosts = 0

  constructor(options: { seed?: number } & LinkConditions = {}) {
    this.sim = new Simulation({ seed: options.seed ?? 1 })
    this.network = new Network(this.sim, { latency: 2, ...options })
  }

  createConnection(configuration: RTCConfiguration = {}): RTCPeerConnection {
    const number = this.#hosts++
    const host = this.network.host(`192.168.0.${number + 1}`)
    return new RTCPeerConnection(configuration, new SimEnvironment(this.sim, host, (number % 2) as 0 | 1))
  }

  /** Lets time pass until the condition holds; throws where it does not within a simulated minute. */
  async until(condition: () => boolean, what = condition.toString()): Promise<void> {
    for (let step = 0; step < 6_000; step++) {
      if (condition()) return
      await this.turn()
    }
    throw new Error(`this never came: ${what}`)
  }

  /** Ten simulated milliseconds, and all promise reactions before and after them. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.sim.advance(10)
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Hands the candidates of each to the other, and descriptions as `negotiationneeded` asks for them. */
  pair(
    configurations: readonly [RTCConfiguration, RTCConfiguration] = [{}, {}],
  ): [RTCPeerConnection, RTCPeerConnection] {
    const [first, second] = configurations.map((configuration) => this.createConnection(configuration))
    if (first === undefined || second === undefined) throw new Error('two configurations are needed')
    for (const [peer, other] of [
      [first, second],
      [second, first],
    ] as const)
      peer.onicecandidate = ({ candidate }) => {
        // Before there is a remote description it is refused; then that description has the candidate.
        other.addIceCandidate(candidate).catch(() => undefined)
      }
    return [first, second]
  }
}

/** A channel of Alice's over which a message of hers has come, and how many milliseconds that took. */
interface Greeting {
  readonly channel: RTCDataChannel
  readonly received: readonly unknown[]
  readonly duration: number
}

/** Negotiates, and lets Alice say hello. */
export async function greet(
  world: SimWorld,
  alice: RTCPeerConnection,
  bob: RTCPeerConnection,
): Promise<Greeting> {
  const channel = alice.createDataChannel('chat')
  const received: unknown[] = []
  bob.ondatachannel = (event) => {
    event.channel.onmessage = ({ data }) => received.push(data)
  }
  channel.onopen = () => channel.send('hello')
  const start = world.sim.now
  await negotiate(alice, bob)
  await world.until(() => received.length === 1)
  return { channel, received, duration: world.sim.now - start }
}

/** One round of offer and answer. */
export async function negotiate(offerer: RTCPeerConnection, answerer: RTCPeerConnection): Promise<void> {
  await offerer.setLocalDescription()
  await answerer.setRemoteDescription(described(offerer))
  await answerer.setLocalDescription()
  await offerer.setRemoteDescription(described(answerer))
}

export function described(connection: RTCPeerConnection): { type: 'offer' | 'answer'; sdp: string } {
  const description = connection.localDescription
  if (description === null) throw new Error('there is no local description')
  return description as { type: 'offer' | 'answer'; sdp: string }
}

/** Made once: these tests compare no traces. */
const certificates: Certificate[] = []

class SimEnvironment implements Environment {
  readonly crypto: CryptoProvider
  readonly #sim: Simulation
  readonly #host: SimHost
  readonly #identity: 0 | 1

  constructor(sim: Simulation, host: SimHost, identityNumber: 0 | 1) {
    this.#sim = sim
    this.#host = host
    this.#identity = identityNumber
    this.crypto = repeatableCrypto(sim)
  }

  queueTask(task: () => void): void {
    // A turn of the real event loop: promise reactions of what came before run first.
    setImmediate(task)
  }

  wallClock(): number {
    return Date.UTC(2025, 0, 1) + this.#sim.now
  }

  async generateCertificate(): Promise<Certificate> {
    return (certificates[this.#identity] ??= identity(nodeCrypto, this.#identity))
  }

  createDriver(config: PeerTransportConfig, _network: unknown, host: DriverHost): TransportDriver {
    return new SimDriver(this.#sim, this.#host, config, host)
  }
}

class SimDriver implements TransportDriver {
  readonly #sim: Simulation
  readonly #host: SimHost
  readonly #transport: PeerTransport
  #socket: SimSocket | null = null
  #isClosed = false

  constructor(sim: Simulation, simHost: SimHost, config: PeerTransportConfig, host: DriverHost) {
    this.#sim = sim
    this.#host = simHost
    this.#transport = new PeerTransport(config, {
      ...host,
      transmit: (_socket, to, bytes) => this.#socket?.send(to, bytes),
      released: () => {
        sim.detach(this.#transport)
        this.#socket?.close()
      },
    })
    sim.attach(this.#transport)
  }

  run<T>(command: (transport: PeerTransport, now: Millis) => T): T {
    return command(this.#transport, this.#sim.now)
  }

  gather(): void {
    this.#sim.after(1, (now) => {
      if (this.#isClosed) return
      this.#socket ??= this.#host.bind({
        received: (at, from, bytes) => this.#transport.handleDatagram(at, 0, from, bytes),
      })
      this.#transport.gather(now, [{ id: 0, address: this.#socket.local }])
    })
  }

  close(): void {
    this.#isClosed = true
    this.#transport.close(this.#sim.now)
  }
}
