import { equalBytes } from '@purertc/bytes'
import { type LinkConditions, Random } from '@purertc/netsim'

import type { SctpConfig } from '../../src/index.ts'
import { Pair, pattern } from './association-pair.ts'

/** A network as bad as a seed makes it, and what is said over it. */
export interface Scenario {
  readonly conditions: LinkConditions
  readonly config: Partial<SctpConfig>
  readonly messages: readonly Sent[]
  /** When the path's MTU becomes which, or the peer loses all that it knew. */
  readonly changes: readonly { readonly at: number; readonly mtu: number }[]
}

export interface Sent {
  readonly fromA: boolean
  readonly at: number
  readonly stream: number
  readonly unordered: boolean
  readonly size: number
  /** Given up after so many repetitions, `undefined` for never. */
  readonly maxRetransmits: number | undefined
}

export function scenario(seed: number): Scenario {
  const random = new Random(seed)
  const upTo = (limit: number): number => random.next() * limit
  const conditions = {
    latency: 1 + upTo(random.chance(0.1) ? 300 : 80),
    jitter: upTo(30),
    loss: upTo(0.3),
    duplicate: upTo(0.2),
    reorder: upTo(0.3),
    corrupt: upTo(0.05),
    ...(random.chance(0.2) ? { rate: 200_000 + upTo(1e6), queue: 30_000 } : {}),
  }
  const hasUnreliable = random.chance(0.3)
  const messages = Array.from({ length: 16 }, () => ({
    fromA: random.chance(0.7),
    at: upTo(2_000),
    stream: random.int(3),
    unordered: random.chance(0.3),
    size: 1 + (random.chance(0.2) ? random.int(12_000) : random.int(1_500)),
    maxRetransmits: hasUnreliable && random.chance(0.5) ? random.int(3) : undefined,
  }))
  const isJumbo = random.chance(0.4)
  const sizes = [1_160, 1_300, 1_432, 4_000, 9_000, 16_384, 65_600]
  const changes = isJumbo
    ? Array.from({ length: 1 + random.int(3) }, () => ({
        at: upTo(3_000),
        mtu: sizes[random.int(sizes.length)]!,
      }))
    : []
  const config: Partial<SctpConfig> = {
    // The worst of these networks loses half of all round trips: ten losses in a row do happen.
    maxRetransmits: 60,
    maxInitRetransmits: 40,
    rtoMax: 10_000,
    receiveWindow: random.chance(0.2) ? 20_000 : 4_194_304,
    maxMessageSize: 16_000,
    interleaving: random.chance(0.5),
    ...(isJumbo ? { maxMtu: 16_384, packetsPerDatagram: 4 } : {}),
    scheduler: (['fcfs', 'round-robin', 'weighted-fair'] as const)[random.int(3)]!,
  }
  return { conditions, config, messages, changes }
}

/** Runs it until every message has arrived that has to; a message's number is its protocol identifier. */
export function play(seed: number): Pair {
  const { conditions, config, messages, changes } = scenario(seed)
  const pair = new Pair({ seed, ...conditions, a: { config }, b: { config } })
  messages.forEach(({ fromA, at, stream, unordered, size, maxRetransmits }, i) =>
    pair.sim.after(at, (now) => {
      const { association } = fromA ? pair.a : pair.b
      const options = { unordered, ...(maxRetransmits === undefined ? {} : { maxRetransmits }) }
      association.send(now, stream, i, pattern(size, i), options)
    }),
  )
  for (const { at, mtu } of changes)
    pair.sim.after(at, () => {
      for (const link of [pair.toA, pair.toB]) link.conditions = { ...conditions, mtu }
    })
  pair.sim.after(0, (now) => pair.a.association.connect(now))
  pair.sim.after(seed % 300, (now) => pair.b.association.connect(now))
  const reliable = messages.filter(({ maxRetransmits }) => maxRetransmits === undefined).length
  const arrived = (): number =>
    [...pair.a.received, ...pair.b.received].filter(
      ({ protocol }) => messages[protocol]?.maxRetransmits === undefined,
    ).length
  pair.runUntil(() => arrived() === reliable && pair.now > 3_100, 3_600_000)
  pair.run(60_000)
  return pair
}

/** What is wrong with the outcome, `null` for nothing. */
export function fault(seed: number, pair: Pair): string | null {
  const { messages } = scenario(seed)
  for (const [end, fromA] of [
    [pair.b, true],
    [pair.a, false],
  ] as const) {
    const numbers = end.received.map(({ protocol }) => protocol)
    if (new Set(numbers).size !== numbers.length) return 'a message came twice'
    if (numbers.some((i) => messages[i]?.fromA !== fromA)) return 'a message came back'
    for (const { protocol, message } of end.received)
      if (!equalBytes(message, pattern(messages[protocol]!.size, protocol)))
        return `message ${protocol} is damaged`
    const expected = messages.flatMap((sent, i) => (sent.fromA === fromA ? [i] : []))
    const missing = expected.filter((i) => messages[i]!.maxRetransmits === undefined && !numbers.includes(i))
    if (missing.length > 0) return `missing: ${missing.join(', ')}`
    for (const stream of [0, 1, 2]) {
      const inOrder = numbers.filter((i) => messages[i]!.stream === stream && !messages[i]!.unordered)
      const times = inOrder.map((i) => messages[i]!.at)
      if (times.some((at, i) => i > 0 && at < times[i - 1]!)) return `stream ${stream} is out of order`
    }
    if (end.association.receiveBuffered !== 0) return `${end.association.receiveBuffered} bytes are held`
    if (end.association.bufferedAmount(0) !== 0) return 'something was not sent'
    if (end.closed.length > 0) return `closed: ${end.closed[0]!.message}`
  }
  return null
}
