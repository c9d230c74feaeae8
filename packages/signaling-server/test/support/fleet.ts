import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { createSignalingServer, type SignalingServer, type SignalingServerOptions } from '../../src/index.ts'
import { connectRedisStore } from '../../src/node/redis/index.ts'

/** Servers that share their channels, as clients see them. */
export interface Fleet {
  readonly urls: readonly string[]
  stop(): Promise<void>
}

export interface FleetOptions extends Pick<SignalingServerOptions, 'closeSessionOnHangup' | 'limits'> {
  /**
   * Milliseconds between two signs of life of a process. A machine with other work may hold one up for longer than five
   * short ones: only where processes are to die in time is it short.
   */
  readonly beat?: number
}

/** Servers in this process; without Redis there is one. */
export async function startServers(
  count: number,
  redis: string | undefined,
  { beat = 1_000, ...options }: FleetOptions = {},
): Promise<Fleet & { readonly servers: readonly SignalingServer[] }> {
  const servers: SignalingServer[] = []
  for (let i = 0; i < count; i++) {
    const store = redis === undefined ? undefined : await connectRedisStore({ redis: { url: redis }, beat })
    const server = await createSignalingServer({
      port: 0,
      host: '127.0.0.1',
      ...(store && { store }),
      ...options,
    })
    servers.push(server)
  }
  return {
    servers,
    urls: servers.map((server) => `ws://127.0.0.1:${server.address?.port ?? 0}/`),
    stop: async () => {
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}

/** Servers in processes of their own. */
export async function startProcesses(
  count: number,
  redis: string,
  { beat = 1_000, ...options }: FleetOptions = {},
): Promise<Fleet & { readonly processes: readonly ServerProcess[] }> {
  const processes = await Promise.all(
    Array.from({ length: count }, () => ServerProcess.start({ redis, beat, ...options })),
  )
  return {
    processes,
    urls: processes.map(({ url }) => url),
    stop: async () => {
      await Promise.all(processes.map((process) => process.kill()))
    },
  }
}

export class ServerProcess {
  readonly #child: ChildProcess
  readonly port: number
  readonly exited: Promise<unknown>

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.exited = once(child, 'exit')
  }

  static async start(settings: object): Promise<ServerProcess> {
    const execArgv = ['--import', 'tsx', '--conditions=@purertc/source']
    const child = fork(PROGRAM, [JSON.stringify(settings)], {
      execArgv,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    let complaints = ''
    child.stderr?.on('data', (text: Buffer) => (complaints += text.toString()))
    const failed = once(child, 'close').then(([code]) => {
      throw new Error(`the server ended with ${code}: ${complaints}`)
    })
    failed.catch(() => undefined)
    const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [{ port: number }]
    return new ServerProcess(child, port)
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
  }

  /** Polls until the process says that it cannot do what it is asked for. */
  async untilUnready(): Promise<void> {
    const url = `http://127.0.0.1:${this.port}/ready`
    while ((await fetch(url)).status !== 503) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  tell(command: 'drain' | 'close' | 'jump'): void {
    this.#child.send(command)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill(signal)
    await this.exited
  }

  /** Stops the process without its noticing, and lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }
}

const PROGRAM = fileURLToPath(new URL('./server-process.ts', import.meta.url))
