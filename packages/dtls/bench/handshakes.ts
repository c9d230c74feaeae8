/**
 * What a handshake costs: ours in every way that matters, beside werift's and OpenSSL's.
 *
 *     node --conditions=@purertc/source --import tsx packages/dtls/bench/handshakes.ts [--only 1.2,werift,openssl]
 *
 * Figures are CPU time and not wall time, so that a busy machine disturbs little, and that a stack which sleeps is not
 * blamed for it. Ours and werift's run both ends in one process, datagrams carried by hand. Of OpenSSL's `s_server` it
 * is the server's half, as the kernel counts it, driven by our client over loopback: compare it with half of ours.
 * All are mutual, ECDHE_ECDSA with P-256 certificates, X25519 and AES-128-GCM, but for the rows that say otherwise.
 */
import { parseArgs } from 'node:util'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { issue } from '../test/authority.ts'
import {
  DtlsAssociation,
  type DtlsConfig,
  ProtocolVersion,
  type ResumableSession,
  SessionVault,
} from '../src/index.ts'
import { shakeWithOpenssl } from './openssl-server.ts'
import { shakeWerift } from './werift-pair.ts'

const seconds = Number(process.env['SECONDS_EACH'] ?? '2')
const client = await issue('client')
const server = await issue('server', { hosts: ['localhost'] })
const rsa = await issue('server', { kind: 'rsa' })
const { dtls12, dtls13 } = ProtocolVersion
const key = new Uint8Array(16).fill(7)

interface Ends {
  readonly client?: Partial<DtlsConfig>
  readonly server?: Partial<DtlsConfig>
}

let session: ResumableSession | null = null

/** One handshake of ours, both ends; whether it resumed a session. Throws where it does not come about. */
function shake({ client: clientConfig, server: serverConfig }: Ends): boolean {
  let isResumed = false
  const queue: (() => void)[] = []
  const now = Millis(1_000)
  // Keys are exchanged by X25519; P-256 is the curve of the certificates.
  const groups = ['x25519', 'p-256'] as const
  const common = { crypto: nodeCrypto, cookie: 'verified-path' as const, groups }
  const one: DtlsAssociation = new DtlsAssociation(
    {
      role: 'client',
      certificate: identities.client,
      verify: { fingerprints: [identities.server.fingerprint(), identities.rsa.fingerprint()] },
      ...common,
      ...clientConfig,
    },
    {
      transmit: (datagram) => {
        const copy = datagram.slice()
        queue.push(() => other.handleDatagram(now, copy))
      },
      resumable: (resumable) => (session = resumable),
      ...host,
      connected: (established) => (isResumed = established.isResumed),
    },
  )
  const other: DtlsAssociation = new DtlsAssociation(
    {
      role: 'server',
      certificate: identities.server,
      verify: { fingerprints: [identities.client.fingerprint()] },
      ...common,
      ...serverConfig,
    },
    {
      transmit: (datagram) => {
        const copy = datagram.slice()
        queue.push(() => one.handleDatagram(now, copy))
      },
      ...host,
    },
  )
  one.connect(now)
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) next()
  if (one.state !== 'connected' || other.state !== 'connected') throw new Error('no handshake')
  return isResumed
}

const host = { connected: () => undefined, received: () => undefined, closed: () => undefined }
const identities = { client: client.identity(), server: server.identity(), rsa: rsa.identity() }

/** CPU milliseconds of one call, over as many as fit in `seconds`. */
async function measure(name: string, call: () => unknown): Promise<number> {
  for (let i = 0; i < 5; i++) await call()
  const until = Date.now() + seconds * 1_000
  const before = process.cpuUsage()
  let calls = 0
  do {
    await call()
    calls++
  } while (Date.now() < until)
  const { user, system } = process.cpuUsage(before)
  const cost = (user + system) / 1_000 / calls
  report(name, cost, calls)
  return cost
}

const report = (name: string, cost: number, calls: number): void =>
  console.log(
    `${name.padEnd(14)} ${cost.toFixed(3).padStart(8)} ms  ${(1_000 / cost).toFixed(0).padStart(6)} /s of a core  (${calls})`,
  )

const only12 = { versions: { min: dtls12, max: dtls12 } }
const only13 = { versions: { min: dtls13, max: dtls13 } }
const hybrid = { ...only13, groups: ['x25519mlkem768' as const] }
const psk = { client: { identity: 'x', key }, server: { key: () => key } }
const byPsk = (name: 'TLS_PSK_WITH_AES_128_CCM_8' | 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'): Ends => {
  const common = { ...only12, verify: { psk: true as const }, certificate: [], cipherSuites: [name] }
  return { client: { ...common, psk: psk.client }, server: { ...common, psk: psk.server } }
}

const sessions = new SessionVault({ crypto: nodeCrypto })

/** Makes sessions for a row of resumed ones: whose ticket may be used again and again. */
function shakeAgain(): () => void {
  shake({ client: only12, server: { ...only12, sessions } })
  const ticket = session
  if (ticket === null) throw new Error('no ticket')
  return () => {
    if (!shake({ client: { ...only12, session: ticket }, server: { ...only12, sessions } }))
      throw new Error('not resumed')
  }
}

/** By its name, CPU milliseconds of each row; null where the other stack is not there. */
const rows: Readonly<Record<string, (name: string) => Promise<number | null>>> = {
  '1.2': (name) => measure(name, () => shake({ client: only12, server: only12 })),
  '1.2-rsa': (name) =>
    measure(name, () => shake({ client: only12, server: { ...only12, certificate: identities.rsa } })),
  '1.2-resumed': (name) => measure(name, shakeAgain()),
  '1.2-ecdhe-psk': (name) => measure(name, () => shake(byPsk('TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'))),
  '1.2-psk-ccm8': (name) => measure(name, () => shake(byPsk('TLS_PSK_WITH_AES_128_CCM_8'))),
  '1.3': (name) => measure(name, () => shake({ client: only13, server: only13 })),
  '1.3-hybrid': (name) => measure(name, () => shake({ client: hybrid, server: hybrid })),
  werift: (name) => measure(name, () => shakeWerift(client, server)),
  openssl: async (name) => {
    const half = await shakeWithOpenssl(client, server, seconds * 1_000)
    if (half !== null) report(name, half.cost, half.calls)
    return half?.cost ?? null
  },
}

const { values } = parseArgs({ options: { only: { type: 'string', default: Object.keys(rows).join() } } })
const costs = new Map<string, number>()
for (const name of values.only.split(',')) {
  const row = rows[name]
  if (row === undefined) throw new Error(`no row ${name}: there are ${Object.keys(rows).join()}`)
  const cost = await row(name)
  if (cost !== null) costs.set(name, cost)
}

/** Prints how many times as much one row costs as a part of another, where both were measured. */
function compare(name: string, other: string, part: number, sentence: string): void {
  const [cost, otherCost] = [costs.get(name), costs.get(other)]
  if (cost !== undefined && otherCost !== undefined)
    console.log(`${sentence} ${(cost / (otherCost * part)).toFixed(2)} times as much`)
}

compare('werift', '1.2', 1, 'werift costs, beside our 1.2,')
compare('1.3', '1.2', 1, 'our 1.3 costs, beside our 1.2,')
compare('1.2', 'openssl', 2, 'half of our 1.2 costs, beside OpenSSL’s half,')
process.exit(0)
