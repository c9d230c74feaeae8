import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from '../../../bytes/test/support/free-port.ts'

/** Why tests against coturn cannot run, `null` where they can. In CI it must be there: the tests run and fail. */
export function whyNoCoturn(): string | null {
  if (process.env['CI'] !== undefined) return null
  return spawnSync('which', ['turnserver']).status === 0 ? null : 'coturn is not installed'
}

/** coturn's server on 127.0.0.1, with the account user, secret. */
export class Coturn {
  readonly port: number
  readonly #process: ChildProcess
  readonly #folder: string

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#process = child
    this.#folder = folder
  }

  /** Resolves when it listens. */
  static async start(): Promise<Coturn> {
    const folder = await mkdtemp(join(tmpdir(), 'coturn-'))
    const port = await freePort()
    const options = [
      ['-n', '--no-tls', '--no-dtls', '--no-tcp', '--no-cli', '--lt-cred-mech', '--allow-loopback-peers'],
      ['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`],
      ['--realm=example.org', '--user=user:secret', '--log-file=stdout'],
      [`--pidfile=${folder}/pid`, `--userdb=${folder}/db`],
    ].flat()
    const child = spawn('turnserver', options, { stdio: ['ignore', 'pipe', 'ignore'] })
    await new Promise<void>((resolve, reject) => {
      let log = ''
      child.on('error', reject)
      child.on('exit', (code) => reject(new Error(`turnserver exited with ${code}: ${log}`)))
      child.stdout.on('data', (text: Buffer) => {
        log += text.toString()
        if (log.includes('Total General servers')) resolve()
      })
    })
    return new Coturn(port, child, folder)
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exit
    await rm(this.#folder, { recursive: true })
  }
}
