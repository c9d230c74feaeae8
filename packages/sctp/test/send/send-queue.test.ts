import { describe, expect, test } from '@jest/globals'

import { OutgoingMessage } from '../../src/send/outgoing-message.ts'
import { SendQueue } from '../../src/send/send-queue.ts'

function message(stream: number, length: number, expiresAt = Infinity, unordered = false): OutgoingMessage {
  return new OutgoingMessage(stream, 51, unordered, new Uint8Array(length), 0, length, Infinity, expiresAt)
}

/** Cuts everything into pieces of at most `size`, as [stream, ssn, bytes]. */
function drain(queue: SendQueue, size: number, now = 0): [number, number, number][] {
  const pieces: [number, number, number][] = []
  for (let next = queue.next(now); next; next = queue.next(now)) {
    const length = Math.min(size, next.length - next.cut)
    queue.cut(next, length)
    pieces.push([next.stream, next.ssn, length])
  }
  return pieces
}

describe('the send queue', () => {
  test('takes turns between streams, a whole message each', () => {
    const queue = new SendQueue()
    for (const stream of [1, 1, 2, 3, 3]) queue.push(message(stream, 15))
    expect(drain(queue, 10)).toEqual([
      [1, 0, 10],
      [1, 0, 5],
      [2, 0, 10],
      [2, 0, 5],
      [3, 0, 10],
      [3, 0, 5],
      [1, 1, 10],
      [1, 1, 5],
      [3, 1, 10],
      [3, 1, 5],
    ])
    expect(queue.queuedBytes).toBe(0)
  })

  test('numbers ordered messages as they leave, so that an expired one leaves no hole', () => {
    const queue = new SendQueue()
    queue.push(message(1, 5))
    queue.push(message(1, 5, 100))
    queue.push(message(1, 5, Infinity, true))
    queue.push(message(1, 5))
    expect(drain(queue, 10, 100).map(([, ssn]) => ssn)).toEqual([0, 0, 1])
  })

  test('does not drop what is half sent', () => {
    const queue = new SendQueue()
    const half = message(1, 20, 100)
    queue.push(half)
    queue.cut(half, 10)
    expect(queue.next(200)).toBe(half)
    half.isAbandoned = true
    expect(queue.next(200)).toBeNull()
    expect(queue.queuedBytes).toBe(0)
  })

  test('tells once when a stream falls to its threshold', () => {
    const queue = new SendQueue()
    queue.stream(1).lowThreshold = 10
    const first = message(1, 30)
    queue.push(first)
    queue.cut(first, 15)
    expect([queue.bufferedAmount(1), queue.takeLow()]).toEqual([15, null])
    queue.cut(first, 5)
    expect([queue.bufferedAmount(1), queue.takeLow()]).toEqual([10, [1]])
    queue.cut(first, 10)
    expect(queue.takeLow()).toBeNull()
  })

  test('forgets a stream only when it is empty', () => {
    const queue = new SendQueue()
    const only = message(1, 10)
    queue.push(only)
    queue.forget(1)
    expect(queue.bufferedAmount(1)).toBe(10)
    queue.cut(only, 10)
    queue.forget(1)
    const next = message(1, 10)
    queue.push(next)
    queue.cut(next, 10)
    expect(next.ssn).toBe(0)
  })
})

describe('messages that mix', () => {
  const mixing = (window: number): SendQueue => {
    const queue = new SendQueue()
    queue.interleaves = true
    queue.mixing.window = window
    queue.mixing.largestChunk = 10
    return queue
  }

  test('no more of them begin than half of the window holds, and the next when one is all sent', () => {
    const queue = mixing(80)
    for (const stream of [1, 2, 3]) queue.push(message(stream, 20))
    expect(drain(queue, 10).map(([stream]) => stream)).toEqual([1, 2, 1, 2, 3, 3])
  })

  test('one that is larger than that goes alone', () => {
    const queue = mixing(20)
    for (const stream of [1, 2]) queue.push(message(stream, 30))
    expect(drain(queue, 10).map(([stream]) => stream)).toEqual([1, 1, 1, 2, 2, 2])
  })

  test('one that fits a chunk never waits', () => {
    const queue = mixing(20)
    for (const [stream, length] of [
      [1, 30],
      [2, 30],
      [3, 10],
    ] as const)
      queue.push(message(stream, length))
    expect(drain(queue, 10).map(([stream]) => stream)).toEqual([1, 3, 1, 1, 2, 2, 2])
  })

  test('a small one does not overtake a large one that waits for room', () => {
    const queue = mixing(80)
    for (const [stream, length] of [
      [1, 30],
      [2, 30],
      [3, 20],
    ] as const)
      queue.push(message(stream, length))
    expect(drain(queue, 10).map(([stream]) => stream)).toEqual([1, 1, 1, 2, 2, 2, 3, 3])
  })

  test('given up, one leaves its room to others', () => {
    const queue = mixing(20)
    const first = message(1, 30)
    queue.push(first)
    queue.push(message(2, 30))
    const next = queue.next(0)
    expect(next).toBe(first)
    queue.cut(first, 10)
    expect(queue.next(0)).toBe(first)
    first.isAbandoned = true
    expect(drain(queue, 10).map(([stream]) => stream)).toEqual([2, 2, 2])
  })

  test('one that expires while it waits is dropped in its turn, and what follows it goes', () => {
    const queue = mixing(20)
    queue.push(message(1, 30))
    queue.push(message(2, 30, 5))
    queue.push(message(2, 20))
    expect(
      drain(queue, 10, 0)
        .map(([stream]) => stream)
        .slice(0, 3),
    ).toEqual([1, 1, 1])
    expect(queue.queuedBytes).toBe(0)
    const late = mixing(20)
    late.push(message(1, 30))
    late.push(message(2, 30, 5))
    late.push(message(2, 20))
    late.cut(late.next(0) as OutgoingMessage, 10)
    late.next(0)
    expect(drain(late, 10, 10)).toEqual([
      [1, 0, 10],
      [1, 0, 10],
      [2, 0, 10],
      [2, 0, 10],
    ])
  })
})
