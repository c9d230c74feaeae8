import { describe, expect, test } from '@jest/globals'

import { Batches, type BatchesLimits } from '../src/node/redis/batches.ts'
import type { Operation } from '../src/node/redis/operations.ts'

/** A Redis that answers when it is told to, and writes down what it was asked. */
class Desk {
  isReady = true
  readonly applied: (readonly [number: number, names: string])[] = []
  readonly settled: string[] = []
  readonly failures: unknown[] = []
  readonly batches: Batches
  #answers: { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void }[] = []

  constructor(limits: BatchesLimits = { operations: 100, length: 1_000 }) {
    this.batches = new Batches(
      {
        isReady: () => this.isReady,
        apply: (number, operations) => {
          this.applied.push([number, operations.map(({ args }) => args[0]).join()])
          return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }))
        },
        failed: (error) => this.failures.push(error),
      },
      limits,
    )
  }

  ask(name: string, more = ''): void {
    const settle = (result: string | null): unknown => this.settled.push(`${name}: ${result ?? 'nothing'}`)
    this.batches.push({ args: [name, more], settle } satisfies Operation)
  }

  async answer(...results: readonly string[]): Promise<void> {
    this.#answers.shift()?.resolve(results.join('\u001e'))
    await turn()
  }

  async lose(): Promise<void> {
    this.#answers.shift()?.reject(new Error('cut'))
    await turn()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('what a process asks of Redis', () => {
  test('goes a turn at a time, one batch after the other, each answered in order', async () => {
    const desk = new Desk()
    desk.ask('a')
    desk.ask('b')
    expect(desk.applied).toEqual([])
    await turn()
    desk.ask('c')
    await turn()
    desk.ask('d')
    expect(desk.applied).toEqual([[1, 'a,b']])
    await desk.answer('1', '2')
    expect(desk.applied).toEqual([
      [1, 'a,b'],
      [2, 'c,d'],
    ])
    expect([desk.settled, desk.batches.isIdle]).toEqual([['a: 1', 'b: 2'], false])
    await desk.answer('3', '4')
    expect([desk.settled, desk.batches.isIdle]).toEqual([['a: 1', 'b: 2', 'c: 3', 'd: 4'], true])
  })

  test('is asked again under its number where the answer was lost, without what came since', async () => {
    const desk = new Desk()
    desk.ask('a')
    await turn()
    desk.isReady = false
    await desk.lose()
    desk.ask('b')
    await turn()
    expect([desk.failures.length, desk.applied.length]).toEqual([1, 1])
    desk.isReady = true
    desk.batches.resume()
    expect(desk.applied.at(-1)).toEqual([1, 'a'])
    await desk.answer('1')
    expect(desk.applied.at(-1)).toEqual([2, 'b'])
  })

  test('is given up with what is under way, and counts anew', async () => {
    const desk = new Desk({ operations: 1, length: 1_000 })
    desk.ask('a')
    await turn()
    desk.ask('b')
    desk.batches.abandon()
    expect([desk.settled, desk.batches.isIdle]).toEqual([['a: nothing', 'b: nothing'], true])
    desk.batches.restart()
    expect(desk.batches.hasRoom).toBe(true)
    desk.ask('c')
    await turn()
    expect(desk.applied.at(-1)).toEqual([1, 'c'])
  })

  test('waits in no larger a number, and at no greater a length, than it may', async () => {
    const few = new Desk({ operations: 2, length: 1_000 })
    few.isReady = false
    few.ask('a')
    expect(few.batches.hasRoom).toBe(true)
    few.ask('b')
    expect(few.batches.hasRoom).toBe(false)

    const short = new Desk({ operations: 100, length: 1_000 })
    short.isReady = false
    short.ask('a', 'x'.repeat(998))
    expect(short.batches.hasRoom).toBe(true)
    short.ask('b')
    expect(short.batches.hasRoom).toBe(false)
    short.isReady = true
    await turn()
    expect(short.batches.hasRoom).toBe(true)
  })
})
