/** One end of a measurement, in a process of its own; the parent hands messages from one end to the other. */
import { type BenchChannel, loadStack, type Signal, type Stack, type StackName } from './stacks.ts'

export interface Command {
  readonly kind: 'connect' | 'throughput' | 'round-trip' | 'connections' | 'idle'
  /** Bytes of a message. */
  readonly size: number
  /** Milliseconds of sending. */
  readonly duration: number
  /** Milliseconds of them that do not count. */
  readonly warmUp: number
  /** Round trips, or connections. */
  readonly count: number
  /** Bytes of the largest datagram, for stacks that would use larger ones; null for what a stack likes. */
  readonly packetSize: number | null
  /** And ordered, or neither. */
  readonly isReliable: boolean
  /** As in {@link ConnectOptions}. */
  readonly makesCertificate: boolean
}

/** What an end reports; the parent takes each figure from the end that can tell. */
export interface Report {
  readonly bytes: number
  readonly messages: number
  /** Megabytes a second until the warm-up was over. */
  readonly warmUpRate: number
  /** Milliseconds that `bytes` took. */
  readonly elapsed: number
  /** Milliseconds. */
  readonly samples: readonly number[]
  /** Microseconds of this process; where messages flow, after the warm-up. */
  readonly cpu: number
  /** Bytes. */
  readonly peakRss: number
  readonly rssGrowth: number
  /** Microseconds of this process while all connections were idle. */
  readonly idleCpu: number
}

const [, , name, role] = process.argv
const isOfferer = role === 'offerer'

/** Listeners by topic, and what came for topics that nobody listens to yet. */
const listeners = new Map<string, (message: never) => void>()
const inbox = new Map<string, unknown[]>()

const HIGH_WATER = 1_048_576
const LOW_WATER = 262_144
const TURN = 1_048_576

process.on('message', ({ topic, body }: { topic: string; body: unknown }) => {
  const listener = listeners.get(topic)
  if (listener === undefined) inbox.set(topic, [...(inbox.get(topic) ?? []), body])
  else listener(body as never)
})

const stack = await loadStack(name as StackName)
listen('command', (command: Command) => {
  run(stack, command).then(
    (report) => tell('report', report),
    (error: unknown) =>
      tell('failure', error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
})
listen('exit', () => process.exit(0))
// Native handles would keep the process alive when the benchmark has gone.
process.on('disconnect', () => process.exit(0))
tell('ready', null)

async function run(stack: Stack, command: Command): Promise<Report> {
  const cpu = process.cpuUsage()
  const rss = process.memoryUsage.rss()
  const outcome = await measure(stack, command)
  const { user, system } = process.cpuUsage(cpu)
  return {
    bytes: 0,
    messages: 0,
    warmUpRate: 0,
    elapsed: 0,
    samples: [],
    idleCpu: 0,
    rssGrowth: process.memoryUsage.rss() - rss,
    cpu: user + system,
    peakRss: process.resourceUsage().maxRSS * 1_024,
    ...outcome,
  }
}

function measure(stack: Stack, command: Command): Promise<Partial<Report>> {
  switch (command.kind) {
    case 'connect':
      return connectTimes(stack, command)
    case 'throughput':
      return throughput(stack, command)
    case 'round-trip':
      return roundTrips(stack, command)
    case 'connections':
      return connections(stack, command.count)
    case 'idle':
      return idle(stack, command)
  }
}

async function connectTimes(stack: Stack, command: Command): Promise<Partial<Report>> {
  const samples: number[] = []
  for (let i = 0; i < command.count; i++) {
    await together(`connect ${i}`)
    const start = performance.now()
    const channel = await stack.connect(isOfferer, signalOf(`connection ${i}`), command)
    samples.push(performance.now() - start)
    await together(`connected ${i}`)
    channel.close()
  }
  return { samples }
}

/** The offerer sends as fast as the channel takes it; the other end counts, once the warm-up is over. */
async function throughput(stack: Stack, command: Command): Promise<Partial<Report>> {
  const { size } = command
  const channel = await stack.connect(isOfferer, signalOf(`throughput ${size}`), command)
  await validate(channel, size)
  const outcome = isOfferer ? await flood(channel, command) : await count(channel, command)
  await together(`done ${size}`)
  channel.close()
  return outcome
}

/** Sends while little waits, in turns: some stacks learn of what waits on another thread, and never within a turn. */
function flood(
  channel: BenchChannel,
  { size, duration, warmUp, isReliable }: Command,
): Promise<Partial<Report>> {
  const message = new Uint8Array(size).fill(1)
  const last = new Uint8Array(size)
  const start = performance.now()
  const end = start + duration
  let warmCpu: NodeJS.CpuUsage | null = null
  return new Promise((resolve) => {
    let isDone = false
    let timer: NodeJS.Timeout | undefined
    const pump = (): void => {
      clearTimeout(timer)
      if (isDone) return
      if (warmCpu === null && performance.now() - start > warmUp) warmCpu = process.cpuUsage()
      for (let sent = 0; !isDone && sent < TURN && channel.bufferedAmount() < HIGH_WATER; sent += size) {
        isDone = performance.now() >= end
        channel.send(isDone ? last : message)
      }
      if (isDone) {
        // What may be lost is said again.
        const again = isReliable ? undefined : setInterval(() => channel.send(last), 50)
        listen('heard the last', () => {
          clearInterval(again)
          resolve(cpuSince(warmCpu))
        })
      } else timer = setTimeout(pump, channel.bufferedAmount() < HIGH_WATER ? 0 : 5)
    }
    channel.onLow(LOW_WATER, pump)
    pump()
  })
}

function count(channel: BenchChannel, { size, warmUp }: Command): Promise<Partial<Report>> {
  return new Promise((resolve) => {
    let messages = 0
    let start = performance.now()
    let warmCpu: NodeJS.CpuUsage | null = null
    let warmUpRate = 0
    channel.onMessage((data) => {
      if (data.length !== size) throw new Error(`a message of ${size} bytes arrived as ${data.length}`)
      const now = performance.now()
      messages++
      if (warmCpu === null && now - start > warmUp) {
        warmUpRate = (messages * size) / 1e3 / (now - start)
        warmCpu = process.cpuUsage()
        start = now
        messages = 0
      }
      if (data[0] !== 0) return
      tell('heard the last', null)
      resolve({ messages, bytes: messages * size, warmUpRate, elapsed: now - start, ...cpuSince(warmCpu) })
    })
  })
}

function cpuSince(before: NodeJS.CpuUsage | null): Pick<Report, 'cpu'> {
  if (before === null) throw new Error('all was over before the warm-up was')
  const { user, system } = process.cpuUsage(before)
  return { cpu: user + system }
}

async function roundTrips(stack: Stack, { size, count }: Command): Promise<Partial<Report>> {
  const channel = await stack.connect(isOfferer, signalOf('round-trip'))
  const message = new Uint8Array(size)
  const samples: number[] = []
  if (isOfferer)
    await new Promise<void>((resolve) => {
      let sentAt = 0
      const next = (): void => {
        sentAt = performance.now()
        channel.send(message)
      }
      channel.onMessage(() => {
        samples.push(performance.now() - sentAt)
        if (samples.length === count) resolve()
        else next()
      })
      next()
    })
  else channel.onMessage((data) => channel.send(data))
  await together('round trips done')
  channel.close()
  return { samples }
}

/** Before anything is timed: what arrives is what was sent, byte for byte. */
async function validate(channel: BenchChannel, size: number): Promise<void> {
  const expected = new Uint8Array(size).map((_, i) => (i * 31 + 1) & 0xff)
  if (isOfferer) channel.send(expected)
  else
    await new Promise<void>((resolve, reject) =>
      channel.onMessage((data) => {
        if (data.length === size && data.every((byte, i) => byte === expected[i])) resolve()
        else reject(new Error('a message arrived as another one'))
      }),
    )
  await together('validated')
}

async function idle(stack: Stack, { count, duration }: Command): Promise<Partial<Report>> {
  const channels: BenchChannel[] = []
  for (let i = 0; i < count; i++) channels.push(await stack.connect(isOfferer, signalOf(`idle ${i}`)))
  await together('all connected')
  // Until the traffic of the last handshake has ended.
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  const cpu = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, duration))
  const { user, system } = process.cpuUsage(cpu)
  await together('idled')
  for (const channel of channels) channel.close()
  return { idleCpu: user + system }
}

/** Memory that connections take beyond the first ones, which make the process load code and size its heap once. */
async function connections(stack: Stack, count: number): Promise<Partial<Report>> {
  const channels: BenchChannel[] = []
  const connectTo = async (total: number): Promise<void> => {
    while (channels.length < total)
      channels.push(await stack.connect(isOfferer, signalOf(`connection ${channels.length}`)))
  }
  await connectTo(count)
  const before = settledRss()
  await connectTo(2 * count)
  const rssGrowth = settledRss() - before
  await together('all connected')
  for (const channel of channels) channel.close()
  return { rssGrowth }
}

function settledRss(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

function signalOf(topic: string): Signal {
  return { send: (body) => tell(topic, body), onMessage: (listener) => listen(topic, listener) }
}

/** Resolves when the other end has come as far. */
function together(step: string): Promise<void> {
  tell(step, null)
  return new Promise((resolve) => listen(step, () => resolve()))
}

function listen(topic: string, listener: (message: never) => void): void {
  listeners.set(topic, listener)
  for (const message of inbox.get(topic) ?? []) listener(message as never)
  inbox.delete(topic)
}

function tell(topic: string, body: unknown): void {
  process.send?.({ topic, body })
}
