import { describe, expect, test } from '@jest/globals'

import { Link, type LinkConditions, Simulation } from '../src/index.ts'

interface Arrival {
  readonly at: number
  readonly bytes: Uint8Array
}

const numbered = (index: number, size = 100): Uint8Array => {
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, index)
  return bytes
}

const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(0)

/** Sends `count` numbered datagrams, `every` ms one, from time 0 on. */
function transfer(conditions: LinkConditions, count: number, every = 1, size = 100): [Arrival[], Link] {
  const sim = new Simulation({ seed: 11, start: 0 })
  const arrivals: Arrival[] = []
  const link: Link = new Link(sim, conditions, (now, bytes) =>
    arrivals.push({ at: now, bytes: bytes.slice() }),
  )
  for (let i = 0; i < count; i++) sim.after(i * every, () => link.send(numbered(i, size)))
  expect(sim.run()).toBe(true)
  return [arrivals, link]
}

const expectShare = (share: number, expected: number): void =>
  expect(Math.abs(share - expected)).toBeLessThan(0.03)

describe('conditions', () => {
  test('none: everything arrives at once, in order and whole', () => {
    const [arrivals, link] = transfer({}, 50)
    expect(arrivals).toEqual(Array.from({ length: 50 }, (_, i) => ({ at: i, bytes: numbered(i) })))
    expect([link.sent, link.delivered, link.dropped]).toEqual([50, 50, 0])
  })

  test('latency delays all alike, jitter some more; both keep the order', () => {
    const [late] = transfer({ latency: 30 }, 10)
    expect(late.map(({ at }) => at)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39])
    const [jittery] = transfer({ latency: 30, jitter: 10 }, 500)
    expect(jittery.map(({ bytes }) => numberOf(bytes))).toEqual(Array.from({ length: 500 }, (_, i) => i))
    const delays = jittery.map(({ at, bytes }) => at - numberOf(bytes))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(30)
    expect(Math.max(...delays)).toBeLessThan(40)
    expect(new Set(delays).size).toBeGreaterThan(50)
  })

  test('loss loses its share', () => {
    const [arrivals, link] = transfer({ loss: 0.2 }, 5_000)
    expectShare(1 - arrivals.length / 5_000, 0.2)
    expect(link.dropped).toBe(5_000 - arrivals.length)
    expect(transfer({ loss: 1 }, 100)[0]).toEqual([])
  })

  test('duplicate delivers its share twice', () => {
    const [arrivals, link] = transfer({ duplicate: 0.1 }, 5_000)
    expectShare(arrivals.length / 5_000, 1.1)
    expect(link.delivered).toBe(arrivals.length)
    expect(new Set(arrivals.map(({ bytes }) => numberOf(bytes))).size).toBe(5_000)
  })

  test('reorder lets later datagrams overtake', () => {
    const [arrivals] = transfer({ latency: 20, reorder: 0.1 }, 5_000)
    expect(arrivals).toHaveLength(5_000)
    let highest = -1
    let overtaken = 0
    for (const { bytes } of arrivals) {
      if (numberOf(bytes) < highest) overtaken++
      highest = Math.max(highest, numberOf(bytes))
    }
    expectShare(overtaken / 5_000, 0.1)
  })

  test('corrupt flips one bit of its share', () => {
    const sim = new Simulation({ seed: 2 })
    let corrupted = 0
    const link: Link = new Link(sim, { corrupt: 0.3 }, (_now, bytes) => {
      let flipped = 0
      for (const byte of bytes) for (let bits = byte; bits > 0; bits >>= 1) flipped += bits & 1
      expect(flipped).toBeLessThanOrEqual(1)
      corrupted += flipped
    })
    for (let i = 0; i < 5_000; i++) link.send(new Uint8Array(100))
    link.send(new Uint8Array(0))
    sim.run()
    expect(link.delivered).toBe(5_001)
    expectShare(corrupted / 5_000, 0.3)
  })

  test('rate spaces datagrams out', () => {
    const [arrivals] = transfer({ rate: 10_000, latency: 5 }, 5, 0)
    expect(arrivals.map(({ at }) => at)).toEqual([15, 25, 35, 45, 55])
  })

  test('queue drops what does not fit behind the rate', () => {
    const [arrivals, link] = transfer({ rate: 10_000, queue: 300 }, 10, 0)
    expect(arrivals.map(({ bytes }) => numberOf(bytes))).toEqual([0, 1, 2])
    expect(link.dropped).toBe(7)
    const [paced] = transfer({ rate: 10_000, queue: 300 }, 10, 10)
    expect(paced).toHaveLength(10)
    expect(transfer({ rate: 10_000, queue: 50 }, 3, 10)[0]).toHaveLength(3)
  })

  test('mtu drops what is larger', () => {
    expect(transfer({ mtu: 100 }, 10, 1, 100)[0]).toHaveLength(10)
    const [arrivals, link] = transfer({ mtu: 100 }, 10, 1, 101)
    expect(arrivals).toHaveLength(0)
    expect(link.dropped).toBe(10)
  })

  test('can be replaced at run time', () => {
    const sim = new Simulation({ seed: 1, start: 0 })
    const at: number[] = []
    const link: Link = new Link(sim, { latency: 10 }, (now) => at.push(now))
    link.send(Uint8Array.of(1))
    sim.after(20, () => {
      link.conditions = { latency: 50 }
      link.send(Uint8Array.of(2))
      link.conditions = { loss: 1 }
      link.send(Uint8Array.of(3))
    })
    sim.run()
    expect(at).toEqual([10, 70])
  })
})

describe('bytes', () => {
  test('are copied when sent', () => {
    const sim = new Simulation({ seed: 1 })
    let received: number | undefined
    const link: Link = new Link(sim, {}, (_now, bytes) => (received = bytes[0]))
    const scratch = Uint8Array.of(7)
    link.send(scratch)
    scratch[0] = 8
    sim.run()
    expect(received).toBe(7)
  })

  test('are overwritten after delivery, so that keeping them shows', () => {
    const sim = new Simulation({ seed: 1 })
    let kept = new Uint8Array(0)
    const link: Link = new Link(sim, {}, (_now, bytes) => {
      expect(bytes).toEqual(Uint8Array.of(7))
      kept = bytes as Uint8Array<ArrayBuffer>
    })
    link.send(Uint8Array.of(7))
    sim.run()
    expect(kept).toEqual(Uint8Array.of(0xdb))
  })

  test('are never delivered inside send()', () => {
    const sim = new Simulation({ seed: 1 })
    const link: Link = new Link(sim, {}, () => {})
    link.send(Uint8Array.of(1))
    expect(link.delivered).toBe(0)
  })
})

test('intercept() passes, drops and alters chosen datagrams', () => {
  const sim = new Simulation({ seed: 1 })
  const received: number[] = []
  const link: Link<string> = new Link(sim, { mtu: 1 }, (_now, bytes) => received.push(bytes[0]!))
  link.intercept((index, bytes, context) => {
    expect(context).toBe('context')
    expect(bytes[0]).toBe(index)
    if (index === 1) return 'drop'
    if (index === 2) return Uint8Array.of(99)
    return 'pass'
  })
  for (let i = 0; i < 4; i++) link.send(Uint8Array.of(i), 'context')
  link.intercept(null)
  link.send(Uint8Array.of(4), 'context')
  sim.run()
  expect(received).toEqual([0, 99, 3, 4])
  expect(link.dropped).toBe(1)
})
