import { Millis } from '@purertc/bytes'
import { Random } from '@purertc/netsim'
import { beforeEach, expect, jest, test } from '@jest/globals'

import { RTCPeerConnection } from '../src/index.ts'
import { AnswerPoll } from '../src/node/answer-poll.ts'
import { connectPair } from './support/loopback-pair.ts'

/** An event loop in virtual time, each turn of which takes two microseconds while it is kept awake. */
class VirtualLoop {
  now = 0
  /** Milliseconds that nobody would have been awake for. */
  awake = 0
  #turns: (() => void)[] = []
  readonly poll = new AnswerPoll({
    now: () => Millis(this.now),
    nextTurn: (turn) => this.#turns.push(turn),
  })

  get isAwake(): boolean {
    return this.#turns.length > 0
  }

  advance(ms: number): void {
    const end = this.now + ms
    while (this.isAwake && this.now + TURN <= end) {
      this.now += TURN
      this.awake += TURN
      for (const turn of this.#turns.splice(0)) turn()
    }
    this.now = end
  }

  /** One message, and its answer so many milliseconds later. */
  ask(roundTrip: number): void {
    this.poll.sent()
    this.advance(roundTrip)
    this.poll.received()
  }
}

let loop: VirtualLoop
beforeEach(() => {
  loop = new VirtualLoop()
})

test('the loop is awake for every answer that comes soon, and sleeps afterwards', () => {
  for (let i = 0; i < 1_000; i++) {
    loop.poll.sent()
    loop.advance(0.04)
    expect(loop.isAwake).toBe(true)
    loop.poll.received()
  }
  loop.advance(1)
  expect(loop.isAwake).toBe(false)
  expect(loop.awake).toBeCloseTo(1_000 * 0.04, -1)
})

test('a message without an answer keeps it awake for a quarter of a millisecond', () => {
  loop.poll.sent()
  loop.advance(0.24)
  expect(loop.isAwake).toBe(true)
  loop.advance(10)
  expect(loop.awake).toBeCloseTo(0.25, 2)
})

test('messages that follow while it waits do not lengthen the wait', () => {
  for (let i = 0; i < 10; i++) {
    loop.poll.sent()
    loop.advance(0.1)
  }
  expect(loop.awake).toBeLessThan(0.6)
})

test('where the path is longer, all messages together cost next to nothing', () => {
  for (let i = 0; i < 10_000; i++) loop.ask(2)
  // Eight in a row at first, then one in 256.
  expect(loop.awake).toBeLessThan((8 + 10_000 / 256) * 0.26)
})

test('no end of a one-way stream stays awake', () => {
  for (let i = 0; i < 10_000; i++) {
    loop.poll.sent()
    loop.advance(0.01)
  }
  expect(loop.awake).toBeLessThan((8 + 10_000 / 256) * 0.26)
  const receiver = new VirtualLoop()
  for (let i = 0; i < 10_000; i++) {
    receiver.poll.received()
    receiver.advance(0.01)
  }
  expect(receiver.awake).toBe(0)
})

test('what comes by chance, a third of the time, is not taken for answers', () => {
  const random = new Random(1)
  for (let i = 0; i < 10_000; i++) {
    loop.poll.sent()
    loop.advance(0.1)
    if (random.chance(1 / 3)) loop.poll.received()
    loop.advance(0.9)
  }
  // Of ten seconds.
  expect(loop.awake).toBeLessThan(100)
})

test('answers that begin to come soon are found out', () => {
  for (let i = 0; i < 2_000; i++) loop.ask(2)
  for (let i = 0; i < 1_000; i++) loop.ask(0.05)
  const before = loop.awake
  for (let i = 0; i < 100; i++) loop.ask(0.05)
  expect(loop.awake - before).toBeCloseTo(100 * 0.05, 1)
})

test('silence costs nothing, and neither does what is closed', () => {
  loop.advance(1_000)
  loop.poll.sent()
  loop.poll.close()
  loop.advance(1)
  loop.poll.sent()
  loop.poll.received()
  loop.poll.sent()
  expect(loop.isAwake).toBe(false)
  expect(loop.awake).toBeLessThan(0.01)
})

test.each([
  [undefined, 1],
  [false, 0],
])(
  'a connection with answerPolling %s polls for the answer of a message: %d',
  async (answerPolling, polls) => {
    const sent = jest.spyOn(AnswerPoll.prototype, 'sent')
    const received = jest.spyOn(AnswerPoll.prototype, 'received')
    const network = { addresses: ['127.0.0.1'], ...(answerPolling !== undefined && { answerPolling }) }
    const ends = [new RTCPeerConnection({ network }), new RTCPeerConnection({ network })] as const
    const channel = ends[0].createDataChannel('asks')
    const opened = new Promise((resolve) => (channel.onopen = resolve))
    const heard = new Promise((resolve) => {
      ends[1].ondatachannel = (event) => (event.channel.onmessage = resolve)
    })
    await connectPair(...ends)
    await opened
    channel.send('a question')
    await heard
    expect([sent.mock.calls.length, received.mock.calls.length]).toEqual([polls, polls])
    for (const end of ends) end.close()
    sent.mockRestore()
    received.mockRestore()
  },
)

const TURN = 0.002
