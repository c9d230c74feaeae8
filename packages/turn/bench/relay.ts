/**
 * Our server, coturn's and the two of npm under the same load, one after the other and over again: what coturn's own client
 * sends from relay to relay. Each must relay a small load without loss before a figure is printed; one that cannot is left
 * out, and said to be. What runs is what is installed: `npm run build` comes first.
 *
 *     node --import tsx packages/turn/bench/relay.ts [messages per session] [rounds] [ours,coturn,…]
 *
 * `us/msg` is processor time of the server, user and system, for a message that arrived: a message is relayed twice.
 * `msg/s` is of the whole run, whose seconds the client counts in whole numbers. Client and server share the machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Served {
  readonly name: string
  readonly process: ChildProcess
  readonly ports: { readonly udp: number; readonly tcp: number }
  readonly stop: () => Promise<void>
}

interface Result {
  readonly sent: number
  readonly received: number
  readonly seconds: number
  /** Microseconds of the server. */
  readonly cpu: number
}

const [messages = 2_000, rounds = 3] = process.argv.slice(2, 4).map(Number)
const names = process.argv[4]?.split(',') ?? ['ours', 'coturn', 'node-turn', 'turn-server']
const loads = [
  { name: 'UDP, 20 sessions of 100 bytes', transport: 'udp', flags: ['-m', '20', '-l', '100'] },
  { name: 'UDP, 50 sessions of 1000 bytes', transport: 'udp', flags: ['-m', '50', '-l', '1000'] },
  { name: 'TCP, 20 sessions of 1000 bytes', transport: 'tcp', flags: ['-t', '-m', '20', '-l', '1000'] },
] as const

let ticks = 0
const servers: Served[] = []
for (const name of names) servers.push(await (name === 'coturn' ? startCoturn() : startNode(name)))
try {
  for (const load of loads) await compare(load)
} finally {
  for (const { stop } of servers) await stop()
}

async function compare({ name, transport, flags }: (typeof loads)[number]): Promise<void> {
  print(`\n${name}, ${messages} messages each`)
  const results = new Map<Served, Result[]>()
  for (const server of servers) {
    const gentle = [...flags, '-n', '20', '-z', '20', '-m', '2']
    const { sent, received } = await run(server, transport, gentle)
    if (sent > 0 && received === sent) results.set(server, [])
    else print(`  ${server.name} left out: ${received} of ${sent} messages arrived without any load`)
  }
  for (let round = 0; round < rounds; round++)
    for (const [server, all] of results) {
      const result = await run(server, transport, [...flags, '-n', String(messages), '-z', '1'])
      all.push(result)
      print(describe(server.name, result))
    }
  const best = new Map([...results].map(([server, all]) => [server.name, Math.min(...all.map(perMessage))]))
  for (const [other, cpu] of best)
    if (other !== 'ours')
      print(
        `  best of ${rounds}: our CPU a message is ${((best.get('ours') ?? NaN) / cpu).toFixed(2)} times that of ${other}`,
      )
}

async function run(server: Served, transport: 'udp' | 'tcp', flags: readonly string[]): Promise<Result> {
  const credentials = ['-u', 'ann', '-w', 'secret', '-p', String(server.ports[transport]), '-y', '-c', '-X']
  const before = cpuOf(server)
  const client = spawn('turnutils_uclient', [...credentials, ...flags, '127.0.0.1'])
  let output = ''
  client.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(client, 'close')
  const [, sent, received] = /start_mclient: tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/.exec(output) ?? []
  const [, seconds] = /Total transmit time is (\d+)/.exec(output) ?? []
  return {
    sent: Number(sent ?? 0),
    received: Number(received ?? 0),
    seconds: Number(seconds ?? NaN),
    cpu: cpuOf(server) - before,
  }
}

function describe(name: string, result: Result): string {
  const { sent, received, seconds } = result
  const rate = Math.round(received / seconds)
  const loss = (100 * (sent - received)) / sent
  return `  ${name.padEnd(11)} ${rate} msg/s, ${loss.toFixed(2)} % lost, ${perMessage(result).toFixed(1)} us/msg`
}

function perMessage({ cpu, received }: Result): number {
  return cpu / received
}

/** User and system time so far, as Linux counts it: fields 14 and 15 of `stat`, behind a name in parentheses. */
function cpuOf({ process: { pid } }: Served): number {
  const fields =
    readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond()
}

function ticksPerSecond(): number {
  return (ticks ||= Number(execFileSync('getconf', ['CLK_TCK'])))
}

async function startNode(name: string): Promise<Served> {
  const entry = new URL('served.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, [entry, name], { stdio: ['pipe', 'pipe', 'ignore'] })
  const silent = once(child, 'exit').then(() => Promise.reject(new Error(`${name} does not start`)))
  const [line] = (await Promise.race([once(child.stdout, 'data'), silent])) as [Buffer]
  silent.catch(() => undefined)
  const [udp = 0, tcp = 0] = line.toString().trim().split(' ').map(Number)
  const exited = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.stdin.end()
    await exited
  }
  return { name, process: child, ports: { udp, tcp }, stop }
}

async function startCoturn(): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
  const file = (name: string): string => join(directory, name)
  const port = await freePort()
  const child = spawn(
    'turnserver',
    [
      ...['-n', '--no-tls', '--no-dtls', '--no-cli', '--lt-cred-mech', '--realm=example.org'],
      ...['--user=ann:secret', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', '--allow-loopback-peers'],
      ...[`--listening-port=${port}`, `--log-file=${file('log')}`, '--simple-log'],
      ...[`--pidfile=${file('pid')}`, `--userdb=${file('db')}`],
    ],
    { stdio: 'ignore' },
  )
  const exited = once(child, 'exit')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    rmSync(directory, { recursive: true, force: true })
  }
  return { name: 'coturn', process: child, ports: { udp: port, tcp: port }, stop }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
