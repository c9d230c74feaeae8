import { InvalidArgumentError, Option } from 'commander'

export interface DemoServerOptions {
  /** The address to listen on, 127.0.0.1 by default: nobody else can reach it. */
  readonly host?: string
  /** HTTP and signalling, 8080 by default. A taken port is replaced by a free one. */
  readonly port?: number
  /** STUN and TURN, 3478 by default. A taken port is replaced by a free one. */
  readonly turnPort?: number
  /** The address by which peers reach this machine; needed where `host` stands for all addresses. */
  readonly advertise?: string
  /** Whether TURN relays to private addresses when `host` is not a loopback address; no by default. */
  readonly allowPrivatePeers?: boolean
  /** The least that the program logs, `info` by default; `debug` tells of every connection. */
  readonly logLevel?: string
}

/** The same as flags; each may come from the environment as well. */
export const flags: readonly Option[] = [
  new Option('--host <address>', 'address to listen on').default('127.0.0.1').env('PURERTC_HOST'),
  new Option('--port <port>', 'port of page, signalling and health')
    .default(8080)
    .env('PURERTC_PORT')
    .argParser(parsePort),
  new Option('--turn-port <port>', 'port of STUN and TURN')
    .default(3478)
    .env('PURERTC_TURN_PORT')
    .argParser(parsePort),
  new Option('--advertise <address>', 'address by which peers reach this machine').env('PURERTC_ADVERTISE'),
  new Option('--log-level <level>', 'least that is logged')
    .choices(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .env('PURERTC_LOG_LEVEL'),
  new Option('--allow-private-peers', 'let TURN relay to private addresses').env(
    'PURERTC_ALLOW_PRIVATE_PEERS',
  ),
]

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('0 to 65535.')
  return port
}
