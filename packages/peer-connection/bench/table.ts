/** Figures of several stacks side by side. */
import { cpus } from 'node:os'

/** By name; one that is missing is one that a stack did not get to. */
export type Figures = Readonly<Record<string, number>>

/** Medians of the rounds of each stack, and the first one's divided by each other's. */
export function printTable(collected: ReadonlyMap<string, readonly Figures[]>): void {
  const stacks = [...collected.keys()]
  const names = new Set([...collected.values()].flatMap((rounds) => rounds.flatMap(Object.keys)))
  const rows = [...names].map((name) => {
    const medians = stacks.map((stack) =>
      median((collected.get(stack) ?? []).flatMap((round) => round[name] ?? [])),
    )
    const [ours = NaN] = medians
    return [
      name,
      ...medians.flatMap((value, i) => (i === 0 ? [show(value)] : [show(value), show(ours / value)])),
    ]
  })
  const header = ['', ...stacks.flatMap((name, i) => (i === 0 ? [name] : [name, 'ratio']))]
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  const { model = 'unknown' } = cpus()[0] ?? {}
  const rounds = Math.max(...[...collected.values()].map(({ length }) => length))
  process.stdout.write(`Node ${process.version}, ${cpus().length} × ${model}, median of ${rounds} rounds\n`)
  process.stdout.write(`ratio: ${stacks[0] ?? ''} divided by the other\n\n`)
  for (const row of [header, ...rows]) process.stdout.write(`${line(row)}\n`)
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

function show(value: number): string {
  return Number.isNaN(value) ? '–' : value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
