import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { eventually } from '../../bytes/test/support/still-clock.ts'
import { freePort } from '../../bytes/test/support/free-port.ts'

/** Why a test of these programs cannot run, `null` where it can. In CI they must be there: the tests run and fail. */
export function whyNot(...programs: string[]): string | null {
  if (process.env['CI'] !== undefined) return null
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0)
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`
}

export interface TurnserverSetup {
  /** Where it listens. Default: 127.0.0.1. Two of a family make it serve RFC 5780. */
  readonly addresses?: readonly string[]
  /** Files of a certificate and its key: TCP and TLS besides UDP. */
  readonly identity?: { readonly cert: string; readonly key: string }
}

/** coturn's server on free ports of loopback addresses. */
export class Turnserver {
  readonly port: number
  readonly tlsPort: number
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(port: number, tlsPort: number, child: ChildProcess, folder: string) {
    this.port = port
    this.tlsPort = tlsPort
    this.#process = child
    this.#folder = folder
  }

  static start(...options: string[]): Promise<Turnserver> {
    return Turnserver.startOn({}, ...options)
  }

  /** Resolves when it listens. */
  static async startOn(
    { addresses = ['127.0.0.1'], identity }: TurnserverSetup,
    ...options: string[]
  ): Promise<Turnserver> {
    const folder = await mkdtemp(join(tmpdir(), 'coturn-'))
    const [port, tlsPort] = [await freePort(), await freePort()]
    const [altPort, altTlsPort] = [await freePort(), await freePort()]
    const listening = addresses.map((address) => `--listening-ip=${address}`)
    const ports = [`--listening-port=${port}`, `--alt-listening-port=${altPort}`]
    const secure =
      identity === undefined
        ? ['--no-tls', '--no-dtls', '--no-tcp']
        : [
            `--cert=${identity.cert}`,
            `--pkey=${identity.key}`,
            `--tls-listening-port=${tlsPort}`,
            `--alt-tls-listening-port=${altTlsPort}`,
          ]
    const quiet = ['-n', '--relay-ip=127.0.0.1', '--no-cli', '--log-file=stdout', `--pidfile=${folder}/pid`]
    const files = [`--userdb=${folder}/db`]
    const child = spawn('turnserver', [...quiet, ...listening, ...ports, ...secure, ...files, ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise<void>((resolve, reject) => {
      let log = ''
      child.on('error', reject)
      child.on('exit', (code) => reject(new Error(`turnserver exited with ${code}: ${log}`)))
      child.stdout.on('data', (text: Buffer) => {
        log += text.toString()
        if (log.includes('Total General servers')) resolve()
      })
    })
    return new Turnserver(port, tlsPort, child, folder)
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exit
    await rm(this.#folder, { recursive: true })
  }
}

/** What a program prints to either stream until it ends; its exit code does not matter. */
export function outputOf(program: string, ...options: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, options, { timeout: 60_000 }, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

/** Runs a program that would not end by itself until the condition holds. */
export async function runUntil(holds: () => boolean, program: string, ...options: string[]): Promise<void> {
  while (!holds()) {
    const child = spawn(program, options, { stdio: 'ignore' })
    const exit = once(child, 'exit')
    // It sends once and waits for ever.
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    await eventually(() => holds() || child.exitCode !== null || child.signalCode !== null)
    clearTimeout(patience)
    child.kill('SIGKILL')
    await exit
  }
}

/** Milliseconds until a program begins anew. */
const PATIENCE = 10_000
