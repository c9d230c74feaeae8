import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import type { SimHost, SimSocket, Simulation } from '@purertc/netsim'
import type { TransportAddress } from '@purertc/stun'

import {
  type CandidateError,
  type CandidatePair,
  IceAgent,
  type IceCandidate,
  type IceConfig,
  type IceConnectionState,
  type IceHost,
  type IceRole,
} from '../../src/index.ts'

export interface PeerOptions extends Partial<IceConfig> {
  /** Bases, in order of preference. */
  readonly hosts: readonly SimHost[]
  readonly role: IceRole
  readonly hooks?: Partial<IceHost>
}

/** An agent on simulated hosts that records what it is told, and signals to `remote` once they are introduced. */
export class Peer {
  readonly agent: IceAgent
  readonly states: IceConnectionState[] = []
  readonly candidates: (IceCandidate | null)[] = []
  readonly errors: CandidateError[] = []
  readonly selected: { readonly pair: CandidatePair; readonly local: string; readonly remote: string }[] = []
  readonly failures: string[] = []
  readonly received: string[] = []
  readonly sockets: SimSocket[]
  isReleased = false
  /** Called with every candidate; `introduce` makes it signal. */
  signal: (candidate: IceCandidate | null) => void = () => {}
  readonly #sim: Simulation

  constructor(sim: Simulation, { hosts, hooks, ...config }: PeerOptions) {
    this.#sim = sim
    this.sockets = hosts.map((host, id) =>
      host.bind({ received: (now, from, bytes) => this.agent.handleDatagram(now, id, from, bytes) }),
    )
    this.agent = new IceAgent(
      { crypto: sim.seeded(nodeCrypto), ...config },
      {
        transmit: (socket, to, bytes) => this.sockets[socket]!.send(to, bytes),
        received: (_now, bytes) => this.received.push(new TextDecoder().decode(bytes)),
        candidateGathered: (candidate) => {
          this.candidates.push(candidate)
          this.signal(candidate)
        },
        candidateError: (error) => this.errors.push(error),
        gatheringStateChanged: () => {},
        stateChanged: (state) => this.states.push(state),
        pairSelected: (pair) =>
          this.selected.push({ pair, local: pair.local.type, remote: pair.remote.type }),
        pairFailed: (_pair, reason) => this.failures.push(reason),
        released: () => (this.isReleased = true),
        ...hooks,
      },
    )
    sim.attach(this.agent)
  }

  get now(): Millis {
    return this.#sim.now
  }

  gather(): void {
    this.agent.gather(
      this.now,
      this.sockets.map(({ local }, id) => ({ id, address: local })),
    )
  }

  send(text: string): boolean {
    return this.agent.send(this.now, new TextEncoder().encode(text))
  }

  get local(): string | undefined {
    return this.agent.selectedPair?.local.type
  }

  get remote(): string | undefined {
    return this.agent.selectedPair?.remote.type
  }
}

/**
 * Both know each other's credentials after `signalling` ms, and hear of every candidate that late. Gathers.
 */
export function introduce(sim: Simulation, a: Peer, b: Peer, signalling = 30): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.signal = (candidate) =>
      sim.after(signalling, (now) => {
        if (to.agent.state !== 'closed') to.agent.addRemoteCandidate(now, candidate)
      })
    const { localCredentials } = from.agent
    sim.after(signalling, (now) => {
      if (to.agent.state !== 'closed') to.agent.setRemoteCredentials(now, localCredentials)
    })
  }
  a.gather()
  b.gather()
}

export const isConnected = (...peers: Peer[]): boolean =>
  peers.every(({ agent }) => agent.selectedPair !== null)

export const isCompleted = (...peers: Peer[]): boolean =>
  peers.every(({ agent }) => agent.state === 'completed')

export function address(text: string, port: number): TransportAddress {
  return { family: text.includes(':') ? 'IPv6' : 'IPv4', address: text, port }
}

export const ms = (value: number): Millis => Millis(value)
