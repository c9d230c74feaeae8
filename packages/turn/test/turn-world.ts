import { nodeCrypto } from '@purertc/crypto/node'
import { type LinkConditions, Network, type SimHost, type SimSocket, Simulation } from '@purertc/netsim'
import { formatAddress, type TransportAddress, transportAddress } from '@purertc/stun'

import {
  TurnClient,
  type TurnClientConfig,
  type TurnError,
  TurnServer,
  type TurnServerConfig,
} from '../src/index.ts'

export interface WorldOptions {
  readonly seed?: number
  readonly conditions?: LinkConditions
  readonly server?: Partial<TurnServerConfig>
  /** Milliseconds that opening a relay takes; 0 is at once, within `openRelay`. */
  readonly openDelay?: number
}

/** A TURN server, its clients and their peers on one virtual clock. */
export class World {
  readonly sim: Simulation
  readonly network: Network
  readonly server: TurnServer
  readonly serverAddress: TransportAddress
  readonly events: string[] = []
  /** Ports that another program has. */
  readonly takenPorts = new Set<number>()
  readonly openedPorts: number[] = []
  readonly #relays = new Map<number, SimSocket>()
  readonly #opening = new Set<number>()
  readonly #serverHost: SimHost
  #nextHost = 10

  constructor(options: WorldOptions = {}) {
    this.sim = new Simulation({ seed: options.seed ?? 1 })
    this.network = new Network(this.sim, options.conditions ?? { latency: 20 })
    this.#serverHost = this.network.host('198.51.100.1')
    const listener = this.#serverHost.bind({
      port: 3478,
      received: (now, from, bytes) => this.server.handleDatagram(now, 0, from, bytes),
    })
    this.serverAddress = listener.local
    const users = new Map([
      ['ann', 'secret'],
      ['bob', 'hidden'],
    ])
    this.server = new TurnServer(
      {
        crypto: this.sim.seeded(nodeCrypto),
        realm: 'example.org',
        authenticate: (username) => users.get(username) ?? null,
        ...options.server,
      },
      {
        transmit: (_listener, client, bytes) => listener.send(client, bytes),
        relay: (relay, peer, bytes) => this.#relays.get(relay)?.send(peer, bytes),
        openRelay: (relay, _family, port) => {
          this.#opening.add(relay)
          if (options.openDelay === 0) this.#open(relay, port)
          else this.sim.after(options.openDelay ?? 1, () => this.#open(relay, port))
        },
        closeRelay: (relay) => {
          this.#opening.delete(relay)
          this.#relays.get(relay)?.close()
          this.#relays.delete(relay)
        },
        allocationCreated: ({ username, relayed }) =>
          this.events.push(`created ${username} ${formatAddress(relayed)}`),
        allocationDeleted: ({ username }, reason) => this.events.push(`deleted ${username} ${reason}`),
      },
    )
    this.sim.attach(this.server)
  }

  get openRelays(): number {
    return this.#relays.size + this.#opening.size
  }

  #open(relay: number, port: number): void {
    if (!this.#opening.delete(relay)) return
    this.openedPorts.push(port)
    if (this.takenPorts.has(port)) {
      this.server.relayFailed(this.sim.now, relay)
      return
    }
    const socket = this.#serverHost.bind({
      port,
      received: (now, from, bytes) => this.server.relayReceived(now, relay, from, bytes),
    })
    this.#relays.set(relay, socket)
    this.server.relayOpened(this.sim.now, relay, socket.local)
  }

  peer(): WorldPeer {
    return new WorldPeer(this.network.host(this.#newAddress()))
  }

  client(config: Partial<TurnClientConfig> = {}, conditions?: LinkConditions): WorldClient {
    const host = this.network.host(this.#newAddress(), conditions ? { conditions } : {})
    return new WorldClient(this, host, config)
  }

  /** A host without a machine, for tests that write every datagram themselves. */
  host(): SimHost {
    return this.network.host(this.#newAddress())
  }

  #newAddress(): string {
    const number = this.#nextHost++
    return `198.51.${100 + (number >>> 8)}.${number & 0xff}`
  }

  run(until: () => boolean, deadline = 60_000): boolean {
    return this.sim.run({ until, deadline })
  }
}

/** A plain UDP peer that keeps what it hears. */
export class WorldPeer {
  readonly received: { from: string; text: string }[] = []
  readonly socket: SimSocket
  /** Sends every datagram back. */
  echo = false

  constructor(host: SimHost) {
    this.socket = host.bind({
      port: 7_000,
      received: (_now, from, bytes) => {
        this.received.push({ from: formatAddress(from), text: new TextDecoder().decode(bytes) })
        if (this.echo) this.socket.send(from, bytes)
      },
    })
  }

  get address(): TransportAddress {
    return this.socket.local
  }

  send(to: TransportAddress, text: string): void {
    this.socket.send(to, new TextEncoder().encode(text))
  }
}

/** A TurnClient on a host of its own. */
export class WorldClient {
  readonly machine: TurnClient
  readonly socket: SimSocket
  readonly received: { peer: string; text: string }[] = []
  readonly events: string[] = []
  readonly refused: TurnError['code'][] = []
  readonly #world: World

  constructor(world: World, host: SimHost, config: Partial<TurnClientConfig>) {
    this.#world = world
    this.socket = host.bind({ received: (now, _from, bytes) => void this.machine.handleDatagram(now, bytes) })
    this.machine = new TurnClient(
      {
        crypto: world.sim.seeded(nodeCrypto),
        server: world.serverAddress,
        username: 'ann',
        password: 'secret',
        ...config,
      },
      {
        transmit: (bytes) => this.socket.send(world.serverAddress, bytes),
        allocated: () => this.events.push('allocated'),
        received: (_now, peer, bytes) => {
          this.received.push({ peer: formatAddress(peer), text: new TextDecoder().decode(bytes) })
        },
        failed: (error) => this.events.push(`failed ${error.code}`),
        peerRefused: (_peer, error) => this.refused.push(error.code),
        closed: () => this.events.push('closed'),
      },
    )
    world.sim.attach(this.machine)
  }

  get relayed(): TransportAddress {
    return this.machine.relayedAddress ?? transportAddress('0.0.0.0', 0)
  }

  allocate(): this {
    this.machine.allocate(this.#world.sim.now)
    this.#world.run(() => this.events.length > 0)
    return this
  }

  send(to: TransportAddress, text: string): void {
    this.machine.send(this.#world.sim.now, to, new TextEncoder().encode(text))
  }

  close(): void {
    this.machine.close(this.#world.sim.now)
  }
}
