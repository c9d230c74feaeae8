import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { IceAgent } from '../agent.ts'
import type { IceCandidate } from '../candidate.ts'
import type { IceConfig } from '../config.ts'
import type { IceCredentials, RemoteOptions } from '../credentials.ts'
import type { LocalSocket } from '../base.ts'
import type { IceHost } from '../host.ts'
import type { IceRole } from '../role.ts'
import { IceSockets } from './ice-sockets.ts'
import { checkServers, type IceServer, resolveServers } from './resolve-servers.ts'
import type { IceSocketsOptions } from './socket-options.ts'

export interface NodeIceOptions extends Omit<IceConfig, 'crypto' | 'servers'>, IceSocketsOptions {
  /** Default: none. */
  readonly iceServers?: readonly IceServer[]
  /** Default: node:crypto. */
  readonly crypto?: CryptoProvider
}

export interface NodeIceHost extends Omit<
  IceHost,
  'transmit' | 'transmitToServer' | 'disconnectServer' | 'resolveName' | 'released'
> {
  /** A server that cannot be asked: its name is unknown, or it is to be reached in a way that this agent has not. Not fatal. */
  serverUnusable?(url: string, reason: Error): void
}

/**
 * An ICE agent on UDP sockets of its own.
 *
 * @example
 * const ice = new NodeIceTransport({ role: 'controlling', iceServers: [{ urls: 'stun:stun.example.org' }] }, host)
 * signal(ice.agent.localCredentials)
 * await ice.gather() // candidates come to host.candidateGathered
 */
export class NodeIceTransport {
  /** For reading; commands go through the transport, which minds the time. */
  readonly agent: IceAgent
  readonly #sockets: IceSockets
  readonly #alarm: Alarm
  readonly #iceServers: readonly IceServer[]
  readonly #isContinual: boolean
  readonly #host: NodeIceHost
  #released: () => void = () => undefined
  #closing: Promise<void> | null = null

  /** Throws `IceError` `invalid-url` or `invalid-credentials`. */
  constructor(options: NodeIceOptions, host: NodeIceHost) {
    const { crypto = nodeCrypto, iceServers = [] } = options
    checkServers(iceServers)
    this.#host = host
    this.#iceServers = iceServers
    this.#isContinual = options.continualGathering ?? false
    this.#sockets = this.#createSockets(options)
    this.agent = this.#createAgent({ ...options, crypto })
    this.#alarm = new Alarm((now) => {
      this.agent.handleTimeout(now)
      this.#alarm.set(this.agent.nextTimeout)
    }, options.mux?.clock)
  }

  #createSockets(options: NodeIceOptions): IceSockets {
    return new IceSockets(options, {
      handleDatagram: (socket, from, bytes) => {
        this.agent.handleDatagram(monotonicNow(), socket, from, bytes)
        this.#alarm.set(this.agent.nextTimeout)
      },
      handleRoutine: (socket, from, bytes) => {
        const isRoutine = this.agent.handleRoutine(monotonicNow(), socket, from, bytes)
        if (isRoutine) this.#alarm.set(this.agent.nextTimeout)
        return isRoutine
      },
      handleServerMessage: (socket, server, bytes) =>
        this.#command((now) => this.agent.handleServerMessage(now, socket, server, bytes)),
      serverLost: (socket, server, reason) =>
        this.#command((now) => this.agent.serverLost(now, socket, server, reason)),
      connectionLost: (socket, to) => this.#command((now) => this.agent.connectionLost(now, socket, to)),
      nameResolved: (name, addresses) =>
        this.#command((now) => this.agent.nameResolved(now, name, addresses)),
    })
  }

  #createAgent(config: IceConfig): IceAgent {
    const host = this.#host
    return new IceAgent(config, {
      received: (now, bytes) => host.received(now, bytes),
      candidateGathered: (candidate) => host.candidateGathered(candidate),
      candidateError: (error) => host.candidateError?.(error),
      gatheringStateChanged: (state) => host.gatheringStateChanged(state),
      stateChanged: (state) => host.stateChanged(state),
      pairSelected: (pair) => host.pairSelected(pair),
      pairFailed: (pair, reason) => host.pairFailed?.(pair, reason),
      acceptPair: (pair) => host.acceptPair?.(pair) ?? true,
      acceptLocalCandidate: (candidate) => host.acceptLocalCandidate?.(candidate) ?? true,
      acceptRemoteCandidate: (candidate) => host.acceptRemoteCandidate?.(candidate) ?? true,
      // Who is not asked about checks has those of an idle pair answered at less cost.
      ...(host.acceptCheck && { acceptCheck: (check) => host.acceptCheck?.(check) ?? true }),
      transmit: (socket, to, bytes) => this.#sockets.send(socket, to, bytes),
      transmitToServer: (socket, server, bytes) => this.#sockets.sendToServer(socket, server, bytes),
      resolveName: (name) => this.#sockets.resolveName(name),
      disconnectServer: (socket, server) => this.#sockets.disconnectServer(socket, server),
      released: () => this.#released(),
    })
  }

  /**
   * Binds the sockets and gathers; again after {@link NodeIceTransport.restart}. Resolves when all servers are being
   * asked, or the transport was closed; candidates go to the host.
   */
  async gather(): Promise<void> {
    const servers = resolveServers(this.#iceServers, (url, reason) =>
      this.#host.serverUnusable?.(url, reason),
    )
    this.#sockets.follow(this.agent.localCredentials.usernameFragment)
    const sockets = await this.#sockets.open()
    if (this.#closing !== null) return
    this.#command((now) => this.agent.gather(now, sockets, { awaitsServers: true }))
    const resolved = await servers
    if (this.#closing !== null) return
    this.#command((now) => this.agent.setServers(now, resolved))
    if (this.#isContinual) this.#sockets.watch((gone, present) => this.#follow(gone, present))
  }

  #follow(gone: readonly number[], present: readonly LocalSocket[]): void {
    this.#command((now) => {
      this.agent.gather(now, present)
      for (const socket of gone) this.agent.removeSocket(now, socket)
    })
  }

  setRemoteCredentials(credentials: IceCredentials, options: RemoteOptions = {}): void {
    this.#command((now) => this.agent.setRemoteCredentials(now, credentials, options))
  }

  /** `null`: the peer has no more. */
  addRemoteCandidate(candidate: IceCandidate | null): void {
    this.#command((now) => this.agent.addRemoteCandidate(now, candidate))
  }

  /** False, and nothing sent, while no pair works. */
  send(bytes: Uint8Array): boolean {
    const wasSent = this.agent.send(monotonicNow(), bytes)
    this.#alarm.set(this.agent.nextTimeout)
    return wasSent
  }

  restart(role?: IceRole): void {
    this.#command((now) => this.agent.restart(now, role))
    this.#sockets.follow(this.agent.localCredentials.usernameFragment)
  }

  /** Gives allocations back, waiting two seconds at most for the TURN servers, and closes the sockets. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const released = new Promise<void>((resolve) => {
      this.#released = resolve
      timer = setTimeout(resolve, RELEASE_PATIENCE)
    })
    this.#command((now) => this.agent.close(now))
    await released
    clearTimeout(timer)
    this.#alarm.clear()
    await this.#sockets.close()
  }

  #command(run: (now: ReturnType<typeof monotonicNow>) => void): void {
    run(monotonicNow())
    this.#alarm.set(this.agent.nextTimeout)
  }
}

const RELEASE_PATIENCE = 2_000
