/**
 * Data channels of this stack beside others: two processes on loopback for each stack, measured in turns, so that
 * whatever else the machine does hits all of them alike.
 *
 *     npm run build
 *     node --import tsx packages/peer-connection/bench/data-channel.ts [--rounds 3] [--seconds 3] \
 *       [--stacks purertc,werift] [--only large,held,unreliable,medium,small,trip,connect,certified,memory,idle]
 */
import { parseArgs } from 'node:util'

import type { Command, Report } from './endpoint.ts'
import { inPair } from './pair.ts'
import { type StackName, stackNames } from './stacks.ts'
import { type Figures, median, printTable } from './table.ts'

/** One measurement: what is run, and the figures that come of the two ends' reports. */
interface Measurement {
  readonly command: Command
  readonly figures: (offerer: Report, answerer: Report) => Figures
}

/** So many that code which is compiled while it runs has been; what comes before is a figure of its own. */
const ROUND_TRIPS = 10_000
const CONNECTS = 60
const CONNECTIONS = 40
const IDLE_CONNECTIONS = 100
/** Milliseconds. */
const IDLE_TIME = 10_000

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    stacks: { type: 'string', default: stackNames.join(',') },
    only: { type: 'string' },
  },
})
/** Milliseconds: until code that is compiled while it runs has been. What comes before is a figure of its own. */
const WARM_UP = 2_000
const duration = Number(values.seconds) * 1_000 + WARM_UP

const nothing: Command = {
  kind: 'connect',
  size: 0,
  duration: 0,
  warmUp: 0,
  count: 0,
  packetSize: null,
  isReliable: true,
  makesCertificate: false,
}
const throughput = (size: number, options: Partial<Command> = {}): Command => ({
  ...nothing,
  kind: 'throughput',
  size,
  duration,
  warmUp: WARM_UP,
  ...options,
})

const measurements: Readonly<Record<string, Measurement>> = {
  large: {
    command: throughput(16_384),
    figures: (sender, receiver) => ({
      'MB/s, 16 KiB messages': megabytesPerSecond(receiver),
      'MB/s of the first 2 s': receiver.warmUpRate,
      'CPU s/GB, both ends': cpuPerGigabyte(sender, receiver),
      'peak RSS of the sender, MB': sender.peakRss / 1e6,
      'peak RSS of the receiver, MB': receiver.peakRss / 1e6,
    }),
  },
  held: {
    command: throughput(16_384, { packetSize: 1_200 }),
    figures: (sender, receiver) => ({
      'MB/s, 16 KiB, packets of 1,200': megabytesPerSecond(receiver),
      'MB/s of the first 2 s, packets of 1,200': receiver.warmUpRate,
      'CPU s/GB, packets of 1,200': cpuPerGigabyte(sender, receiver),
    }),
  },
  unreliable: {
    command: throughput(16_384, { isReliable: false }),
    figures: (_, receiver) => ({
      'MB/s, 16 KiB unordered, 0 retransmits': megabytesPerSecond(receiver),
      'MB/s of the first 2 s, unordered': receiver.warmUpRate,
    }),
  },
  medium: {
    command: throughput(1_024),
    figures: (_, { messages, elapsed }) => ({ 'messages/s, 1 KiB': (messages * 1_000) / elapsed }),
  },
  small: {
    command: throughput(100),
    figures: (_, { messages, elapsed }) => ({ 'messages/s, 100 bytes': (messages * 1_000) / elapsed }),
  },
  trip: {
    command: { ...nothing, kind: 'round-trip', size: 64, count: ROUND_TRIPS },
    figures: ({ samples }) => ({
      'RTT of 64 bytes, µs (p50)': median(samples) * 1_000,
      'RTT of the first 1,000, µs (p50)': median(samples.slice(0, 1_000)) * 1_000,
    }),
  },
  connect: {
    command: { ...nothing, count: CONNECTS },
    figures: ({ samples }) => ({
      'connect, ms (p50)': median(samples),
      'connect of the first 15, ms (p50)': median(samples.slice(0, 15)),
      'connect of the first, ms': samples[0] ?? NaN,
    }),
  },
  certified: {
    command: { ...nothing, count: CONNECTS, makesCertificate: true },
    figures: ({ samples }) => ({ 'connect with a new certificate, ms (p50)': median(samples) }),
  },
  memory: {
    command: { ...nothing, kind: 'connections', count: CONNECTIONS },
    figures: (offerer, answerer) => ({
      'KiB a connection and end': (offerer.rssGrowth + answerer.rssGrowth) / 2 / 1_024 / CONNECTIONS,
    }),
  },
  idle: {
    command: { ...nothing, kind: 'idle', duration: IDLE_TIME, count: IDLE_CONNECTIONS },
    figures: (offerer, answerer) => ({
      '% of a CPU, 100 idle connections': (offerer.idleCpu + answerer.idleCpu) / 2 / (10 * IDLE_TIME),
    }),
  },
}

async function measure(name: StackName): Promise<Figures> {
  const figures: Record<string, number> = {}
  for (const kind of values.only?.split(',') ?? Object.keys(measurements)) {
    const { command, figures: read } = measurements[kind] ?? fail(`there is no measurement ${kind}`)
    const reports = await inPair(name, command)
    if (reports !== null) Object.assign(figures, read(...reports))
  }
  return figures
}

function megabytesPerSecond({ bytes, elapsed }: Report): number {
  return bytes / 1e3 / elapsed
}

function cpuPerGigabyte(sender: Report, receiver: Report): number {
  return (sender.cpu + receiver.cpu) / 1e6 / (receiver.bytes / 1e9)
}

function fail(message: string): never {
  throw new Error(message)
}

const collected = new Map<StackName, Figures[]>()
for (const name of values.stacks.split(',')) collected.set(name as StackName, [])
for (let round = 1; round <= Number(values.rounds); round++)
  for (const [name, rounds] of collected) {
    process.stderr.write(`round ${round}: ${name}\n`)
    rounds.push(await measure(name))
  }
printTable(collected)
