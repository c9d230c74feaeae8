import { Millis } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { EventQueue } from '../src/event-queue.ts'
import { Link, Simulation, type Machine } from '../src/index.ts'

describe('EventQueue', () => {
  test('pops in the order of time, and of scheduling within one instant', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue()
        const popped: [number, number][] = []
        times.forEach((at, index) => queue.push(Millis(at), () => popped.push([at, index])))
        while (queue.nextAt !== Infinity) queue.pop()?.(queue.nextAt)
        const expected = times.map((at, index): [number, number] => [at, index])
        expect(popped).toEqual(expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]))
      }),
    )
  })

  test('stays in order while actions push', () => {
    const queue = new EventQueue()
    const seen: number[] = []
    queue.push(Millis(1), () => queue.push(Millis(2), () => seen.push(2)))
    queue.push(Millis(3), () => seen.push(3))
    while (queue.nextAt !== Infinity) queue.pop()?.(queue.nextAt)
    expect(seen).toEqual([2, 3])
    expect(queue.pop()).toBeUndefined()
  })
})

describe('the clock', () => {
  test('jumps to each event and stays at the last', () => {
    const sim = new Simulation({ seed: 1, start: 100 })
    const seen: number[] = []
    sim.after(20, (now) => seen.push(now))
    sim.after(10, (now) => {
      seen.push(now)
      sim.after(5, (later) => seen.push(later))
    })
    expect(sim.run()).toBe(true)
    expect(seen).toEqual([110, 115, 120])
    expect(sim.now).toBe(120)
  })

  test('never goes back: what is scheduled for the past happens now', () => {
    const sim = new Simulation({ seed: 1, start: 100 })
    let at = 0
    sim.schedule(Millis(3), (now) => (at = now))
    expect(at).toBe(0)
    sim.run()
    expect(at).toBe(100)
  })

  test('stops where `until` holds, and at the deadline', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    let count = 0
    const tick = (): void => {
      count++
      sim.after(10, tick)
    }
    sim.after(10, tick)
    expect(sim.run({ until: () => count === 3 })).toBe(true)
    expect(sim.now).toBe(30)
    expect(sim.run({ until: () => count === 1_000, deadline: 95 })).toBe(false)
    expect(sim.now).toBe(125)
    expect(sim.run({ deadline: 5 })).toBe(false)
    expect([sim.now, count]).toEqual([130, 13])
  })

  test('run() says whether `until` holds when nothing is left', () => {
    const sim = new Simulation({ seed: 1 })
    expect(sim.run({ until: () => false })).toBe(false)
    expect(sim.run()).toBe(true)
  })

  test('advance() lets exactly that time pass', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    let fired = 0
    sim.after(10, () => fired++)
    sim.advance(30)
    expect([sim.now, fired]).toEqual([30, 1])
  })

  test('run() refuses to nest, and works again after a throw', () => {
    const sim = new Simulation({ seed: 1 })
    sim.after(1, () => sim.run())
    expect(() => sim.run()).toThrow('called by something')
    expect(sim.run()).toBe(true)
  })
})

class Ticker implements Machine {
  nextTimeout: Millis
  readonly calls: number[] = []
  readonly #next: (now: Millis, calls: number) => number

  constructor(first: number, next: (now: Millis, calls: number) => number) {
    this.nextTimeout = Millis(first)
    this.#next = next
  }

  handleTimeout(now: Millis): void {
    this.calls.push(now)
    this.nextTimeout = Millis(this.#next(now, this.calls.length))
  }
}

describe('machines', () => {
  test('are called when their timeout comes, among the events', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    const fast = new Ticker(10, (now, calls) => (calls < 3 ? now + 10 : Infinity))
    const slow = new Ticker(15, () => Infinity)
    sim.attach(fast)
    sim.attach(slow)
    sim.after(5, () => (slow.nextTimeout = Millis(22)))
    sim.run()
    expect(fast.calls).toEqual([10, 20, 30])
    expect(slow.calls).toEqual([22])
  })

  test('a datagram that arrives when a timer rings is handled first', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    const ticker = new Ticker(10, () => Infinity)
    sim.attach(ticker)
    sim.after(10, () => (ticker.nextTimeout = Millis(Infinity)))
    sim.run()
    expect(ticker.calls).toEqual([])
  })

  test('are left alone once detached', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    const ticker = new Ticker(10, (now) => now + 10)
    sim.attach(ticker)
    sim.after(25, () => sim.detach(ticker))
    sim.run()
    expect(ticker.calls).toEqual([10, 20])
    sim.detach(ticker)
  })

  test('with a timeout in the past are called at once', () => {
    const sim = new Simulation({ seed: 1, start: 50 })
    const ticker = new Ticker(10, () => Infinity)
    sim.attach(ticker)
    sim.run()
    expect(ticker.calls).toEqual([50])
  })

  test('may work in a few portions', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    const ticker = new Ticker(10, (now, calls) => (calls < 5 ? now : Infinity))
    sim.attach(ticker)
    expect(sim.run()).toBe(true)
    expect(ticker.calls).toHaveLength(5)
  })

  test.each([
    ['stays due', (now: number): number => now],
    ['goes back', (now: number): number => now - 1],
  ])('are a busy loop when the timeout %s', (_, next) => {
    const sim = new Simulation({ seed: 1 })
    sim.attach(new Ticker(0, next))
    expect(() => sim.run()).toThrow('busy loop: nextTimeout of Ticker')
  })

  test('that chase each other without delay are found out', () => {
    const sim = new Simulation({ seed: 1 })
    const link: Link = new Link(sim, {}, (_now, bytes) => {
      link.send(bytes)
    })
    link.send(Uint8Array.of(1))
    expect(() => sim.run()).toThrow('the clock stands still')
  })

  test('must have a number for a timeout', () => {
    const sim = new Simulation({ seed: 1 })
    sim.attach(new Ticker(NaN, () => Infinity))
    expect(() => sim.run()).toThrow('nextTimeout of Ticker is not a number')
  })
})

describe('the trace', () => {
  const traceOf = (seed: number, payload = 1): string => {
    const sim = new Simulation({ seed })
    const conditions = { latency: 20, jitter: 10, loss: 0.2, duplicate: 0.1, reorder: 0.2, corrupt: 0.1 }
    let budget = 500
    const there: Link = new Link(sim, conditions, (_now, bytes) => {
      if (budget-- > 0) back.send(bytes)
    })
    const back: Link = new Link(sim, conditions, (_now, bytes) => there.send(bytes))
    for (let i = 0; i < 100; i++) sim.after(i, () => there.send(Uint8Array.of(payload, i, 3, 4, 5)))
    expect(sim.run()).toBe(true)
    return sim.trace
  }

  test('is the same for the same seed', () => {
    expect(traceOf(42)).toMatch(/^[0-9a-f]{16}$/)
    expect(traceOf(42)).toBe(traceOf(42))
  })

  test('tells seeds and payloads apart', () => {
    const seeds = Array.from({ length: 50 }, (_, seed) => traceOf(seed))
    expect(new Set(seeds).size).toBe(50)
    expect(traceOf(42, 2)).not.toBe(traceOf(42, 1))
  })

  test('depends on time, order, source and every byte', () => {
    const digest = (entries: readonly (readonly [number, number, readonly number[]])[]): string => {
      const sim = new Simulation({ seed: 1, start: 0 })
      for (const [source, at, bytes] of entries)
        sim.schedule(Millis(at), () => sim.record(source, Uint8Array.from(bytes)))
      sim.run()
      return sim.trace
    }
    const one = [1, 1, [1, 2, 3, 4, 5]] as const
    const two = [2, 1, [9]] as const
    const digests = [
      digest([one, two]),
      digest([two, one]),
      digest([one]),
      digest([[2, 1, one[2]], two]),
      digest([[1, 1.5, one[2]], two]),
      ...[0, 1, 2, 3, 4].map((i) => digest([[1, 1, one[2].map((byte, j) => (i === j ? 0 : byte))], two])),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })
})

test('seeded() replaces the entropy of a provider and nothing else', () => {
  const provider = { name: 'real', randomFill: (into: Uint8Array) => void into.fill(4) }
  const bytesOf = (seed: number): Uint8Array => {
    const seeded = new Simulation({ seed }).seeded(provider)
    expect(seeded.name).toBe('real')
    const bytes = new Uint8Array(16)
    seeded.randomFill(bytes)
    return bytes
  }
  expect(bytesOf(1)).toEqual(bytesOf(1))
  expect(bytesOf(1)).not.toEqual(bytesOf(2))
})
