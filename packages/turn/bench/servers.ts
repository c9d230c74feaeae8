/** The servers that are compared, each in a process of its own, and what they have cost so far. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Served {
  readonly name: string
  readonly ports: { readonly udp: number; readonly tcp: number }
  /** Microseconds of processor time that its process has had, user and system. */
  readonly cpu: () => number
  readonly stop: () => Promise<void>
}

/** `ours`, `coturn`, `node-turn`, `turn-server`, or `bare`: no server, but two sockets of node:dgram that relay. */
export function startServer(name: string): Promise<Served> {
  return name === 'coturn' ? startCoturn() : startNode(name)
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
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
  return { name, ports: { udp, tcp }, cpu: () => cpuOf(child), stop }
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
  return { name: 'coturn', ports: { udp: port, tcp: port }, cpu: () => cpuOf(child), stop }
}

/** As Linux counts it: fields 14 and 15 of `stat`, behind a name in parentheses. */
function cpuOf({ pid }: ChildProcess): number {
  const fields =
    readFileSync(`/proc/${pid ?? 0}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond()
}

let ticks = 0

function ticksPerSecond(): number {
  return (ticks ||= Number(execFileSync('getconf', ['CLK_TCK'])))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
