import { describe, expect, test } from '@jest/globals'
import { Random } from '@purertc/netsim'

import { OutgoingMessage } from '../../src/send/outgoing-message.ts'
import type { SchedulerName } from '../../src/send/scheduler.ts'
import { SendQueue } from '../../src/send/send-queue.ts'

const message = (stream: number, length: number): OutgoingMessage =>
  new OutgoingMessage(stream, 51, false, new Uint8Array(length), 0, length)

function queueOf(scheduler: SchedulerName, interleaves: boolean): SendQueue {
  const queue = new SendQueue(scheduler)
  queue.interleaves = interleaves
  return queue
}

/** The streams of the next `count` chunks of at most 100 bytes. */
function turns(queue: SendQueue, count: number): number[] {
  const streams: number[] = []
  while (streams.length < count) {
    const next = queue.next(0)
    if (next === null) break
    queue.cut(next, Math.min(100, next.length - next.cut))
    streams.push(next.stream)
  }
  return streams
}

describe('stream schedulers, RFC 8260 §3', () => {
  test('first come, first served: in the order of sending, whatever the stream', () => {
    const queue = queueOf('fcfs', false)
    for (const stream of [5, 1, 5, 3, 1]) queue.push(message(stream, 100))
    expect(turns(queue, 9)).toEqual([5, 1, 5, 3, 1])
  })

  test('round robin: a message of each stream in turn', () => {
    const queue = queueOf('round-robin', false)
    for (const stream of [5, 5, 5, 1, 1]) queue.push(message(stream, 200))
    expect(turns(queue, 99)).toEqual([5, 5, 1, 1, 5, 5, 1, 1, 5, 5])
  })

  test('round robin with interleaving: a chunk of each stream in turn', () => {
    const queue = queueOf('round-robin', true)
    for (const stream of [5, 5, 1]) queue.push(message(stream, 200))
    expect(turns(queue, 99)).toEqual([5, 1, 5, 1, 5, 5])
  })

  test('weighted fair: four times the weight gets four times the bytes', () => {
    for (const interleaves of [false, true]) {
      const queue = queueOf('weighted-fair', interleaves)
      queue.stream(1).weight = 256
      queue.stream(2).weight = 1_024
      for (let i = 0; i < 100; i++) for (const stream of [1, 2]) queue.push(message(stream, 300))
      const sent = turns(queue, 150)
      expect(sent.filter((stream) => stream === 2).length).toBeGreaterThan(115)
      expect(sent.filter((stream) => stream === 2).length).toBeLessThan(125)
    }
  })

  test('weighted fair: by bytes, so that large messages gain nothing', () => {
    const queue = queueOf('weighted-fair', true)
    for (let i = 0; i < 200; i++) queue.push(message(1, 20))
    queue.push(message(2, 10_000))
    const bytes = [0, 0, 0]
    for (let i = 0; i < 120; i++) {
      const next = queue.next(0)!
      const length = Math.min(100, next.length - next.cut)
      queue.cut(next, length)
      bytes[next.stream]! += length
    }
    expect(Math.abs(bytes[1]! - bytes[2]!)).toBeLessThan(200)
  })

  test('weighted fair: a stream saves up no turns while it has nothing to send', () => {
    const queue = queueOf('weighted-fair', true)
    for (let i = 0; i < 100; i++) queue.push(message(1, 100))
    turns(queue, 50)
    for (let i = 0; i < 100; i++) queue.push(message(2, 100))
    const sent = turns(queue, 40)
    expect(sent.filter((stream) => stream === 1).length).toBeGreaterThan(17)
  })

  test('any of them sends all there is, each message whole and each stream in order', () => {
    const random = new Random(3)
    for (const name of ['fcfs', 'round-robin', 'weighted-fair'] as const)
      for (const interleaves of [false, true]) {
        const queue = queueOf(name, interleaves)
        let left = 300
        let last: OutgoingMessage | null = null
        const mids = new Map<number, number>()
        while (left > 0 || queue.queuedBytes > 0) {
          if (left > 0 && random.chance(0.6)) {
            queue.push(message(random.int(20), 1 + random.int(500)))
            left--
            continue
          }
          const next = queue.next(0)
          if (next === null) continue
          if (!interleaves && last !== null) expect(next).toBe(last)
          if (next.cut === 0) mids.set(next.stream, (mids.get(next.stream) ?? 0) + 1)
          queue.cut(next, Math.min(100, next.length - next.cut))
          expect(next.mid).toBe((mids.get(next.stream) ?? 0) - 1)
          last = next.cut < next.length ? next : null
        }
        expect([...mids.values()].reduce((sum, count) => sum + count, 0)).toBe(300)
      }
  })
})
