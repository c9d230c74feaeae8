import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import type { NatLaboratory } from '@purertc/netsim/node'

import type { RTCConfiguration } from '../../src/index.ts'

export type LabRequest =
  | { readonly do: 'start'; readonly configuration: RTCConfiguration }
  | { readonly do: 'offer'; readonly restart: boolean }
  | { readonly do: 'signal'; readonly signal: object }
  | { readonly do: 'stream' | 'finish' }

/** SHA-256 of all that was sent and received so far, in hexadecimal. */
export interface LabTotals {
  readonly sentCount: number
  readonly sent: string
  readonly receivedCount: number
  readonly received: string
}

export type LabReport =
  | { readonly event: 'ready' | 'open' }
  | { readonly event: 'signal'; readonly signal: object }
  | { readonly event: 'state'; readonly state: string }
  | { readonly event: 'selected'; readonly local: string; readonly remote: string; readonly port: number }
  | { readonly event: 'received'; readonly count: number }
  | ({ readonly event: 'finished' } & LabTotals)

/** The process of `lab-connection.ts` in one client's namespace. */
export class LabConnection {
  readonly states: string[] = []
  readonly selected: { readonly local: string; readonly remote: string; readonly port: number }[] = []
  received = 0
  isOpen = false
  #isReady = false
  #totals: LabTotals | null = null
  #other: LabConnection | null = null
  #wake: () => void = () => undefined
  readonly #child: ChildProcessWithoutNullStreams

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stderr.pipe(process.stderr)
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(JSON.parse(line) as LabReport))
  }

  /** Two that signal to each other, connected and streaming both ways. */
  static async pair(
    lab: NatLaboratory,
    [whereA, whereB]: readonly [string, string],
    configuration: RTCConfiguration,
  ): Promise<[LabConnection, LabConnection]> {
    const [a, b] = [LabConnection.#spawn(lab, whereA), LabConnection.#spawn(lab, whereB)]
    a.#other = b
    b.#other = a
    for (const end of [a, b]) {
      await end.until(() => end.#isReady)
      end.tell({ do: 'start', configuration })
    }
    a.tell({ do: 'offer', restart: false })
    for (const end of [a, b]) await end.until(() => end.isOpen && end.selected.length > 0)
    for (const end of [a, b]) end.tell({ do: 'stream' })
    for (const end of [a, b]) await end.until(() => end.received > 20)
    return [a, b]
  }

  tell(request: LabRequest): void {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
  }

  /** Looks whenever something happens; a test's time limit ends it. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** Resolves when `count` more messages have come. */
  async hear(count: number): Promise<void> {
    const enough = this.received + count
    await this.until(() => this.received >= enough)
  }

  /** Sends nothing more, and tells what it has sent and, so far, received. */
  async totals(): Promise<LabTotals> {
    this.#totals = null
    this.tell({ do: 'finish' })
    for (;;) {
      const totals = this.#totals as LabTotals | null
      if (totals !== null) return totals
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }

  static #spawn(lab: NatLaboratory, where: string): LabConnection {
    return new LabConnection(
      lab.spawn(where, process.execPath, [
        ...['--import', 'tsx', '--conditions=@purertc/source', '--no-warnings'],
        join(import.meta.dirname, 'lab-connection.ts'),
      ]),
    )
  }

  #take(report: LabReport): void {
    if (report.event === 'signal') this.#other?.tell({ do: 'signal', signal: report.signal })
    else if (report.event === 'state') this.states.push(report.state)
    else if (report.event === 'selected') this.selected.push(report)
    else if (report.event === 'received') this.received = report.count
    else if (report.event === 'finished') this.#totals = report
    else if (report.event === 'open') this.isOpen = true
    else this.#isReady = true
    this.#wake()
  }
}
