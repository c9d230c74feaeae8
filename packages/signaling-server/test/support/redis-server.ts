import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createClient } from 'redis'

import { freePort } from '../../../bytes/test/support/free-port.ts'

/** Whether tests against Redis can run; in CI its absence is a failure, elsewhere a reason to skip. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis && process.env['CI'] !== undefined) throw new Error('redis-server is missing')

/** A Redis of the test's own, on a free port, which keeps nothing on disk unless it is told to. */
export class RedisServer {
  readonly port: number
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'purertc-redis-'))
  readonly #isPersistent: boolean
  #child: ChildProcess | undefined

  private constructor(port: number, isPersistent: boolean) {
    this.port = port
    this.#isPersistent = isPersistent
  }

  static async start(isPersistent = false): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), isPersistent)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const keep = this.#isPersistent
      ? ['--appendonly', 'yes', '--appendfsync', 'everysec']
      : ['--appendonly', 'no']
    const args = [
      '--port',
      `${this.port}`,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      ...keep,
      '--dir',
      this.#folder,
    ]
    this.#child = spawn('redis-server', args, { stdio: 'ignore' })
    while (!(await answers(this.port))) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  async keys(pattern: string): Promise<readonly string[]> {
    const client = await createClient({ url: this.url }).connect()
    const keys = await client.keys(pattern)
    await client.close()
    return keys
  }

  /** Polls until so many keys are like this. */
  async untilKeys(pattern: string, count: number): Promise<void> {
    while ((await this.keys(pattern)).length !== count)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** As a machine that loses power would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Whether Redis answers a PING: it accepts connections before it has loaded its data. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}
