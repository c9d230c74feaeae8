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
  /** Microseconds of processor time that each of its processes has had, user and system. */
  readonly cpu: () => readonly number[]
  readonly stop: () => Promise<void>
}

/**
 * `ours`, `coturn`, `node-turn`, `turn-server`, or `bare`: no server, but two sockets of node:dgram that relay. `ours-2` is our
 * program with two processes.
 */
export function startServer(name: string): Promise<Served> {
  const processes = /^ours-(\d)$/.exec(name)?.[1]
  if (processes !== undefined) return startProgram(name, processes)
  return name === 'coturn' ? startCoturn() : startNode(name)
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
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
  return { name, ports: { udp, tcp }, cpu: () => [cpuOf(child.pid)], stop }
}

async function startProgram(name: string, processes: string): Promise<Served> {
  const entry = new URL('../dist/node/bin/main.js', import.meta.url).pathname
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [
      ...[entry, '--address', '127.0.0.1', '--port', String(port), '--processes', processes, '--user'],
      ...['ann:secret', '--allow-loopback-peers', '--allocations-per-user', '1000', '--legacy-channels'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  await once(child.stdout, 'data')
  const exited = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
  }
  return { name, ports: { udp: port, tcp: port }, cpu: () => workersOf(child).map(cpuOf), stop }
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
  return { name: 'coturn', ports: { udp: port, tcp: port }, cpu: () => [cpuOf(child.pid)], stop }
}

/** The processes that serve: itself, where it is alone. */
function workersOf({ pid = 0 }: ChildProcess): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? [pid] : children.split(' ').map(Number)
}

/** As Linux counts it: fields 14 and 15 of `stat`, behind a name in parentheses. */
function cpuOf(pid = 0): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
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
