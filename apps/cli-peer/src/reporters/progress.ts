import progress, { type MultiBar, type Options, type Params, type SingleBar } from 'cli-progress'

import { rate, size } from './sentence.ts'

/**
 * Progress bars that leave room for lines above them. Where the output is no terminal, a bar is a line at every
 * quarter.
 */
export class ProgressBars {
  readonly #out: NodeJS.WriteStream
  readonly #bars: Map<string, { bar: SingleBar | null; startedAt: number; quarter: number }> = new Map()
  #multi: MultiBar | null = null

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  /** Writes a line, above the bars where there are any. */
  line(text: string): void {
    // It may take several rows, on which the bars were.
    if (this.#multi) this.#multi.log(`${eraseBelow}${text}\n`)
    else this.#out.write(`${text}\n`)
  }

  update(label: string, bytes: number, total: number): void {
    const entry = this.#bars.get(label) ?? this.#start(label, total)
    if (entry.bar) entry.bar.update(bytes, { speed: rate(bytes, this.#secondsOf(entry)) })
    else this.#quarterLine(label, entry, bytes, total)
  }

  /** Ends one bar; the last one gives the terminal back. */
  end(label: string): void {
    const entry = this.#bars.get(label)
    if (!entry) return
    entry.bar?.stop()
    this.#bars.delete(label)
    if (this.#bars.size === 0) this.close()
  }

  close(): void {
    // stop() alone would drop the lines that wait for the next drawing.
    this.#multi?.update()
    this.#multi?.stop()
    this.#multi = null
    this.#bars.clear()
  }

  #start(label: string, total: number): { bar: SingleBar | null; startedAt: number; quarter: number } {
    let bar: SingleBar | null = null
    if (this.#out.isTTY) {
      this.#multi ??= new progress.MultiBar({
        hideCursor: true,
        // A line above the bars may be longer than the terminal is wide: its end must not fall on the last column.
        linewrap: true,
        format: (options, params, payload: BarPayload) =>
          formatBar(options, params, payload, this.#out.columns),
        fps: 10,
        stream: this.#out,
        clearOnComplete: false,
      })
      bar = this.#multi.create(total, 0, { label, speed: '' })
    }
    const entry = { bar, startedAt: performance.now(), quarter: 0 }
    this.#bars.set(label, entry)
    return entry
  }

  #quarterLine(
    label: string,
    entry: { startedAt: number; quarter: number },
    bytes: number,
    total: number,
  ): void {
    const quarter = Math.floor((4 * bytes) / Math.max(total, 1))
    if (quarter <= entry.quarter) return
    entry.quarter = quarter
    this.line(
      `${label}  ${size(bytes)} of ${size(total)} (${quarter * 25} %), ${rate(bytes, this.#secondsOf(entry))}`,
    )
  }

  #secondsOf(entry: { startedAt: number }): number {
    return (performance.now() - entry.startedAt) / 1000
  }
}

interface BarPayload {
  readonly label: string
  readonly speed: string
}

/** The bar has what the figures leave of the terminal's width; the library cuts a line by counting its colours, too. */
function formatBar(options: Options, params: Params, { label, speed }: BarPayload, columns: number): string {
  const percent = Math.floor(params.progress * 100)
  const figures = `${percent} %  ${size(params.value)} of ${size(params.total)}  ${speed}`
  const room = columns - label.length - figures.length - 3
  if (room < 3) return `${label}  ${figures}`
  const bar = progress.Format.BarFormat(params.progress, { ...options, barsize: Math.min(room, 40) })
  return `${label}  ${bar} ${figures}`
}

/** ECMA-48 ED: what stands from the cursor on. The bars are drawn anew. */
const eraseBelow = '\x1b[J'
