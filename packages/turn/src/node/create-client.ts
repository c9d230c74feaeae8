import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  type IpFamily,
  type RetransmitPolicy,
  sameAddress,
  type ServerAddress,
  StatusCode,
  transportAddress,
  type TransportAddress,
} from '@purertc/stun'
import { type NameService, resolveServer } from '@purertc/stun/node'

import type { TurnClientConfig } from '../client/config.ts'
import { TurnError } from '../turn-error.ts'
import { parseTurnUri, type TurnUri } from '../turn-uri.ts'
import { NodeTurnClient } from './client.ts'
import { type LinkOptions, openLink, type ServerLink, throwIfCancelled } from './server-link.ts'

export interface NodeTurnClientOptions
  extends Omit<TurnClientConfig, 'crypto' | 'server' | 'isReliable'>, LinkOptions {
  /**
   * A `turn:` URI, over UDP or with `?transport=tcp`, or a `turns:` URI, over TLS or, with `?transport=udp`, DTLS. A domain
   * without a port is looked up by its SRV records, and its addresses are tried in turn.
   */
  readonly server: string
  /** A way to that server that is there already; it is closed with the client. Default: made as the URI says. */
  readonly link?: ServerLink
  /** The family to reach the server by, where its name has both. */
  readonly serverFamily?: IpFamily
  /**
   * Whether to go on from another local port after 437, which says that ours has an allocation already, somebody's
   * before us. `attempt` counts from 1. Default: three times (RFC 8656 §7.4); a `link` of your own is not replaced.
   */
  readonly tryAnotherPort?: (attempt: number) => boolean
  /** Whether to go where a 300 sends us (RFC 8489 §10). Default true. */
  readonly followAlternate?: boolean
  readonly names?: NameService
  readonly crypto?: CryptoProvider
}

/**
 * Allocates at a TURN server. Rejects with {@link TurnError} where it refuses, is silent (after 39.5 seconds) or out of
 * reach, with `cancelled` as soon as its `signal` says so, or with the system's error where its name is unknown; nothing is
 * left open then.
 *
 * @example
 * const client = await createTurnClient({ server: 'turn:turn.example.org', username: 'ann', password: 'secret' })
 * client.on('message', (data, peer) => client.send(peer, data))
 * console.log(client.relayedAddress)
 */
export async function createTurnClient(options: NodeTurnClientOptions): Promise<NodeTurnClient> {
  const { server: text, link, serverFamily, names, crypto = nodeCrypto } = options
  const uri = parseTurnUri(text)
  if (uri === null || (link === undefined && uri.transport !== 'udp' && uri.transport !== 'tcp'))
    throw new TurnError('invalid-config', `${JSON.stringify(text)} is no TURN server that we can reach`)
  const servers = await resolveServer(uri, {
    protocol: uri.transport === 'udp' ? 'udp' : 'tcp',
    service: 'turn',
    random: () => randomFraction(crypto),
    ...(serverFamily === undefined ? {} : { family: serverFamily }),
    ...(names === undefined ? {} : { names }),
  })
  return firstThatAnswers(uri, servers, options)
}

/** RFC 8656 §7.1, RFC 8489 §8: the next address where one is silent or out of reach. */
async function firstThatAnswers(
  uri: TurnUri,
  servers: readonly ServerAddress[],
  options: NodeTurnClientOptions,
): Promise<NodeTurnClient> {
  for (const [i, server] of servers.entries()) {
    const isLast = i === servers.length - 1 || options.link !== undefined
    try {
      return await allocateAt(uri, server, isLast ? options : { retransmit: IMPATIENT, ...options }, [])
    } catch (error) {
      if (isLast || !isOutOfReach(error)) throw error
    }
  }
  throw new TurnError('transport', 'the server has no address')
}

/** RFC 8489 §10: also where the server sends us, unless we have been there. */
async function allocateAt(
  uri: TurnUri,
  server: TransportAddress,
  options: NodeTurnClientOptions,
  visited: readonly TransportAddress[],
): Promise<NodeTurnClient> {
  try {
    return await allocateFromSomePort(uri, server, options)
  } catch (error) {
    const alternate = error instanceof TurnError ? error.alternateServer : undefined
    const mayFollow = options.followAlternate !== false && options.link === undefined
    const been = [...visited, server]
    if (alternate === undefined || !mayFollow || been.length > MAX_REFERRALS) throw error
    if (alternate.family !== server.family || been.some((one) => sameAddress(one, alternate))) throw error
    return await allocateAt(uri, transportAddress(alternate.address, alternate.port), options, been)
  }
}

async function allocateFromSomePort(
  uri: TurnUri,
  server: TransportAddress,
  options: NodeTurnClientOptions,
): Promise<NodeTurnClient> {
  const { link: given, crypto = nodeCrypto, ...rest } = options
  const { localAddress, tls, connectTimeout, signal, tryAnotherPort = upToThree, ...config } = rest
  const linking: LinkOptions = { localAddress, tls, connectTimeout }
  for (let attempt = 1; ; attempt++) {
    if (signal?.aborted === true) await given?.close()
    throwIfCancelled(signal)
    const link = given ?? (await openLink(uri, server, { ...linking, signal }))
    const machine = { ...config, crypto, server, isReliable: link.isReliable }
    const client = new NodeTurnClient(link, machine, { uri, server, ...linking })
    try {
      await client.allocate(signal)
      return client
    } catch (error) {
      await client.close()
      throwIfCancelled(signal)
      if (given !== undefined || !isMismatch(error) || !tryAnotherPort(attempt)) throw error
    }
  }
}

function isMismatch(error: unknown): boolean {
  return error instanceof TurnError && error.code === StatusCode.allocationMismatch
}

/** The system's errors say so too: no route, no socket of that family. */
function isOutOfReach(error: unknown): boolean {
  return !(error instanceof TurnError) || error.code === 'timeout' || error.code === 'transport'
}

function upToThree(attempt: number): boolean {
  return attempt <= 3
}

/** From 0 to 1, 1 excluded. */
function randomFraction(crypto: CryptoProvider): number {
  const bytes = new Uint8Array(4)
  crypto.randomFill(bytes)
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32
}

/** Where there are other addresses to try, one is given up after 5.5 seconds instead of 39.5. */
const IMPATIENT: RetransmitPolicy = { rto: 500, rc: 4, rm: 4 }

const MAX_REFERRALS = 3
