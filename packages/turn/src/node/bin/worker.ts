import cluster from 'node:cluster'

import type { ProcessShare } from '../processes/process-share.ts'
import { Siblings } from '../processes/siblings.ts'
import type { NodeTurnServer } from '../server.ts'
import { type ProcessMessage, type ProcessStart, START_VARIABLE, tell } from './process-messages.ts'

/** What this process was told, where it is one of several. */
export function readStart(): ProcessStart | null {
  const text = process.env[START_VARIABLE]
  return cluster.isWorker && text !== undefined ? (JSON.parse(text) as ProcessStart) : null
}

/** Its share in the work. Rejects with the system's error. */
export async function openShare({
  index,
  count,
  secret,
  sharing,
  path,
}: ProcessStart): Promise<ProcessShare> {
  const siblings = await Siblings.open(index, path)
  return { index, count, sharing, siblings, nonceSecret: Buffer.from(secret, 'hex'), ...placesOfAll() }
}

/** Says that it serves, and from then on does what the first process asks for. */
export function obey(server: NodeTurnServer, { siblings }: ProcessShare, stop: () => void): void {
  process.on('message', (message: ProcessMessage) => {
    if (message.kind === 'collect') tell({ kind: 'metrics', metrics: server.metrics() })
    else if (message.kind === 'drain') stop()
    else if (message.kind === 'sibling') siblings.hear(message.process, message.path)
  })
  tell({ kind: 'ready', addresses: server.addresses })
}

export function tellFailure(error: Error): void {
  tell({ kind: 'failed', reason: error.message })
}

/** Quotas are the first process's: it is asked, and hears what is over. */
function placesOfAll(): Pick<ProcessShare, 'claim' | 'release'> {
  const waiting = new Map<number, (refusal: 486 | 508 | null) => void>()
  process.on('message', (message: ProcessMessage) => {
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
