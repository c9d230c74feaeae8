import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { transportAddress } from '../src/index.ts'
import { UdpSocket } from '../src/node/udp-socket.ts'

/** Why a test of these programs cannot run, `null` where it can. In CI they must be there: the tests run and fail. */
export function whyNot(...programs: string[]): string | null {
  if (process.env['CI'] !== undefined) return null
  const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0)
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`
}

/** coturn's server on a free port of 127.0.0.1. */
export class Turnserver {
  readonly port: number
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#process = child
    this.#folder = folder
  }

  /** Resolves when it listens. */
  static async start(...options: string[]): Promise<Turnserver> {
    const folder = await mkdtemp(join(tmpdir(), 'coturn-'))
    const port = await freePort()
    const common = ['-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`]
    const quiet = [
      '--no-tls',
      '--no-dtls',
      '--no-tcp',
      '--no-cli',
      '--log-file=stdout',
      `--pidfile=${folder}/pid`,
    ]
    const child = spawn('turnserver', [...common, ...quiet, `--userdb=${folder}/db`, ...options], {
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
    return new Turnserver(port, child, folder)
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exit
    await rm(this.#folder, { recursive: true })
  }
}

/** What a program prints to either stream within three seconds; its exit code does not matter. */
export function outputOf(program: string, ...options: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, options, { timeout: 3_000 }, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

async function freePort(): Promise<number> {
  const socket = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
  await socket.close()
  return socket.local.port
}
