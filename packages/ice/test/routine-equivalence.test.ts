import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'

import { Routine } from '../src/routine.ts'
import { introduce, Peer, type PeerOptions } from './support/peer.ts'
import { World } from './support/world.ts'

afterEach(() => {
  jest.restoreAllMocks()
})

/** What became of two agents: the same with the short cut and without it. */
interface Outcome {
  /** Of all datagrams: when, from where, to where, of which type, how long. */
  readonly datagrams: readonly string[]
  readonly ends: readonly object[]
}

interface Life {
  readonly seed: number
  readonly loss: number
  readonly addresses: readonly [string, string]
  readonly options?: Partial<PeerOptions>
}

/** Each length is drawn from a sequence of its own: who draws more transaction IDs has the same jitter. */
function drawnByLength(seed: number): CryptoProvider {
  const sequences = new Map<number, Random>()
  const sequence = (length: number): Random => {
    const random = sequences.get(length) ?? new Random(1_000 * seed + length)
    sequences.set(length, random)
    return random
  }
  return { ...nodeCrypto, randomFill: (into) => sequence(into.length).fill(into) }
}

/** Three minutes of two agents, with a restart, data now and then, and noise made of what was seen before. */
function live({ seed, loss, addresses, options = {} }: Life): Outcome {
  const world = new World({ seed, conditions: { latency: 20, jitter: 10, loss } })
  const roles = ['controlled', 'controlling'] as const
  const [a, b] = addresses.map((address, i) => {
    const hosts = [world.network.host(address)]
    const crypto = drawnByLength(2 * seed + i)
    return new Peer(world.sim, { hosts, crypto, role: roles[i]!, ...(i === 0 && options) })
  }) as [Peer, Peer]
  introduce(world.sim, a, b)
  const plan = new Random(seed)
  const noise = new Random(seed + 1_000)
  const datagrams: string[] = []
  const seen: Parameters<typeof world.network.inject>[] = []
  world.network.intercept(({ from, to }, bytes) => {
    const copy = Uint8Array.from(bytes)
    seen.push([from, to, copy])
    datagrams.push(
      `${world.sim.now} ${from.address} ${to.address} ${copy[0]! * 256 + copy[1]!} ${copy.length}`,
    )
    // A stranger is sooner than the peer at times, and has guessed all but one bit.
    return world.sim.now < 8_000 || noise.next() > 0.1 ? 'pass' : flip(noise, copy)
  })
  const read: object[] = []
  const disturb = (): void => {
    const kind = plan.next()
    const [from, to, bytes] = seen[Math.floor(plan.next() * seen.length)]!
    if (kind < 0.2) a.send('from a')
    else if (kind < 0.4) b.send('from b')
    else if (kind < 0.7) read.push(...[a, b].map(describeEnd))
    else world.network.inject(from, to, kind < 0.85 ? flip(plan, bytes) : bytes)
    // At times nothing happens for long.
    world.sim.after(plan.next() < 0.7 ? 15_000 * plan.next() : 300 * plan.next(), disturb)
  }
  world.sim.after(8_000, disturb)
  world.sim.after(90_000, (now) => {
    for (const { agent } of [a, b]) agent.restart(now)
    introduce(world.sim, a, b)
  })
  world.sim.advance(180_000)
  return { datagrams, ends: [...read, ...[a, b].map(describeEnd)] }
}

function describeEnd({ agent, states, received, failures }: Peer): object {
  const pairs = agent.pairs.map(({ state, nominated, roundTripTime, requestsSent, responsesReceived }) => ({
    ...{ state, nominated, roundTripTime, requestsSent, responsesReceived },
  }))
  const { state, role, stats, discarded } = agent
  // What noise has made data of has another transaction ID in it.
  const counts = { received: received.length, ...discarded.snapshot() }
  return { state, role, stats, counts, states, failures, pairs }
}

function flip(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[Math.floor(random.next() * copy.length)]! ^= 1 << Math.floor(random.next() * 8)
  return copy
}

describe('the short cut', () => {
  test.each<[string, Omit<Life, 'seed' | 'loss'>, number]>([
    ['full agents', { addresses: ['198.51.100.11', '198.51.100.12'] }, 2_000],
    ['full agents over IPv6', { addresses: ['2001:db8::11', '2001:db8::12'] }, 700],
    ['a lite agent', { addresses: ['198.51.100.11', '198.51.100.12'], options: { lite: true } }, 1_500],
  ])('%s: neither datagrams nor what an agent says differ from the long way', (_who, kind, least) => {
    let taken = 0
    for (let seed = 0; seed < 60; seed++) {
      const loss = [0, 0.05, 0.3][seed % 3]!
      const spies = (['receive', 'ask'] as const).map((way) => jest.spyOn(Routine.prototype, way))
      const short = live({ seed, loss, ...kind })
      for (const { results } of spies.map(({ mock }) => mock))
        taken += results.filter(({ value }) => value === true).length
      for (const spy of spies) spy.mockReturnValue(false)
      const long = live({ seed, loss, ...kind })
      jest.restoreAllMocks()
      expect({ seed, ...short }).toEqual({ seed, ...long })
    }
    expect(taken).toBeGreaterThan(least)
  })
})
