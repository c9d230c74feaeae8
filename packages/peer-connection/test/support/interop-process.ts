import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import type { Command, Report, ReportOf } from './interop-protocol.ts'
import type { Stack } from './interop-stacks.ts'

interface Wait {
  readonly matches: (report: Report) => boolean
  readonly resolve: (report: Report) => void
  readonly reject: (error: Error) => void
}

/** One connection of a foreign stack, in a process of its own: native handles must not outlive it. */
export class ForeignProcess {
  /** Is given descriptions and candidates. */
  onSignal: (signal: ReportOf<'description' | 'candidate'>) => void = () => undefined
  readonly #process: ChildProcessWithoutNullStreams
  readonly #reports: Report[] = []
  readonly #waits: Set<Wait> = new Set()
  #stderr = ''
  #end: Error | null = null

  constructor(stack: Stack) {
    this.#process = spawn(stack.command, stack.args)
    this.#process.stderr.on('data', (chunk: Buffer) => void (this.#stderr += chunk.toString()))
    // What is written to a process that has ended is lost; its exit is what fails the test.
    this.#process.stdin.on('error', () => undefined)
    this.#process.on('error', (error) => this.#fail(error))
    this.#process.on('close', (code) =>
      this.#fail(new Error(`${stack.name} ended (${code}): ${this.#stderr}`)),
    )
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#take(JSON.parse(line) as Report),
    )
  }

  tell(command: Command): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** The first report of this kind, past or to come, that holds `like`. */
  reports<Event extends Report['event']>(
    event: Event,
    like: Partial<ReportOf<Event>> = {},
    patience = PATIENCE,
  ): Promise<ReportOf<Event>> {
    const wanted = Object.entries({ event, ...like })
    const matches = (report: Report): boolean => {
      const fields = new Map<string, unknown>(Object.entries(report))
      return wanted.every(([key, value]) => fields.get(key) === value)
    }
    const past = this.#reports.find(matches)
    return past === undefined
      ? this.#wait(matches, JSON.stringify({ event, ...like }), patience).then(
          (report) => report as ReportOf<Event>,
        )
      : Promise.resolve(past as ReportOf<Event>)
  }

  /** Every state that the connection has reported. */
  get states(): string[] {
    return this.#reports.flatMap((report) => (report.event === 'state' ? [report.state] : []))
  }

  async stop(): Promise<void> {
    if (this.#end !== null) return
    const closed = once(this.#process, 'close')
    this.#process.kill('SIGKILL')
    await closed
  }

  #wait(matches: Wait['matches'], what: string, patience: number): Promise<Report> {
    if (this.#end !== null) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      const wait: Wait = {
        matches,
        resolve: (report) => this.#settle(wait, timer, () => resolve(report)),
        reject: (error) => this.#settle(wait, timer, () => reject(error)),
      }
      const timer = setTimeout(
        () =>
          wait.reject(
            new Error(
              `no ${what} in ${patience} ms; so far ${JSON.stringify(this.#reports)}\n${this.#stderr}`,
            ),
          ),
        patience,
      )
      this.#waits.add(wait)
    })
  }

  #settle(wait: Wait, timer: NodeJS.Timeout, then: () => void): void {
    clearTimeout(timer)
    this.#waits.delete(wait)
    then()
  }

  #take(report: Report): void {
    if (report.event === 'description' || report.event === 'candidate') {
      this.onSignal(report)
      return
    }
    this.#reports.push(report)
    for (const wait of [...this.#waits]) if (wait.matches(report)) wait.resolve(report)
  }

  #fail(error: Error): void {
    this.#end ??= error
    for (const wait of [...this.#waits]) wait.reject(this.#end)
  }
}

/** Milliseconds after which what is waited for will not come, on a busy machine. */
export const PATIENCE = 20_000
