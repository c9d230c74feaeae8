import type { Command, Report, ReportOf } from './interop-protocol.ts'

interface Wait {
  readonly matches: (report: Report) => boolean
  readonly resolve: (report: Report) => void
  readonly reject: (error: Error) => void
}

/** One connection of a foreign stack, wherever it runs: what it has reported, and what is waited for. */
export abstract class ForeignEnd {
  /** Is given descriptions and candidates. */
  onSignal: (signal: ReportOf<'description' | 'candidate'>) => void = () => undefined
  readonly #reports: Report[] = []
  readonly #waits: Set<Wait> = new Set()
  #end: Error | null = null

  abstract tell(command: Command): void
  abstract stop(): Promise<void>
  /** What it said besides its reports, for whoever looks for the reason of a failure. */
  protected abstract get complaints(): string

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

  protected get hasEnded(): boolean {
    return this.#end !== null
  }

  protected take(report: Report): void {
    if (report.event === 'description' || report.event === 'candidate') {
      this.onSignal(report)
      return
    }
    this.#reports.push(report)
    for (const wait of [...this.#waits]) if (wait.matches(report)) wait.resolve(report)
  }

  protected fail(error: Error): void {
    this.#end ??= error
    for (const wait of [...this.#waits]) wait.reject(this.#end)
  }

  #wait(matches: Wait['matches'], what: string, patience: number): Promise<Report> {
    if (this.#end !== null) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      const wait: Wait = {
        matches,
        resolve: (report) => this.#settle(wait, timer, () => resolve(report)),
        reject: (error) => this.#settle(wait, timer, () => reject(error)),
      }
      const sofar = (): string => `so far ${JSON.stringify(this.#reports)}\n${this.complaints}`
      const timer = setTimeout(
        () => wait.reject(new Error(`no ${what} in ${patience} ms; ${sofar()}`)),
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
}

/** Milliseconds after which what is waited for will not come: most of it is another program's work, on a busy machine. */
export const PATIENCE = 60_000
