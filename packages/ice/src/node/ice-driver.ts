import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import type { TransportAddress } from '@purertc/stun'

import { IceAgent } from '../agent.ts'
import type { IceCandidate } from '../candidate.ts'
import type { IceConnectionState } from '../connection-state.ts'
import type { GatheringState } from '../gatherer.ts'
import type { IceHost } from '../host.ts'
import type { CandidatePair } from '../pair.ts'
import type { PairFailure } from '../pair-failure.ts'
import type { CandidateError, TurnServerAddress } from '../server-address.ts'
import { IceSockets, type IceSocketsHost } from './ice-sockets.ts'
import type { NodeIceHost, NodeIceOptions } from './ice-transport.ts'

/**
 * An agent, its sockets and its alarm: what comes from the sockets goes to the agent with the time, and the alarm follows.
 */
export class IceDriver implements IceSocketsHost {
  readonly agent: IceAgent
  readonly sockets: IceSockets
  readonly #alarm: Alarm

  /** `released`: as `IceHost.released`. */
  constructor(options: NodeIceOptions, host: NodeIceHost, released: () => void) {
    const { crypto = nodeCrypto, mux } = options
    this.sockets = new IceSockets(options, this)
    this.agent = new IceAgent({ ...options, crypto }, new DriverHost(host, this.sockets, released))
    this.#alarm = new Alarm((now) => this.#handleTimeout(now), mux?.clock)
  }

  /** Runs a command of the agent's. */
  run(command: (now: Millis) => void): void {
    command(monotonicNow())
    this.#alarm.set(this.agent.nextTimeout)
  }

  /** As `IceAgent.send`. */
  send(bytes: Uint8Array): boolean {
    const wasSent = this.agent.send(monotonicNow(), bytes)
    this.#alarm.set(this.agent.nextTimeout)
    return wasSent
  }

  handleDatagram(socket: number, from: TransportAddress, bytes: Uint8Array): void {
    this.agent.handleDatagram(monotonicNow(), socket, from, bytes)
    this.#alarm.set(this.agent.nextTimeout)
  }

  handleRoutine(socket: number, from: TransportAddress, bytes: Uint8Array): boolean {
    if (!this.agent.handleRoutine(monotonicNow(), socket, from, bytes)) return false
    this.#alarm.set(this.agent.nextTimeout)
    return true
  }

  handleServerMessage(socket: number, server: TurnServerAddress, bytes: Uint8Array): void {
    this.run((now) => this.agent.handleServerMessage(now, socket, server, bytes))
  }

  serverLost(socket: number, server: TurnServerAddress, reason: string): void {
    this.run((now) => this.agent.serverLost(now, socket, server, reason))
  }

  connectionLost(socket: number, to: TransportAddress): void {
    this.run((now) => this.agent.connectionLost(now, socket, to))
  }

  nameResolved(name: string, addresses: readonly string[]): void {
    this.run((now) => this.agent.nameResolved(now, name, addresses))
  }

  async close(): Promise<void> {
    this.#alarm.clear()
    await this.sockets.close()
  }

  #handleTimeout(now: Millis): void {
    this.agent.handleTimeout(now)
    this.#alarm.set(this.agent.nextTimeout)
  }
}

/** The agent's host: sends by the sockets, and tells the application. No closures, which each of thousands would have. */
class DriverHost implements IceHost {
  readonly #host: NodeIceHost
  readonly #sockets: IceSockets
  readonly released: () => void
  /** Who is not asked about checks has those of an idle pair answered at less cost. */
  readonly acceptCheck?: NonNullable<IceHost['acceptCheck']>

  constructor(host: NodeIceHost, sockets: IceSockets, released: () => void) {
    this.#host = host
    this.#sockets = sockets
    this.released = released
    if (host.acceptCheck !== undefined) this.acceptCheck = (check) => host.acceptCheck?.(check) ?? true
  }

  transmit(socket: number, to: TransportAddress, bytes: Uint8Array): void {
    this.#sockets.send(socket, to, bytes)
  }

  transmitToServer(socket: number, server: TurnServerAddress, bytes: Uint8Array): void {
    this.#sockets.sendToServer(socket, server, bytes)
  }

  disconnectServer(socket: number, server: TurnServerAddress): void {
    this.#sockets.disconnectServer(socket, server)
  }

  resolveName(name: string): void {
    this.#sockets.resolveName(name)
  }

  received(now: Millis, bytes: Uint8Array): void {
    this.#host.received(now, bytes)
  }

  candidateGathered(candidate: IceCandidate | null): void {
    this.#host.candidateGathered(candidate)
  }

  candidateError(error: CandidateError): void {
    this.#host.candidateError?.(error)
  }

  gatheringStateChanged(state: GatheringState): void {
    this.#host.gatheringStateChanged(state)
  }

  stateChanged(state: IceConnectionState): void {
    this.#host.stateChanged(state)
  }

  pairSelected(pair: CandidatePair): void {
    this.#host.pairSelected(pair)
  }

  pairFailed(pair: CandidatePair, reason: PairFailure): void {
    this.#host.pairFailed?.(pair, reason)
  }

  acceptPair(pair: CandidatePair): boolean {
    return this.#host.acceptPair?.(pair) ?? true
  }

  acceptLocalCandidate(candidate: IceCandidate): boolean {
    return this.#host.acceptLocalCandidate?.(candidate) ?? true
  }

  acceptRemoteCandidate(candidate: IceCandidate): boolean {
    return this.#host.acceptRemoteCandidate?.(candidate) ?? true
  }
}
