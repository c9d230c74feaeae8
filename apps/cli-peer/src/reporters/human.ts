import pc from 'picocolors'

import { type Report, type Reporter, type Step, steps } from '../report.ts'
import { ProgressBars } from './progress.ts'
import { sentence } from './sentence.ts'

/** Lines and bars for a person. `prefix` names the peer where several share a terminal. */
export class HumanReporter implements Reporter {
  readonly #bars: ProgressBars

  constructor(out: NodeJS.WriteStream) {
    this.#bars = new ProgressBars(out)
  }

  report(report: Report, prefix = ''): void {
    if (report.event === 'progress') {
      this.#bars.update(this.#label(prefix, report.step, report.direction), report.bytes, report.total)
      return
    }
    if (report.event === 'file') this.#bars.end(this.#label(prefix, report.step, report.direction))
    const text = sentence(report)
    if (text !== null)
      this.line(`${heading(report.step)}  ${prefix}${report.event === 'failed' ? pc.red(text) : text}`)
  }

  line(text: string): void {
    this.#bars.line(text)
  }

  close(): void {
    this.#bars.close()
  }

  #label(prefix: string, step: Step, direction: string): string {
    return `${heading(step)}  ${prefix}${direction.padEnd(8)}`
  }
}

const width = Math.max(...steps.map((step) => step.length))
const paint = [pc.cyan, pc.blue, pc.magenta, pc.green]

const heading = (step: Step): string => {
  const index = steps.indexOf(step)
  return (paint[index] ?? pc.white)(`${index + 1} ${step.padEnd(width)}`)
}
