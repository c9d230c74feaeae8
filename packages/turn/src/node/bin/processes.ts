/**
 * Several processes on the same ports (node:cluster): the first process forks the others, tells them of each other, keeps
 * the quotas, and adds their figures up. It serves nobody itself, and no datagram passes it.
 */
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Metric } from '../../server/metrics.ts'
import type { ListeningAddress } from '../listener.ts'
import { hasReusePort } from '../processes/process-share.ts'
import { sumMetrics } from './metrics-endpoint.ts'
import { type PlaceLimits, Places } from './places.ts'
import { type ProcessMessage, type ProcessStart, send, START_VARIABLE } from './process-messages.ts'

export interface ProcessesHost {
  /** All processes listen. */
  ready(addresses: readonly ListeningAddress[]): void
  /** A process could not start: the others are stopped. */
  failed(reason: string): void
}

/** The first process. One that dies later is replaced. */
export class Processes {
  readonly #count: number
  readonly #host: ProcessesHost
  readonly #workers = new Map<number, Worker>()
  readonly #places: Places
  readonly #secret = randomBytes(32).toString('hex')
  readonly #sharing = hasReusePort(process.versions.node) ? 'reuse-port' : 'cluster'
  /** Where the processes reach each other: nobody else may open what is in there. */
  readonly #directory = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
  /** Those that serve, by where the others hear them. */
  readonly #ready = new Map<number, string>()
  /** Where all of them listen, once the first one does. */
  #addresses: readonly ListeningAddress[] | null = null
  #generation = 0
  #isAnnounced = false
  #isStopping = false

  constructor(count: number, limits: PlaceLimits, host: ProcessesHost) {
    this.#count = count
    this.#host = host
    this.#places = new Places(limits)
    this.#fork(0)
  }

  async collect(): Promise<Metric[]> {
    const answers = [...this.#workers.values()].map(
      (worker) =>
        new Promise<readonly Metric[]>((resolve) => {
          const timer = setTimeout(() => resolve([]), 1_000)
          const listen = (message: ProcessMessage): void => {
            if (message.kind !== 'metrics') return
            clearTimeout(timer)
            worker.off('message', listen)
            resolve(message.metrics)
          }
          worker.on('message', listen)
          send(worker, { kind: 'collect' })
        }),
    )
    return sumMetrics(await Promise.all(answers))
  }

  /** Lets the processes end as the settings say. */
  stop(): void {
    this.#isStopping = true
    for (const worker of this.#workers.values()) send(worker, { kind: 'drain' })
  }

  #fork(index: number): void {
    const start: ProcessStart = {
      index,
      count: this.#count,
      secret: this.#secret,
      sharing: this.#sharing,
      path: join(this.#directory, String(this.#generation++)),
      addresses: this.#addresses,
    }
    const worker = cluster.fork({ [START_VARIABLE]: JSON.stringify(start) })
    this.#workers.set(index, worker)
    worker.on('message', (message: ProcessMessage) => this.#receive(index, worker, start, message))
    worker.on('exit', () => {
      const wasReady = this.#ready.delete(index)
      this.#workers.delete(index)
      this.#places.forget(index)
      if (!this.#isStopping && wasReady) this.#fork(index)
      else if (this.#workers.size === 0) rmSync(this.#directory, { recursive: true, force: true })
    })
  }

  #receive(index: number, worker: Worker, { path }: ProcessStart, message: ProcessMessage): void {
    if (message.kind === 'claim') {
      const { place, account } = message
      send(worker, { kind: 'claimed', place, refusal: this.#places.claim(index, place, account) })
    } else if (message.kind === 'release') {
      this.#places.release(index, message.place)
    } else if (message.kind === 'failed') {
      this.stop()
      this.#host.failed(message.reason)
    } else if (message.kind === 'ready') {
      this.#introduce(index, worker, path)
      this.#start(message.addresses)
    }
  }

  /** The processes hear each other from now on. */
  #introduce(index: number, worker: Worker, path: string): void {
    for (const [other, otherPath] of this.#ready) {
      send(worker, { kind: 'sibling', process: other, path: otherPath })
      const sibling = this.#workers.get(other)
      if (sibling !== undefined) send(sibling, { kind: 'sibling', process: index, path })
    }
    this.#ready.set(index, path)
  }

  /** The first process says which ports the others share with it. */
  #start(addresses: readonly ListeningAddress[]): void {
    const isFirst = this.#addresses === null
    this.#addresses ??= addresses
    if (isFirst) for (let index = 1; index < this.#count; index++) this.#fork(index)
    if (this.#ready.size < this.#count || this.#isAnnounced) return
    this.#isAnnounced = true
    this.#host.ready(this.#addresses)
  }
}
