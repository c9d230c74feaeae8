import { randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { isIPv6 } from 'node:net'

import {
  createSignalingServer,
  expiringIceServers,
  type SignalingServer,
  turnPasswordFor,
} from '@purertc/signaling-server'
import { createTurnServer, type NodeTurnServer } from '@purertc/turn/node'
import type { Logger } from 'pino'

import { listen, onFreePort } from './listen.ts'
import type { DemoServerOptions } from './options.ts'
import { serveStatic } from './static-files.ts'

/**
 * Everything that two peers need to meet, in one process: the signalling server and a page on HTTP, STUN and TURN on
 * UDP. TURN users are made up for each signalling connection and end after an hour.
 *
 * @example
 * const server = await DemoServer.start({ port: 0, turnPort: 0 }, pino())
 * console.log(server.url) // http://127.0.0.1:49152/
 * await server.close()
 */
export class DemoServer {
  /** The page. */
  readonly url: string
  readonly signalingUrl: string
  readonly healthUrl: string
  /** Address and port of STUN and TURN. */
  readonly stunAddress: string
  readonly #http: Server
  readonly #signaling: SignalingServer
  readonly #turn: NodeTurnServer

  private constructor(parts: Parts, place: Place) {
    const authority = `${bracketed(place.host)}:${place.port}`
    this.url = `http://${authority}/`
    this.signalingUrl = `ws://${authority}${signalingPath}`
    this.healthUrl = `http://${authority}${healthPath}`
    this.stunAddress = place.stunAddress
    this.#http = parts.http
    this.#signaling = parts.signaling
    this.#turn = parts.turn
  }

  /** Rejects with the system's error where an address cannot be had; nothing stays open then. */
  static async start(options: DemoServerOptions, log: Logger): Promise<DemoServer> {
    const { host = '127.0.0.1', port = 8080, turnPort = 3478 } = options
    const publicHost = options.advertise ?? host
    const secret = randomBytes(32).toString('hex')
    const turn = await onFreePort(turnPort, (free) => startTurn(options, host, free, secret))
    turn.on('error', (error) => log.warn({ err: error }, 'a TURN socket failed'))
    const stunAddress = `${bracketed(publicHost)}:${turn.addresses[0]?.port ?? turnPort}`

    const startedAt = performance.now()
    const http = createServer((request, response) => {
      if (request.url === healthPath) answerHealth(response, { signaling, turn, startedAt })
      else if (!signaling.handleRequest(request, response)) serveStatic(request, response)
    })
    const signaling = await createSignalingServer({
      server: http,
      path: signalingPath,
      iceServers: expiringIceServers({
        secret,
        lifetime: credentialLifetime,
        stun: [`stun:${stunAddress}`],
        turn: [`turn:${stunAddress}?transport=udp`],
        userOf: () => 'demo',
      }),
    })
    logSignaling(signaling, log)
    try {
      const boundPort = await onFreePort(port, (free) => listen(http, host, free))
      return new DemoServer({ http, signaling, turn }, { host: publicHost, port: boundPort, stunAddress })
    } catch (error) {
      await Promise.all([signaling.close(), turn.close()])
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#signaling.close(), this.#turn.close()])
    await new Promise((resolve) => {
      this.#http.close(resolve)
      this.#http.closeAllConnections()
    })
  }
}

interface Parts {
  readonly http: Server
  readonly signaling: SignalingServer
  readonly turn: NodeTurnServer
}

interface Place {
  readonly host: string
  readonly port: number
  readonly stunAddress: string
}

function startTurn(
  options: DemoServerOptions,
  host: string,
  port: number,
  secret: string,
): Promise<NodeTurnServer> {
  // Whoever can reach a server on loopback is on this machine already, and so are the peers. Elsewhere an open page
  // that hands out TURN credentials must not become a door into the network behind it.
  const isLocal = host === '::1' || host.startsWith('127.')
  return createTurnServer({
    listen: [{ address: host, port }],
    ...(options.advertise === undefined ? {} : { advertisedAddress: options.advertise }),
    realm: 'purertc.demo',
    software: 'PureRTC demo server',
    authenticate: (username) => turnPasswordFor(username, { secret }),
    allowLoopbackPeers: isLocal,
    allowPrivatePeers: isLocal || options.allowPrivatePeers === true,
  })
}

function answerHealth(
  response: ServerResponse,
  { signaling, turn, startedAt }: { signaling: SignalingServer; turn: NodeTurnServer; startedAt: number },
): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(
    `${JSON.stringify({
      status: 'ok',
      uptimeSeconds: Math.floor((performance.now() - startedAt) / 1000),
      connections: signaling.connections,
      channels: signaling.channels,
      allocations: turn.allocations.length,
    })}\n`,
  )
}

/** One line an event, with fields to search by. Secrets (tokens, descriptions) are in none of them. */
function logSignaling(signaling: SignalingServer, log: Logger): void {
  signaling.on('connect', ({ id, address, user }) => log.debug({ id, address, user }, 'connected'))
  signaling.on('disconnect', ({ id }, code) => log.debug({ id, code }, 'disconnected'))
  signaling.on('refusal', (address, status) => log.warn({ address, status }, 'refused'))
  signaling.on('subscription', ({ id }, channel, peer, count) =>
    log.info({ id, channel, peer, count }, 'joined'),
  )
  signaling.on('resumption', ({ id }, channel, peer, replayed) =>
    log.info({ id, channel, peer, replayed }, 'resumed'),
  )
  signaling.on('unsubscription', (client, channel, peer, count) =>
    log.info({ id: client?.id, channel, peer, count }, 'left'),
  )
  signaling.on('error', (error) => log.error({ err: error }, 'signalling failed'))
}

const bracketed = (host: string): string => (isIPv6(host) ? `[${host}]` : host)

const signalingPath = '/signaling'
const healthPath = '/health'
/** Seconds. */
const credentialLifetime = 3_600
