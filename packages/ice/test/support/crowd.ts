import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

import type { IceCredentials } from '../../src/index.ts'

/** What thousands of agents behind one port cost their process. Bytes, milliseconds and shares of one core. */
export interface CrowdCosts {
  /** How many were connected in time. */
  readonly connected: number
  readonly connectTime: number
  /** CPU of one agent from gathering to a selected pair. */
  readonly connectCpu: number
  /** Memory of one agent before it knows its peer. */
  readonly memoryGathered: number
  readonly memoryConnected: number
  /** Of one core, all agents together, with nothing but what keeps them alive. */
  readonly idleLoad: number
}

export interface CrowdOptions {
  readonly count: number
  /** The agents behind the port; their peers are full agents. */
  readonly kind: 'lite' | 'full'
  /**
   * Milliseconds that V8 is given before to compile what idle agents do, which it does anew after the collection that memory is
   * measured by. Default 0.
   */
  readonly warm?: number
  /** Milliseconds over which the idle load is measured. */
  readonly idle: number
  /** Where to leave a CPU profile of that time. */
  readonly profile?: string
}

/**
 * Connects agents of one process that share a port with as many in another process, on sockets of their own, and measures
 * the former. Needs `npm run build`.
 */
export async function measureCrowd({
  count,
  kind,
  warm = 0,
  idle,
  profile,
}: CrowdOptions): Promise<CrowdCosts> {
  const [server, clients] = [new Crowd('server', count, kind), new Crowd('clients', count, kind)]
  try {
    const before = await server.hear<Memory>()
    await clients.hear<Memory>()
    const served = await server.hear<Introduction>()
    const visitors = await clients.hear<Introduction>()
    const gathered = await server.memory()
    await server.cpu()
    const start = performance.now()
    server.tell(visitors)
    clients.tell(served)
    let connected = 0
    while (connected < count && performance.now() - start < CONNECT_PATIENCE) {
      await setTimeout(100)
      connected = await server.count()
    }
    const connectTime = performance.now() - start
    const { cpu } = await server.cpu()
    // Checks have their answers, and what the selected pairs do not need is given back.
    await setTimeout(8_000)
    const settled = await server.memory()
    await setTimeout(warm)
    if (profile !== undefined) server.tell({ profile })
    await server.cpu()
    await setTimeout(idle)
    const rested = await server.cpu()
    return {
      connected,
      connectTime,
      connectCpu: cpu / count,
      memoryGathered: (gathered.memory - before.memory) / count,
      memoryConnected: (settled.memory - before.memory) / count,
      idleLoad: rested.cpu / rested.elapsed,
    }
  } finally {
    await Promise.all([server.close(), clients.close()])
  }
}

export function describeCosts(
  { count, kind }: CrowdOptions,
  { connectTime, connectCpu, memoryGathered, memoryConnected, idleLoad }: CrowdCosts,
): string {
  const rate = (1_000 * count) / connectTime
  return [
    `${count} ${kind} agents on one port: connected in ${(connectTime / 1_000).toFixed(1)} s`,
    `(${rate.toFixed(0)} a second, ${(1_000 * connectCpu).toFixed(0)} µs of CPU each),`,
    `${(memoryGathered / 1_024).toFixed(1)} KiB each before the peer is known,`,
    `${(memoryConnected / 1_024).toFixed(1)} KiB connected, idle CPU ${(100 * idleLoad).toFixed(1)} % of a core`,
  ].join(' ')
}

interface Introduction {
  readonly credentials: readonly IceCredentials[]
  /** Of each agent, or one of all. */
  readonly candidates: readonly string[]
}

interface Memory {
  /** Bytes in use after a collection. */
  readonly memory: number
}

interface Cpu {
  /** Milliseconds of CPU, and of time, since it was asked for before. */
  readonly cpu: number
  readonly elapsed: number
}

/** One of the two processes. */
class Crowd {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(which: 'server' | 'clients', count: number, kind: 'lite' | 'full') {
    const program = join(import.meta.dirname, 'mux-scale.mjs')
    this.#child = spawn(process.execPath, ['--expose-gc', program, which, String(count), kind])
    this.#child.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async hear<T>(): Promise<T> {
    return JSON.parse(String((await this.#lines.next()).value)) as T
  }

  tell(message: object | string): void {
    this.#child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`)
  }

  memory(): Promise<Memory> {
    this.tell('memory')
    return this.hear<Memory>()
  }

  cpu(): Promise<Cpu> {
    this.tell('cpu')
    return this.hear<Cpu>()
  }

  async count(): Promise<number> {
    this.tell('count')
    return (await this.hear<{ readonly connected: number }>()).connected
  }

  async close(): Promise<void> {
    this.tell('close')
    await this.hear()
  }
}

const CONNECT_PATIENCE = 120_000
