import type { Millis } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import { IceSockets, resolveServers } from '@purertc/ice/node'
import type { TransportAddress } from '@purertc/stun'

import { AnswerPoll } from './answer-poll.ts'
import { nodePathLimit } from './path-limit.ts'
import type { DriverHost, TransportDriver } from '../environment.ts'
import { trafficOf } from '../transport/demultiplex.ts'
import { PeerTransport } from '../transport/peer-transport.ts'
import type { PeerTransportConfig } from '../transport/peer-transport-config.ts'
import type { PeerTransportHost } from '../transport/peer-transport-host.ts'
import type { NetworkOptions } from '../w3c/configuration.ts'
import type { RTCIceServer } from '../w3c/ice-servers.ts'

/** A transport on UDP sockets of its own, with one timer. */
export class NodeTransportDriver implements TransportDriver {
  readonly #transport: PeerTransport
  readonly #host: DriverHost
  readonly #sockets: IceSockets
  readonly #alarm: Alarm
  readonly #isContinual: boolean
  readonly #poll = new AnswerPoll({ now: monotonicNow, nextTurn: setImmediate })
  #isClosed = false
  #isReleased = false
  #isBatching = false
  #patience: NodeJS.Timeout | undefined

  constructor(config: PeerTransportConfig, network: NetworkOptions, host: DriverHost) {
    this.#host = host
    this.#isContinual = config.ice?.continualGathering ?? false
    this.#sockets = new IceSockets(network, {
      handleDatagram: (socket, from, bytes) => this.#receive(socket, from, bytes),
      handleServerMessage: (socket, server, bytes) =>
        this.run((transport, now) =>
          transport.withIce(now, (ice) => ice.handleServerMessage(now, socket, server, bytes)),
        ),
      serverLost: (socket, server, reason) =>
        this.run((transport, now) =>
          transport.withIce(now, (ice) => ice.serverLost(now, socket, server, reason)),
        ),
      connectionLost: (socket, to) =>
        this.run((transport, now) => transport.withIce(now, (ice) => ice.connectionLost(now, socket, to))),
      nameResolved: (name, addresses) =>
        this.run((transport, now) => transport.withIce(now, (ice) => ice.nameResolved(now, name, addresses))),
    })
    this.#transport = new PeerTransport(config, {
      pathLimit: nodePathLimit,
      transmit: (socket, to, bytes) => this.#sockets.send(socket, to, bytes),
      transmitToServer: (socket, server, bytes) => this.#sockets.sendToServer(socket, server, bytes),
      resolveName: (name) => this.#sockets.resolveName(name),
      disconnectServer: (socket, server) => this.#sockets.disconnectServer(socket, server),
      released: () => this.#release(),
      ...host,
      ...(network.answerPolling !== false && this.#polled(host)),
    })
    this.#alarm = new Alarm(() => this.run((transport, now) => transport.handleTimeout(now)))
  }

  run<T>(command: (transport: PeerTransport, now: Millis) => T): T {
    try {
      return command(this.#transport, monotonicNow())
    } finally {
      if (!this.#isReleased) this.#alarm.set(this.#transport.nextTimeout)
    }
  }

  gather(servers: readonly RTCIceServer[]): void {
    // Neither part rejects: what goes wrong is reported to the host.
    void this.#gather(servers)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    // A TURN server that does not answer must not keep the sockets for ever.
    this.#patience = setTimeout(() => this.#release(), RELEASE_PATIENCE)
    this.run((transport, now) => transport.close(now))
  }

  async #gather(servers: readonly RTCIceServer[]): Promise<void> {
    const resolving = resolveServers(servers, (url, reason) => {
      if (!this.#isClosed) this.#host.serverUnusable(url, reason)
    })
    this.#sockets.follow(this.#transport.localCredentials.usernameFragment)
    const sockets = await this.#sockets.open()
    if (this.#isClosed) return
    this.run((transport, now) => transport.gather(now, sockets, { awaitsServers: true }))
    const resolved = await resolving
    if (this.#isClosed) return
    this.run((transport, now) => transport.setServers(now, resolved))
    if (!this.#isContinual) return
    this.#sockets.watch((gone, present) =>
      this.run((transport, now) => {
        transport.gather(now, present)
        transport.withIce(now, (ice) => {
          for (const socket of gone) ice.removeSocket(now, socket)
        })
      }),
    )
  }

  /**
   * All datagrams of one turn of the event loop are one batch: they share one acknowledgement, and the answers of the
   * application share packets. What a turn reads is bounded by libuv (32 datagrams a socket). ICE has its own pace.
   */
  #receive(socket: number, from: TransportAddress, bytes: Uint8Array): void {
    const isBatch = this.#isBatching || (this.#transport.isBatchWelcome && trafficOf(bytes) !== 'stun')
    if (!isBatch) {
      this.run((transport, now) => transport.handleDatagram(now, socket, from, bytes))
      return
    }
    if (!this.#isBatching) {
      this.#isBatching = true
      this.#transport.cork()
      setImmediate(this.#endBatch)
    }
    this.#transport.handleDatagram(monotonicNow(), socket, from, bytes)
  }

  /** The calls that tell whether messages are answered soon. */
  #polled(host: DriverHost): Pick<PeerTransportHost, 'sent' | 'received' | 'datagramReceived'> {
    return {
      sent: () => this.#poll.sent(),
      received: (now, channel, data, isText) => {
        this.#poll.received()
        host.received(now, channel, data, isText)
      },
      datagramReceived: (now, data) => {
        this.#poll.received()
        host.datagramReceived(now, data)
      },
    }
  }

  readonly #endBatch = (): void => {
    this.#isBatching = false
    this.run((transport, now) => transport.uncork(now))
  }

  #release(): void {
    this.#isReleased = true
    clearTimeout(this.#patience)
    this.#poll.close()
    this.#alarm.clear()
    void this.#sockets.close()
  }
}

/** Milliseconds to wait for TURN servers to confirm that their allocations are gone. */
const RELEASE_PATIENCE = 2_000
