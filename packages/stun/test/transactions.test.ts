import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Simulation } from '@purertc/netsim'

import {
  MessageBuilder,
  MessageClass,
  Method,
  reliableTransportPolicy,
  type RetransmitPolicy,
  Transactions,
  transportAddress,
} from '../src/index.ts'

const server = transportAddress('198.51.100.1', 3478)

describe('retransmission', () => {
  test('RFC 8489 §6.2.1: seven requests, and a time-out after 39.5 s', () => {
    const run = new Run()
    run.start('a')
    run.simulation.run()
    expect(run.sent).toEqual([0, 500, 1500, 3500, 7500, 15500, 31500].map((at) => `a@${at}`))
    expect(run.timedOut).toEqual(['a@39500'])
    expect(run.transactions.size).toBe(0)
    expect(run.transactions.nextTimeout).toBe(Infinity)
  })

  test('every time the same bytes go to the same address', () => {
    const seen: [unknown, string][] = []
    const transactions = new Transactions<null>(nodeCrypto, {
      transmit: (to, bytes) => seen.push([to, Buffer.from(bytes).toString('hex')]),
      timedOut: () => undefined,
    })
    // A Node Buffer, whose slice() would be no copy.
    const request = Buffer.from(requestOf(transactions.newTransactionId()))
    const id = Uint8Array.from(request.subarray(8, 20))
    const hex = request.toString('hex')
    transactions.start(Millis(0), server, request, null)
    request.fill(0)
    expect(transactions.find(id)).toMatchObject({ startedAt: 0, transmissions: 1 })
    transactions.handleTimeout(Millis(500))
    expect(transactions.find(id)).toMatchObject({ startedAt: 0, transmissions: 2 })
    expect(seen).toEqual([
      [server, hex],
      [server, hex],
    ])
  })

  test('a policy of its own', () => {
    const run = new Run()
    run.start('a', { rto: 100, rc: 3, rm: 4 })
    run.simulation.run()
    expect(run.sent).toEqual(['a@0', 'a@100', 'a@300'])
    expect(run.timedOut).toEqual(['a@700'])
  })

  test('over a reliable transport one request and the same time-out', () => {
    const run = new Run()
    run.start('a', reliableTransportPolicy)
    run.simulation.run()
    expect(run.sent).toEqual(['a@0'])
    expect(run.timedOut).toEqual(['a@39500'])
  })

  test('a driver that rings late shifts what follows and sends nothing twice', () => {
    const run = new Run()
    run.start('a')
    run.simulation.detach(run.transactions)
    run.transactions.handleTimeout(Millis(10_000))
    expect(run.sent).toHaveLength(2)
    expect(run.transactions.nextTimeout).toBe(11_000)
  })

  test.each([
    { rto: 0 },
    { rto: Infinity },
    { rto: NaN },
    { rc: 0 },
    { rc: 1.5 },
    { rc: Infinity },
    { rc: 1_100 },
    { rm: 0 },
    { rm: -1 },
    { rm: Infinity },
    { rm: NaN },
  ])('refuses a policy that never ends, or never begins: %p', (policy) => {
    const run = new Run()
    expect(() => run.start('a', policy)).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    expect([run.transactions.size, run.transactions.nextTimeout, run.sent]).toEqual([0, Infinity, []])
  })

  test('a repeated transaction ID is refused', () => {
    const run = new Run()
    const id = run.start('a')
    expect(() => run.transactions.start(run.simulation.now, server, requestOf(id), 'b')).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
  })
})

describe('the end of a transaction', () => {
  test('an answer is found by its ID and ends it only when told to', () => {
    const run = new Run()
    const id = run.start('a')
    expect(run.transactions.find(new Uint8Array(12))).toBeNull()
    expect(run.transactions.find(id.slice())).toMatchObject({ context: 'a', to: server })
    expect(run.transactions.size).toBe(1)
    run.transactions.end(id)
    expect(run.transactions.find(id)).toBeNull()
    expect(run.transactions.nextTimeout).toBe(Infinity)
    run.simulation.run()
    expect(run.timedOut).toEqual([])
  })

  test('many at once keep their own time', () => {
    const run = new Run()
    const first = run.start('a')
    run.simulation.after(100, () => run.start('b'))
    run.simulation.after(200, () => run.transactions.end(first))
    run.simulation.run()
    expect(run.sent.slice(0, 3)).toEqual(['a@0', 'b@100', 'b@600'])
    expect(run.timedOut).toEqual(['b@39600'])
  })

  test('cancel and clear forget without a call', () => {
    const run = new Run()
    run.start('a')
    run.start('b')
    run.transactions.cancel((name) => name === 'a')
    expect(run.transactions.size).toBe(1)
    run.transactions.clear()
    expect(run.transactions.nextTimeout).toBe(Infinity)
    run.simulation.run()
    expect(run.sent).toEqual(['a@0', 'b@0'])
    expect(run.timedOut).toEqual([])
  })

  test.each([0, 600, 31_600])('silenced at %i ms it is heard as long as ever', (at) => {
    const run = new Run()
    const id = run.start('a')
    let heardUntil = 0
    run.simulation.run({ deadline: at, until: () => false })
    const sentBefore = run.sent.length
    run.transactions.silence(() => true)
    run.simulation.run({
      until: () => {
        if (run.transactions.find(id) !== null) heardUntil = run.simulation.now
        return false
      },
    })
    expect(run.sent).toHaveLength(sentBefore)
    expect(run.timedOut).toEqual([])
    expect(run.simulation.now).toBe(39_500)
    expect(heardUntil).toBeLessThan(39_500)
    expect(run.transactions.size).toBe(0)
  })
})

describe('host calls may call back', () => {
  test('clear within transmit', () => {
    const transactions: Transactions<number> = new Transactions<number>(nodeCrypto, {
      transmit: () => transactions.clear(),
      timedOut: () => undefined,
    })
    transactions.start(Millis(0), server, requestOf(transactions.newTransactionId()), 1)
    expect(transactions.size).toBe(0)
    expect(transactions.nextTimeout).toBe(Infinity)
  })

  test('a new transaction within timedOut', () => {
    let timeouts = 0
    const start = (now: Millis): void =>
      transactions.start(now, server, requestOf(transactions.newTransactionId()), null, { rc: 1, rm: 1 })
    const transactions: Transactions<null> = new Transactions<null>(nodeCrypto, {
      transmit: () => undefined,
      timedOut: (now) => {
        if (++timeouts < 3) start(now)
      },
    })
    start(Millis(0))
    for (const now of [500, 1000, 1500]) transactions.handleTimeout(Millis(now))
    expect(timeouts).toBe(3)
    expect(transactions.nextTimeout).toBe(Infinity)
  })
})

class Run {
  readonly simulation = new Simulation({ seed: 1, start: 0 })
  readonly sent: string[] = []
  readonly timedOut: string[] = []
  readonly transactions = new Transactions<string>(this.simulation.seeded(nodeCrypto), {
    transmit: (_to, _bytes, name) => this.sent.push(`${name}@${this.simulation.now}`),
    timedOut: (now, name) => this.timedOut.push(`${name}@${now}`),
  })

  constructor() {
    this.simulation.attach(this.transactions)
  }

  start(name: string, policy?: Partial<RetransmitPolicy>): Uint8Array {
    const id = this.transactions.newTransactionId()
    this.transactions.start(Millis(this.simulation.now), server, requestOf(id), name, policy)
    return id
  }
}

function requestOf(id: Uint8Array): Uint8Array {
  return new MessageBuilder(Method.binding, MessageClass.request, id).finish()
}
