/**
 * What a handshake costs: ours in every way that matters, beside werift's and OpenSSL's.
 *
 *     node --conditions=@purertc/source --import tsx packages/dtls/bench/handshakes.ts
 *
 * Figures are CPU time and not wall time, so that a busy machine disturbs little, and that a stack which sleeps is not
 * blamed for it. Ours and werift's run both ends in one process, datagrams carried by hand. Of OpenSSL's `s_server` it
 * is the server's half, as the kernel counts it, driven by our client over loopback: compare it with half of ours.
 * All are mutual, ECDHE_ECDSA with P-256 certificates, X25519 and AES-128-GCM, but for the rows that say otherwise.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { DtlsClient, DtlsServer } from 'werift'

import { issue, type Issued } from '../test/authority.ts'
import {
  DtlsAssociation,
  type DtlsConfig,
  ProtocolVersion,
  type ResumableSession,
  SessionVault,
} from '../src/index.ts'
import { connect } from '../src/node/index.ts'

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

/** One handshake of werift's, both ends: each transport hands over to the other. */
async function shakeWerift(): Promise<void> {
  const address: [string, number] = ['127.0.0.1', 5_000]
  type Transport = ConstructorParameters<typeof DtlsClient>[0]['transport']
  const makeTransport = (): Transport => ({
    type: 'udp',
    address: { address: address[0], port: address[1], family: 'IPv4' },
    closed: false,
    onData: () => undefined,
    send: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
  const ends = [makeTransport(), makeTransport()] as const
  ends[0].send = (data) => (setImmediate(() => ends[1].onData(Buffer.from(data), address)), Promise.resolve())
  ends[1].send = (data) => (setImmediate(() => ends[0].onData(Buffer.from(data), address)), Promise.resolve())
  const identity = (
    issued: Issued,
  ): { cert: string; key: string; signatureHash: { hash: 4; signature: 3 } } => ({
    cert: pem('CERTIFICATE', issued.der),
    key: pem('PRIVATE KEY', issued.pkcs8),
    signatureHash: { hash: 4, signature: 3 },
  })
  const common = { extendedMasterSecret: true, certificateRequest: true }
  const their = new DtlsServer({ ...identity(server), ...common, transport: ends[1] })
  const our = new DtlsClient({ ...identity(client), ...common, transport: ends[0] })
  const connected = [our, their].map(
    (end) => new Promise<void>((resolve) => end.onConnect.once(() => resolve())),
  )
  await our.connect()
  await Promise.all(connected)
  our.close()
  their.close()
}

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`

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
    `${name.padEnd(46)} ${cost.toFixed(3).padStart(8)} ms  ${(1_000 / cost).toFixed(0).padStart(6)} /s of a core  (${calls})`,
  )

/** The half of OpenSSL's server, in CPU milliseconds; null where there is no OpenSSL. */
async function measureOpenssl(): Promise<number | null> {
  if (spawnSync('openssl', ['version']).error !== undefined) return null
  const directory = mkdtempSync(join(tmpdir(), 'purertc-bench-'))
  const write = (name: string, text: string): string => {
    const file = join(directory, name)
    writeFileSync(file, text)
    return file
  }
  const cert = write('cert.pem', pem('CERTIFICATE', server.der))
  const keyFile = write('key.pem', pem('PRIVATE KEY', server.pkcs8))
  const ca = write('ca.pem', pem('CERTIFICATE', client.der))
  const port = await freePort()
  const program = spawn('openssl', [
    ...['s_server', '-dtls1_2', '-quiet', '-accept', `127.0.0.1:${port}`, '-cert', cert, '-key', keyFile],
    ...['-Verify', '1', '-verify_return_error', '-CAfile', ca, '-no_ticket', '-no_cache'],
  ])
  await new Promise((resolve) => setTimeout(resolve, 500))
  const dial = async (): Promise<void> => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      certificate: identities.client,
      verify: { fingerprints: [identities.server.fingerprint()] },
      versions: { min: dtls12, max: dtls12 },
      retransmitTimeout: 20,
    })
    await once(socket, 'secureConnect')
    socket.close()
  }
  for (let i = 0; i < 5; i++) await dial()
  const before = cpuOf(program.pid ?? 0)
  const until = Date.now() + 2 * seconds * 1_000
  let calls = 0
  for (; Date.now() < until; calls++) await dial()
  const cost = (cpuOf(program.pid ?? 0) - before) / calls
  program.kill('SIGKILL')
  rmSync(directory, { recursive: true })
  report('OpenSSL s_server 1.2, its half', cost, calls)
  return cost
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** User and system time of another process in ms, as Linux counts it: in hundredths of a second. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const only12 = { versions: { min: dtls12, max: dtls12 } }
const only13 = { versions: { min: dtls13, max: dtls13 } }
const hybrid = { ...only13, groups: ['x25519mlkem768' as const] }
const psk = { client: { identity: 'x', key }, server: { key: () => key } }
const byPsk = (name: 'TLS_PSK_WITH_AES_128_CCM_8' | 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'): Ends => {
  const common = { ...only12, verify: { psk: true as const }, certificate: [], cipherSuites: [name] }
  return { client: { ...common, psk: psk.client }, server: { ...common, psk: psk.server } }
}

const full12 = await measure('1.2, both ends', () => shake({ client: only12, server: only12 }))
await measure('1.2, RSA-2048 server', () =>
  shake({ client: only12, server: { ...only12, certificate: identities.rsa } }),
)
const sessions = new SessionVault({ crypto: nodeCrypto })
shake({ client: only12, server: { ...only12, sessions } })
const ticket = session
if (ticket !== null)
  await measure('1.2, resumed by ticket', () => {
    if (!shake({ client: { ...only12, session: ticket }, server: { ...only12, sessions } }))
      throw new Error('not resumed')
  })
await measure('1.2, ECDHE_PSK', () => shake(byPsk('TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256')))
await measure('1.2, PSK with CCM_8', () => shake(byPsk('TLS_PSK_WITH_AES_128_CCM_8')))
await measure('1.3, both ends', () => shake({ client: only13, server: only13 }))
await measure('1.3, X25519MLKEM768', () => shake({ client: hybrid, server: hybrid }))
const werift = await measure('werift 1.2, both ends', shakeWerift)
const openssl = await measureOpenssl()
console.log(`werift costs ${(werift / full12).toFixed(2)} times as much as ours`)
if (openssl !== null)
  console.log(`half of ours costs ${(full12 / 2 / openssl).toFixed(2)} times as much as OpenSSL's half`)
process.exit(0)
