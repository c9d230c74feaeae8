import { readFileSync } from 'node:fs'
import { BlockList } from 'node:net'

import { asError } from '@purertc/bytes'
import { Command, InvalidArgumentError, Option } from 'commander'
import { isIpAddress } from '@purertc/stun'

import { addressScope } from '../../server/peer-policy.ts'
import type { PortRange } from '../../server/port-pool.ts'

/** What `purertc-turn` is told by flags, the environment and a file. */
export interface Settings {
  readonly address: readonly string[]
  readonly port: number
  readonly tlsPort: number
  readonly tcp: boolean
  readonly cert?: string
  readonly key?: string
  readonly relayAddress?: readonly string[]
  readonly advertisedAddress?: readonly string[]
  readonly relayPorts: PortRange
  readonly realm: string
  readonly user?: readonly UserSetting[]
  readonly secret?: readonly string[]
  readonly allocationsPerUser: number
  readonly maxAllocations: number
  readonly maxLifetime: number
  readonly userRate?: number
  readonly totalRate?: number
  readonly allowLoopbackPeers?: boolean
  readonly allowPrivatePeers?: boolean
  readonly allowPeer?: readonly string[]
  readonly denyPeer?: readonly string[]
  readonly legacyChannels?: boolean
  readonly log?: boolean
  readonly processes: number
  readonly metricsPort?: number
  readonly metricsAddress: string
  readonly drain: number
  readonly alternate?: readonly string[]
}

export interface UserSetting {
  readonly name: string
  readonly password: string
}

/**
 * Reads settings: flags come before the environment, that before the file, and that before the defaults. Prints what is
 * wrong and ends the process as commander does, or throws `CommanderError` after `exitOverride`.
 */
export function readSettings(argv: readonly string[], prepare?: (command: Command) => void): Settings {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const command = new Command('purertc-turn')
    .description('STUN and TURN on UDP, TCP, TLS and DTLS.')
    .version((JSON.parse(manifest) as { readonly version: string }).version)
    .showHelpAfterError('(--help tells what there is)')
  for (const option of options()) command.addOption(option)
  prepare?.(command)
  command.parse([...argv], { from: 'user' })
  const { config } = command.opts<{ config?: string }>()
  if (config !== undefined) applyFile(command, config)
  const settings = command.opts<Settings>()
  if (settings.user === undefined && settings.secret === undefined)
    command.error('error: nobody could use it: give --user or --secret')
  if ((settings.cert === undefined) !== (settings.key === undefined))
    command.error('error: --cert and --key go together')
  return settings
}

/** Which peers may be reached: what is denied is denied, then what is allowed is allowed, then the usual policy decides. */
export function peerFilter(settings: Settings): (address: string) => boolean {
  const [denied, allowed] = [blockList(settings.denyPeer), blockList(settings.allowPeer)]
  const scopes = new Set(['public'])
  if (settings.allowLoopbackPeers === true) scopes.add('loopback')
  if (settings.allowPrivatePeers === true) scopes.add('private').add('link-local')
  return (address) => {
    const family = isIpAddress(address) === 'IPv6' ? 'ipv6' : 'ipv4'
    if (denied.check(address, family)) return false
    return allowed.check(address, family) || scopes.has(addressScope(address))
  }
}

function options(): Option[] {
  return [...networkOptions(), ...accountOptions(), ...peerOptions(), ...operationOptions()]
}

function networkOptions(): Option[] {
  return [
    new Option('--config <file>', 'settings in JSON, by the long names of these flags').env(
      'PURERTC_TURN_CONFIG',
    ),
    list('--address <ip...>', 'addresses to listen on', 'ADDRESS', readIp).default(['0.0.0.0']),
    one('--port <port>', 'port of UDP and TCP', 'PORT', readPort).default(3478),
    one('--tls-port <port>', 'port of TLS and DTLS, with --cert and --key', 'TLS_PORT', readPort).default(
      5349,
    ),
    new Option('--no-tcp', 'neither TCP nor TLS').env('PURERTC_TURN_NO_TCP'),
    one('--cert <file>', 'certificate in PEM', 'CERT', String),
    one('--key <file>', 'its key in PEM', 'KEY', String),
    list(
      '--relay-address <ip...>',
      'local addresses of relays (default: those listened on, or the machine’s)',
      'RELAY_ADDRESS',
      readIp,
    ),
    list(
      '--advertised-address <ip...>',
      'what clients are told in their place, behind a NAT',
      'ADVERTISED_ADDRESS',
      readIp,
    ),
    one('--relay-ports <min-max>', 'ports of relays', 'RELAY_PORTS', readRange).default(
      { min: 49_152, max: 65_535 },
      '49152-65535',
    ),
  ]
}

function accountOptions(): Option[] {
  return [
    one('--realm <name>', 'a domain name of yours', 'REALM', String).default('purertc.local'),
    list('--user <name:password...>', 'users with passwords', 'USER', readUser),
    list(
      '--secret <secret...>',
      'secrets of time-limited users; each of several is good',
      'SECRET',
      readSecret,
    ),
    one('--allocations-per-user <n>', 'quota of one user (486)', 'ALLOCATIONS_PER_USER', readCount).default(
      32,
    ),
    one('--max-allocations <n>', 'allocations of all users (508)', 'MAX_ALLOCATIONS', readCount).default(
      4_000,
    ),
    one('--max-lifetime <seconds>', 'of an allocation between refreshes', 'MAX_LIFETIME', readCount).default(
      3_600,
    ),
    one('--user-rate <bytes>', 'bytes a second of one user in a process, each way', 'USER_RATE', readCount),
    one('--total-rate <bytes>', 'bytes a second of a process, each way', 'TOTAL_RATE', readCount),
  ]
}

function peerOptions(): Option[] {
  return [
    new Option('--allow-loopback-peers', 'relay to this machine').env('PURERTC_TURN_ALLOW_LOOPBACK_PEERS'),
    new Option('--allow-private-peers', 'relay to private networks').env('PURERTC_TURN_ALLOW_PRIVATE_PEERS'),
    list('--allow-peer <cidr...>', 'relay there, whatever else is forbidden', 'ALLOW_PEER', readCidr),
    list('--deny-peer <cidr...>', 'never relay there', 'DENY_PEER', readCidr),
  ]
}

function operationOptions(): Option[] {
  return [
    new Option('--legacy-channels', 'channels up to 0x7ffe, for clients of RFC 5766').env(
      'PURERTC_TURN_LEGACY_CHANNELS',
    ),
    new Option('--log', 'a line of JSON for each allocation that begins or ends').env('PURERTC_TURN_LOG'),
    one('--processes <n>', 'processes that share the ports (Linux)', 'PROCESSES', readCount).default(1),
    one('--metrics-port <port>', 'figures for Prometheus, at /metrics', 'METRICS_PORT', readPort),
    one('--metrics-address <ip>', 'where they are told', 'METRICS_ADDRESS', readIp).default('127.0.0.1'),
    one('--drain <seconds>', 'patience with clients after SIGTERM', 'DRAIN', readSeconds).default(0),
    list('--alternate <ip:port...>', 'servers that new clients are sent to meanwhile', 'ALTERNATE', String),
  ]
}

function one(flags: string, text: string, variable: string, read: (value: string) => unknown): Option {
  return new Option(flags, text).env(`PURERTC_TURN_${variable}`).argParser(read)
}

/** Several values, in the environment with blanks between them. */
function list(flags: string, text: string, variable: string, read: (value: string) => unknown): Option {
  const fresh = new WeakSet<object>()
  return new Option(flags, text)
    .env(`PURERTC_TURN_${variable}`)
    .argParser((value: string, previous: readonly unknown[] | undefined) => {
      const before = previous !== undefined && fresh.has(previous) ? previous : []
      const values = [...before, ...value.split(/\s+/).map(read)]
      fresh.add(values)
      return values
    })
}

/** A file says what flags did not: a value is read as its flag's would be. */
function applyFile(command: Command, file: string): void {
  const known = new Map(command.options.map((option) => [option.attributeName(), option]))
  for (const [name, value] of Object.entries(readJson(command, file))) {
    const option = known.get(name)
    if (option === undefined) command.error(`error: ${file}: no setting is called ${name}`)
    const source = command.getOptionValueSource(name)
    if (source !== undefined && source !== 'default') continue
    command.setOptionValueWithSource(name, readValue(command, file, option, value), 'config')
  }
}

function readValue(command: Command, file: string, option: Option, value: unknown): unknown {
  if (option.isBoolean() || option.negate) return value === true
  const texts = (Array.isArray(value) ? value : [value]).map(String)
  try {
    let result: unknown
    for (const text of texts) result = option.parseArg?.(text, result as string)
    return result
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    return command.error(`error: ${file}: ${option.attributeName()}: ${error.message}`)
  }
}

function readJson(command: Command, file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    return command.error(`error: ${file}: ${asError(error).message}`)
  }
  return command.error(`error: ${file}: not an object of settings`)
}

function readPort(text: string): number {
  return readNumber(text, 0, 65_535)
}

function readCount(text: string): number {
  return readNumber(text, 1, Number.MAX_SAFE_INTEGER)
}

function readSeconds(text: string): number {
  return readNumber(text, 0, 86_400)
}

function readNumber(text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new InvalidArgumentError(`A number from ${min} to ${max}.`)
  return value
}

function readIp(text: string): string {
  if (isIpAddress(text) === null) throw new InvalidArgumentError('An IP address.')
  return text
}

function readRange(text: string): PortRange {
  const [, min = '', max = ''] = /^(\d+)-(\d+)$/.exec(text) ?? []
  const range = { min: Number(min), max: Number(max) }
  if (min === '' || range.min < 1 || range.min > range.max || range.max > 65_535)
    throw new InvalidArgumentError('Two ports, as 49152-65535.')
  return range
}

function readUser(text: string): UserSetting {
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) throw new InvalidArgumentError('As name:password.')
  return { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** A short secret can be found out from a single pair of credentials. */
function readSecret(text: string): string {
  if (text.length < 16) throw new InvalidArgumentError('16 characters at least.')
  return text
}

function readCidr(text: string): string {
  if (!CIDR.test(text) || isIpAddress(text.split('/')[0] ?? '') === null)
    throw new InvalidArgumentError('As 198.51.100.0/24.')
  return text
}

function blockList(networks: readonly string[] = []): BlockList {
  const blocked = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIpAddress(address) === 'IPv6' ? 'ipv6' : 'ipv4'
    blocked.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family)
  }
  return blocked
}

const CIDR = /^[^/]+(\/\d{1,3})?$/
