import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { describe, expect, test } from '@jest/globals'

import type { IceCredentials } from '../src/index.ts'

interface Introduction {
  readonly credentials: readonly IceCredentials[]
  /** Of each agent, or one of all. */
  readonly candidates: readonly string[]
}

interface Measurement {
  /** Milliseconds of CPU, since the measurement before. */
  readonly cpu: number
  readonly elapsed: number
  /** Bytes in use after a collection. */
  readonly memory: number
  readonly connected: number
}

/**
 * Thousands of agents on one port of one process, their peers in another, on sockets of their own. Needs `npm run build`.
 * `MUX_AGENTS` chooses how many. What they cost in time is printed: it says as much about the machine.
 */
const count = Number(process.env['MUX_AGENTS'] ?? 1_000)

class Crowd {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(which: 'server' | 'clients', kind: 'lite' | 'full') {
    this.#child = spawn(process.execPath, [
      '--expose-gc',
      ...[join(import.meta.dirname, 'support', 'mux-scale.mjs'), which, String(count), kind],
    ])
    this.#child.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async hear<T>(): Promise<T> {
    return JSON.parse(String((await this.#lines.next()).value)) as T
  }

  tell(message: object | string): void {
    this.#child.stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`)
  }

  measure(): Promise<Measurement> {
    this.tell('measure')
    return this.hear<Measurement>()
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

describe(`${count} agents on one port`, () => {
  test.each(['lite', 'full'] as const)(
    '%s',
    async (kind) => {
      const [server, clients] = [new Crowd('server', kind), new Crowd('clients', kind)]
      const before = await server.hear<Measurement>()
      await clients.hear<Measurement>()
      const served = await server.hear<Introduction>()
      const visitors = await clients.hear<Introduction>()
      const gathered = await server.measure()
      const start = performance.now()
      server.tell(visitors)
      clients.tell(served)
      let connected = 0
      while (connected < count && performance.now() - start < 120_000) {
        await new Promise((resolve) => setTimeout(resolve, 250))
        connected = await server.count()
      }
      const took = performance.now() - start
      const { cpu } = await server.measure()
      expect(connected).toBe(count)
      // Checks have their answers, and what the selected pairs do not need is given back.
      await new Promise((resolve) => setTimeout(resolve, 8_000))
      const settled = await server.measure()
      await new Promise((resolve) => setTimeout(resolve, 20_000))
      const idle = await server.measure()
      const perAgent = (settled.memory - before.memory) / count
      const load = (100 * idle.cpu) / idle.elapsed
      console.info(
        [
          `${count} ${kind} agents on one port: connected in ${(took / 1_000).toFixed(1)} s`,
          `(${((1_000 * count) / took).toFixed(0)} a second; ${((1_000 * cpu) / count).toFixed(0)} µs of CPU each),`,
          `${((gathered.memory - before.memory) / count / 1_024).toFixed(1)} KiB each before the peer is known,`,
          `${(perAgent / 1_024).toFixed(1)} KiB connected, idle CPU ${load.toFixed(1)} % of a core`,
        ].join(' '),
      )
      // A full agent keeps its checks, and what it may still have to say to the peer.
      expect(perAgent).toBeLessThan((kind === 'lite' ? 20 : 32) * 1_024)
      await Promise.all([server.close(), clients.close()])
    },
    240_000,
  )
})
