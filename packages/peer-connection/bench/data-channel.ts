/**
 * Data channels of this stack beside others: two processes on loopback for each stack, measured in turns, so that
 * whatever else the machine does hits all of them alike.
 *
 *     npm run build
 *     node --import tsx packages/peer-connection/bench/data-channel.ts [--rounds 3] [--seconds 3] \
 *       [--stacks purertc,werift] [--only large,medium,small,trip,connect,memory]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

import type { Command, Report } from './endpoint.ts'
import { type StackName, stackNames } from './stacks.ts'

/** By name; one that is missing is one that a stack did not get to. */
type Figures = Readonly<Record<string, number>>

const CONNECTIONS = 40
/** Milliseconds that one measurement may take. */
const PATIENCE = 60_000

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    stacks: { type: 'string', default: stackNames.join(',') },
    only: { type: 'string', default: 'large,medium,small,trip,connect,memory' },
  },
})
const duration = Number(values.seconds) * 1_000
const stacks = values.stacks.split(',') as StackName[]
const collected = new Map<StackName, Figures[]>(stacks.map((name) => [name, []]))

/** One measurement: what is run, and the figures that come of the two ends' reports. */
interface Measurement {
  readonly command: Command
  readonly figures: (offerer: Report, answerer: Report) => Figures
}

const throughput = (size: number): Command => ({ kind: 'throughput', size, duration, count: 0 })

const measurements: Readonly<Record<string, Measurement>> = {
  large: {
    command: throughput(16_384),
    figures: (sender, receiver) => ({
      'MB/s, 16 KiB messages': megabytesPerSecond(receiver),
      'CPU s/GB, both ends': (sender.cpu + receiver.cpu) / 1e6 / (receiver.allBytes / 1e9),
      'peak RSS of the sender, MB': sender.peakRss / 1e6,
      'peak RSS of the receiver, MB': receiver.peakRss / 1e6,
    }),
  },
  medium: {
    command: throughput(1_024),
    figures: (_, receiver) => ({ 'MB/s, 1 KiB messages': megabytesPerSecond(receiver) }),
  },
  small: {
    command: throughput(100),
    figures: (_, { messages, elapsed }) => ({ 'messages/s, 100 bytes': (messages * 1_000) / elapsed }),
  },
  trip: {
    command: { kind: 'round-trip', size: 64, duration: 0, count: 1_000 },
    figures: ({ samples }) => ({ 'RTT of 64 bytes, µs (p50)': median(samples) * 1_000 }),
  },
  connect: {
    command: { kind: 'connect', size: 0, duration: 0, count: 7 },
    figures: ({ samples }) => ({ 'connect, ms (p50)': median(samples) }),
  },
  memory: {
    command: { kind: 'connections', size: 0, duration: 0, count: CONNECTIONS },
    figures: ({ rssGrowth }) => ({ 'KiB a connection and end': rssGrowth / 1_024 / (CONNECTIONS - 1) }),
  },
}

async function measure(name: StackName): Promise<Figures> {
  const figures: Record<string, number> = {}
  for (const kind of values.only.split(',')) {
    const { command, figures: read } = measurements[kind] ?? fail(`there is no measurement ${kind}`)
    const reports = await inPair(name, command)
    if (reports !== null) Object.assign(figures, read(...reports))
  }
  return figures
}

/** Runs one command in two fresh processes; the reports are the offerer's and the answerer's. */
async function inPair(name: StackName, command: Command): Promise<readonly [Report, Report] | null> {
  const ends = [start(name, 'offerer'), start(name, 'answerer')] as const
  try {
    const ready = ends.map((end) => next(end, 'ready'))
    const reports = ends.map((end) => next(end, 'report'))
    relay(ends[0], ends[1])
    relay(ends[1], ends[0])
    await Promise.all(ready)
    for (const end of ends) end.send({ topic: 'command', body: command })
    const [offerer, answerer] = await Promise.all(reports)
    return [offerer as Report, answerer as Report]
  } catch (error) {
    process.stderr.write(`${name}, ${command.kind} of ${command.size} bytes: ${String(error)}\n`)
    return null
  } finally {
    for (const end of ends) end.kill()
  }
}

function start(name: StackName, role: string): ChildProcess {
  const execArgv = [...process.execArgv, '--expose-gc']
  return fork(new URL('endpoint.ts', import.meta.url), [name, role], { execArgv, serialization: 'advanced' })
}

function relay(from: ChildProcess, to: ChildProcess): void {
  from.on('message', (message: { topic: string }) => {
    if (!['ready', 'report', 'failure'].includes(message.topic) && to.connected) to.send(message)
  })
}

function next(end: ChildProcess, topic: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${topic} within ${PATIENCE} ms`)), PATIENCE)
    end.on('message', (message: { topic: string; body: unknown }) => {
      if (message.topic === 'failure') reject(new Error(String(message.body)))
      if (message.topic !== topic) return
      clearTimeout(timer)
      resolve(message.body)
    })
    end.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`an end went away with ${code}`))
    })
  })
}

function printTable(): void {
  const figures = new Set([...collected.values()].flatMap((rounds) => rounds.flatMap(Object.keys)))
  const rows = [...figures].map((figure) => {
    const medians = stacks.map((name) =>
      median((collected.get(name) ?? []).flatMap((round) => round[figure] ?? [])),
    )
    const [ours = NaN] = medians
    return [
      figure,
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
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} × ${model}, median of ${values.rounds} rounds\n`,
  )
  process.stdout.write(`ratio: ${stacks[0] ?? ''} divided by the other\n\n`)
  for (const row of [header, ...rows]) process.stdout.write(`${line(row)}\n`)
}

function megabytesPerSecond({ bytes, elapsed }: Report): number {
  return bytes / 1e3 / elapsed
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

function show(value: number): string {
  return Number.isNaN(value) ? '–' : value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function fail(message: string): never {
  throw new Error(message)
}

for (let round = 1; round <= Number(values.rounds); round++)
  for (const name of stacks) {
    process.stderr.write(`round ${round}: ${name}\n`)
    collected.get(name)?.push(await measure(name))
  }
printTable()
