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

import type { IceServerAddress } from '../../src/index.ts'
import { Peer, type PeerOptions } from './peer.ts'

export interface WorldOptions {
  readonly seed?: number
  readonly conditions?: LinkConditions
  readonly turn?: Partial<TurnServerConfig>
}

export interface WorldPeerOptions extends Omit<PeerOptions, 'hosts' | 'servers'> {
  /** None: on the public network. A NAT that exists: behind it, too. */
  readonly nat?: NatKind | Nat
  /** Which of the world's servers to ask. Default none. */
  readonly uses?: 'stun' | 'turn' | 'both'
  readonly conditions?: LinkConditions
}

/** A STUN and TURN server and peers behind NATs, on one virtual clock. */
export class World {
  readonly sim: Simulation
  readonly network: Network
  readonly turn: TurnServer
  readonly servers: { readonly stun: IceServerAddress; readonly turn: IceServerAddress }
  readonly #relays = new Map<number, SimSocket>()
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
    }
    this.turn = new TurnServer(
      {
        crypto: this.sim.seeded(nodeCrypto),
        realm: 'example.org',
        authenticate: () => 'secret',
        allowPeer: () => true,
        ...turn,
      },
      {
        transmit: (_listener, client, bytes) => listener.send(client, bytes),
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
    this.sim.attach(this.turn)
  }

  nat(kind: NatKind, options: { readonly hairpin?: boolean; readonly mappingLifetime?: number } = {}): Nat {
    return this.network.nat({ kind, address: `198.51.101.${++this.#peers}`, ...options })
  }

  peer({ nat, uses, conditions, ...options }: WorldPeerOptions): Peer {
    const box = typeof nat === 'string' ? this.nat(nat) : nat
    const number = ++this.#peers
    const address = box === undefined ? `198.51.102.${number}` : `10.0.${number}.2`
    const host = this.network.host(address, {
      ...(box && { nat: box }),
      ...(conditions && { conditions }),
    })
    const { stun, turn } = this.servers
    const servers = { none: [], stun: [stun], turn: [turn], both: [stun, turn] }[uses ?? 'none']
    return new Peer(this.sim, { ...options, hosts: [host], servers })
  }

  /** Runs until `until` holds, for `deadline` ms at most. */
  run(until: () => boolean, deadline = 30_000): boolean {
    return this.sim.run({ until, deadline })
  }
}
