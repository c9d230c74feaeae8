import type { Worker } from 'node:cluster'

import type { Metric } from '../../server/metrics.ts'
import type { ListeningAddress } from '../listener.ts'
import type { ProcessShare } from '../processes/process-share.ts'

/** What the first process and the others tell each other. */
export type ProcessMessage =
  | { readonly kind: 'ready'; readonly addresses: readonly ListeningAddress[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'sibling'; readonly process: number; readonly path: string }
  | { readonly kind: 'claim'; readonly place: number; readonly account: string }
  | { readonly kind: 'claimed'; readonly place: number; readonly refusal: 486 | 508 | null }
  | { readonly kind: 'release'; readonly place: number }
  | { readonly kind: 'collect' }
  | { readonly kind: 'metrics'; readonly metrics: readonly Metric[] }
  | { readonly kind: 'drain' }

/** What a process is told when it is forked, in the environment. */
export interface ProcessStart extends Pick<ProcessShare, 'index' | 'count' | 'sharing'> {
  /** In hexadecimal digits. */
  readonly secret: string
  /** Where the others hear it. */
  readonly path: string
  /** Where the others listen; null for the first one. */
  readonly addresses: readonly ListeningAddress[] | null
}

/** To a process. */
export function send(worker: Worker, message: ProcessMessage): void {
  if (worker.isConnected()) worker.send(message)
}

/** To the first process. */
export function tell(message: ProcessMessage): void {
  if (process.connected) process.send?.(message)
}

export const START_VARIABLE = 'PURERTC_TURN_PROCESS'
