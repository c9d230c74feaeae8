import { nodeCrypto } from '@purertc/crypto/node'
import {
  type LinkConditions,
  type Nat,
  type NatKind,
  Network,
  type SimSocket,
  Simulation,
} from '@purertc/netsim'
import type { TransportAddress } from '@purertc/stun'
import { TurnServer, type TurnServerConfig } from '@purertc/turn'

import type { IceHost, IceServerAddress } from '../../src/index.ts'
import { Peer, type PeerOptions } from './peer.ts'

export interface WorldOptions {
  readonly seed?: number
  readonly conditions?: LinkConditions
  readonly turn?: Partial<TurnServerConfig>
}

export interface WorldPeerOptions extends Omit<PeerOptions, 'hosts'> {
  /** None: on the public network. A NAT that exists: behind it, too. */
  readonly nat?: NatKind | Nat
  /** Which of the world's servers to ask, before any other `servers`. Default none. */
  readonly uses?: 'stun' | 'turn' | 'both' | 'stream'
  /** Only the connections to TURN servers get through. */
  readonly isUdpBlocked?: boolean
  readonly conditions?: LinkConditions
}

/** A STUN and TURN server and peers behind NATs, on one virtual clock. */
export class World {
  readonly sim: Simulation
  readonly network: Network
  turn: TurnServer
  readonly #startTurn: () => TurnServer
  readonly servers: {
    readonly stun: IceServerAddress
    readonly turn: IceServerAddress
    readonly stream: IceServerAddress
  }
  readonly #relays = new Map<number, SimSocket>()
  /** By listener, as the server sees them. */
  readonly #streams = new Map<number, (bytes: Uint8Array) => void>()
  #peers = 0

  constructor({ seed = 1, conditions = { latency: 20 }, turn = {} }: WorldOptions = {}) {
    this.sim = new Simulation({ seed })
    this.network = new Network(this.sim, conditions)
    const host = this.network.host('198.51.100.1', { conditions: { latency: 10 } })
    const listener = host.bind({
      port: 3478,
      received: (now, from, bytes) => this.turn.handleDatagram(now, 0, from, bytes),
    })
    const address: TransportAddress = listener.local
    this.servers = {
      stun: { kind: 'stun', address, url: 'stun:198.51.100.1' },
      turn: { kind: 'turn', address, username: 'ann', password: 'secret', url: 'turn:198.51.100.1' },
      stream: { kind: 'turn', transport: 'tcp', address, username: 'ann', password: 'secret' },
    }
    this.#startTurn = () =>
      new TurnServer(
        {
          crypto: this.sim.seeded(nodeCrypto),
          realm: 'example.org',
          authenticate: () => 'secret',
          allowPeer: () => true,
          ...turn,
        },
        {
          transmit: (number, client, bytes) => {
            if (number === 0) listener.send(client, bytes)
            else this.#streams.get(number)?.(bytes)
          },
          relay: (relay, peer, bytes) => this.#relays.get(relay)?.send(peer, bytes),
          openRelay: (relay, _family, port) => {
            const socket = host.bind({
              port,
              received: (now, from, bytes) => this.turn.relayReceived(now, relay, from, bytes),
            })
            this.#relays.set(relay, socket)
            this.turn.relayOpened(this.sim.now, relay, socket.local)
          },
          closeRelay: (relay) => {
            this.#relays.get(relay)?.close()
            this.#relays.delete(relay)
          },
        },
      )
    this.turn = this.#startTurn()
    this.sim.attach(this.turn)
  }

  /** The TURN server starts anew and knows of no allocation. */
  restartTurn(): void {
    this.sim.detach(this.turn)
    for (const relay of this.#relays.values()) relay.close()
    this.#relays.clear()
    this.turn = this.#startTurn()
    this.sim.attach(this.turn)
  }

  nat(
    kind: NatKind,
    options: { readonly hairpin?: boolean; readonly mappingLifetime?: number; readonly behind?: Nat } = {},
  ): Nat {
    return this.network.nat({ kind, address: `198.51.101.${++this.#peers}`, ...options })
  }

  peer({ nat, uses, servers = [], conditions, isUdpBlocked, ...options }: WorldPeerOptions): Peer {
    const box = typeof nat === 'string' ? this.nat(nat) : nat
    const number = ++this.#peers
    const address = box === undefined ? `198.51.102.${number}` : `10.0.${number}.2`
    const host = this.network.host(address, {
      ...(box && { nat: box }),
      ...(conditions && { conditions }),
    })
    if (isUdpBlocked === true) host.link.intercept(() => 'drop')
    const { stun, turn, stream } = this.servers
    const used = { none: [], stun: [stun], turn: [turn], both: [stun, turn], stream: [stream] }[
      uses ?? 'none'
    ]
    const peer: Peer = new Peer(this.sim, {
      ...options,
      hosts: [host],
      servers: [...used, ...servers],
      hooks: { ...options.hooks, ...this.#streamTo(number, () => peer) },
    })
    return peer
  }

  /** The peer's connection to the server, which neither loses nor reorders: 20 ms each way. */
  #streamTo(number: number, peer: () => Peer): Pick<IceHost, 'transmitToServer' | 'disconnectServer'> {
    const client: TransportAddress = { family: 'IPv4', address: '198.51.104.1', port: number }
    return {
      transmitToServer: (socket, server, bytes) => {
        this.#streams.set(number, (answer) => {
          const copy = new Uint8Array(answer)
          this.sim.after(20, (now) => peer().agent.handleServerMessage(now, socket, server, copy))
        })
        const copy = new Uint8Array(bytes)
        this.sim.after(20, (now) => this.turn.handleDatagram(now, number, client, copy))
      },
      disconnectServer: () => void this.#streams.delete(number),
    }
  }

  /** Runs until `until` holds, for `deadline` ms at most. */
  run(until: () => boolean, deadline = 30_000): boolean {
    return this.sim.run({ until, deadline })
  }
}
