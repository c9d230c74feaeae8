import type { CryptoProvider } from '@purertc/crypto'

import type { IceAgent } from '../agent.ts'
import type { IceCandidate } from '../candidate.ts'
import type { IceConfig } from '../config.ts'
import type { IceCredentials, RemoteOptions } from '../credentials.ts'
import type { LocalSocket } from '../base.ts'
import type { IceHost } from '../host.ts'
import type { IceRole } from '../role.ts'
import { IceDriver } from './ice-driver.ts'
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
  readonly #driver: IceDriver
  readonly #iceServers: readonly IceServer[]
  readonly #isContinual: boolean
  readonly #host: NodeIceHost
  #released: () => void = () => undefined
  #closing: Promise<void> | null = null

  /** Throws `IceError` `invalid-url` or `invalid-credentials`. */
  constructor(options: NodeIceOptions, host: NodeIceHost) {
    const { iceServers = [] } = options
    checkServers(iceServers)
    this.#host = host
    this.#iceServers = iceServers
    this.#isContinual = options.continualGathering ?? false
    this.#driver = new IceDriver(options, host, () => this.#released())
    this.agent = this.#driver.agent
  }

  /**
   * Binds the sockets and gathers; again after {@link NodeIceTransport.restart}. Resolves when all servers are being
   * asked, or the transport was closed; candidates go to the host.
   */
  async gather(): Promise<void> {
    const servers = resolveServers(this.#iceServers, (url, reason) =>
      this.#host.serverUnusable?.(url, reason),
    )
    this.#driver.sockets.follow(this.agent.localCredentials.usernameFragment)
    const sockets = await this.#driver.sockets.open()
    if (this.#closing !== null) return
    this.#driver.run((now) => this.agent.gather(now, sockets, { awaitsServers: true }))
    const resolved = await servers
    if (this.#closing !== null) return
    this.#driver.run((now) => this.agent.setServers(now, resolved))
    if (this.#isContinual) this.#driver.sockets.watch((gone, present) => this.#follow(gone, present))
  }

  #follow(gone: readonly number[], present: readonly LocalSocket[]): void {
    this.#driver.run((now) => {
      this.agent.gather(now, present)
      for (const socket of gone) this.agent.removeSocket(now, socket)
    })
  }

  setRemoteCredentials(credentials: IceCredentials, options: RemoteOptions = {}): void {
    this.#driver.run((now) => this.agent.setRemoteCredentials(now, credentials, options))
  }

  /** `null`: the peer has no more. */
  addRemoteCandidate(candidate: IceCandidate | null): void {
    this.#driver.run((now) => this.agent.addRemoteCandidate(now, candidate))
  }

  /** False, and nothing sent, while no pair works. */
  send(bytes: Uint8Array): boolean {
    return this.#driver.send(bytes)
  }

  restart(role?: IceRole): void {
    this.#driver.run((now) => this.agent.restart(now, role))
    this.#driver.sockets.follow(this.agent.localCredentials.usernameFragment)
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
    this.#driver.run((now) => this.agent.close(now))
    await released
    clearTimeout(timer)
    await this.#driver.close()
  }
}

const RELEASE_PATIENCE = 2_000
