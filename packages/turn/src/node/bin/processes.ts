/**
 * Several processes on the same ports (node:cluster): the first process forks the others, hands requests from one to the
 * other, keeps the quotas, and adds their figures up.
 */
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'

import type { TransportAddress } from '@purertc/stun'

import type { Metric } from '../../server/metrics.ts'
import type { ListeningAddress } from '../listener.ts'
import type { NodeTurnServer } from '../server.ts'
import type { ProcessShare } from '../shared-port.ts'
import { sumMetrics } from './metrics-endpoint.ts'
import { type PlaceLimits, Places } from './places.ts'

/** What processes tell each other. */
type Message =
  | { readonly kind: 'ready'; readonly addresses: readonly ListeningAddress[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | {
      readonly kind: 'request'
      readonly to: number
      readonly local: ListeningAddress
      readonly client: TransportAddress
      readonly bytes: string
    }
  | { readonly kind: 'claim'; readonly place: number; readonly account: string }
  | { readonly kind: 'claimed'; readonly place: number; readonly refusal: 486 | 508 | null }
  | { readonly kind: 'release'; readonly place: number }
  | { readonly kind: 'collect' }
  | { readonly kind: 'metrics'; readonly metrics: readonly Metric[] }
  | { readonly kind: 'drain' }

export interface ProcessesHost {
  /** All processes listen. */
  ready(addresses: readonly ListeningAddress[]): void
  /** A process could not start: the others are stopped. */
  failed(reason: string): void
}

/** The first process, which serves nobody itself. A process that dies later is replaced. */
export class Processes {
  readonly #host: ProcessesHost
  readonly #workers: Worker[] = []
  readonly #places: Places
  readonly #secret = randomBytes(32).toString('hex')
  readonly #ready = new Map<number, readonly ListeningAddress[]>()
  #isStopping = false

  constructor(count: number, limits: PlaceLimits, host: ProcessesHost) {
    this.#host = host
    this.#places = new Places(limits)
    for (let index = 0; index < count; index++) this.#fork(index, count)
  }

  async collect(): Promise<Metric[]> {
    const answers = this.#workers.map(
      (worker) =>
        new Promise<readonly Metric[]>((resolve) => {
          const timer = setTimeout(() => resolve([]), 1_000)
          const listen = (message: Message): void => {
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
    for (const worker of this.#workers) send(worker, { kind: 'drain' })
  }

  #fork(index: number, count: number): void {
    const worker = cluster.fork({
      [SHARE_VARIABLE]: JSON.stringify({ index, count, secret: this.#secret }),
    })
    this.#workers[index] = worker
    worker.on('message', (message: Message) => this.#receive(index, message))
    worker.on('exit', () => {
      this.#places.forget(index)
      if (!this.#isStopping && this.#ready.has(index)) this.#fork(index, count)
    })
  }

  #receive(index: number, message: Message): void {
    if (message.kind === 'request') {
      const worker = this.#workers[message.to]
      if (worker !== undefined) send(worker, message)
    } else if (message.kind === 'claim') {
      const { place, account } = message
      const worker = this.#workers[index]
      const refusal = this.#places.claim(index, place, account)
      if (worker !== undefined) send(worker, { kind: 'claimed', place, refusal })
    } else if (message.kind === 'release') {
      this.#places.release(index, message.place)
    } else if (message.kind === 'failed') {
      this.stop()
      this.#host.failed(message.reason)
    } else if (message.kind === 'ready') {
      const isNews = !this.#ready.has(index)
      this.#ready.set(index, message.addresses)
      if (isNews && this.#ready.size === this.#workers.length) this.#host.ready(this.#ready.get(0) ?? [])
    }
  }
}

/** This process's share, where it is one of several. */
export function readShare(): ProcessShare | null {
  const text = process.env[SHARE_VARIABLE]
  if (!cluster.isWorker || text === undefined) return null
  const { index, count, secret } = JSON.parse(text) as { index: number; count: number; secret: string }
  return {
    index,
    count,
    nonceSecret: Buffer.from(secret, 'hex'),
    forward: (to, { local, client, bytes }) => {
      const { family, address, port } = client
      tell({
        kind: 'request',
        to,
        local,
        client: { family, address, port },
        bytes: Buffer.from(bytes).toString('base64'),
      })
    },
    ...placesOfAll(),
  }
}

/** Quotas are the first process's: it is asked, and hears what is over. */
function placesOfAll(): Pick<ProcessShare, 'claim' | 'release'> {
  const waiting = new Map<number, (refusal: 486 | 508 | null) => void>()
  process.on('message', (message: Message) => {
    if (message.kind !== 'claimed') return
    waiting.get(message.place)?.(message.refusal)
    waiting.delete(message.place)
  })
  return {
    claim: (place, account, answer) => {
      waiting.set(place, answer)
      tell({ kind: 'claim', place, account })
    },
    release: (place) => tell({ kind: 'release', place }),
  }
}

/** Says how the start went, and from then on does what the first process asks for. */
export function obey(server: NodeTurnServer, stop: () => void): void {
  process.on('message', (message: Message) => {
    if (message.kind === 'collect') tell({ kind: 'metrics', metrics: server.metrics() })
    else if (message.kind === 'drain') stop()
    else if (message.kind === 'request')
      server.deliver({ ...message, bytes: Buffer.from(message.bytes, 'base64') })
  })
  tell({ kind: 'ready', addresses: server.addresses })
}

export function tellFailure(error: Error): void {
  tell({ kind: 'failed', reason: error.message })
}

function tell(message: Message): void {
  if (process.connected) process.send?.(message)
}

function send(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message)
}

const SHARE_VARIABLE = 'PURERTC_TURN_SHARE'
