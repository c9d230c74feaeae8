import { fileURLToPath } from 'node:url'

import { printable } from '../reporters/sentence.ts'
import { type Report, type Step, steps } from '../report.ts'
import { Child } from './child.ts'
import { TourFailure } from './failure.ts'

/** One meeting of two peers. */
export interface Act {
  readonly channel: string
  readonly signalingUrl: string
  /** Options of both peers, then of each. */
  readonly options: readonly string[]
  readonly alice: readonly string[]
  readonly bob: readonly string[]
  readonly timeoutSeconds: number
}

/** What both peers reported, in the order of arrival. */
export type ActResult = readonly { readonly peer: PeerName; readonly report: Report }[]

export type PeerName = 'alice' | 'bob'

/** Runs two peer processes until both have ended. Throws {@link TourFailure} unless both succeed. */
export async function perform(act: Act, show: (peer: PeerName, report: Report) => void): Promise<ActResult> {
  const reports: { peer: PeerName; report: Report }[] = []
  let reached: Step = 'Signaling'
  const start = (peer: PeerName): Child =>
    new Child(
      cli,
      ['join', act.channel, '--signaling', act.signalingUrl, '--json', ...act.options, ...act[peer]],
      (value) => {
        if (!isReport(value)) return
        if (steps.indexOf(value.step) > steps.indexOf(reached)) reached = value.step
        if (value.event !== 'progress') reports.push({ peer, report: value })
        show(peer, value)
      },
    )
  const peers = { alice: start('alice'), bob: start('bob') }
  const timer = new Timer(act.timeoutSeconds)
  try {
    const outcome = await Promise.race([
      Promise.all([ending(peers.alice, 'alice'), ending(peers.bob, 'bob')]),
      timer.expired,
    ])
    if (outcome === 'expired')
      throw new TourFailure(reached, `the peers were not done after ${act.timeoutSeconds} s`)
    return reports
  } catch (error) {
    if (error instanceof TourFailure) throw error
    const failed = reports.find(({ report }) => report.event === 'failed')
    if (failed?.report.event === 'failed')
      throw new TourFailure(failed.report.step, `${failed.peer}: ${printable(failed.report.reason)}`)
    throw new TourFailure(reached, error instanceof Error ? error.message : String(error))
  } finally {
    timer.clear()
    await Promise.all([peers.alice.stop(), peers.bob.stop()])
  }
}

/** The first report of a kind that a peer made. */
export function find<E extends Report['event']>(
  result: ActResult,
  peer: PeerName,
  event: E,
): Extract<Report, { event: E }> | undefined {
  const found = result.find((entry) => entry.peer === peer && entry.report.event === event)
  return found?.report as Extract<Report, { event: E }> | undefined
}

async function ending(child: Child, name: PeerName): Promise<void> {
  const code = await child.ended
  if (code !== 0)
    throw new Error(`${name} ended with ${code}${child.errors === '' ? '' : `: ${child.errors}`}`)
}

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' && value !== null && 'step' in value && steps.includes(value.step as Step)

class Timer {
  readonly expired: Promise<'expired'>
  #timer: NodeJS.Timeout | undefined

  constructor(seconds: number) {
    this.expired = new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve('expired'), seconds * 1_000)
    })
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

const cli = fileURLToPath(new URL('../main.js', import.meta.url))
