import { describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'

import { candidate, error, offer } from './support/samples.ts'
import { TestHub, twoInRoom } from './test-hub.ts'

describe('relaying', () => {
  test('to all others, under the sender’s true name', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob', 'carol')
    const forged = JSON.stringify({ type: 'description', description: offer, from: 'bob', peer: 'bob' })
    lab.hub.handleFrame(0, 1, forged)
    lab.say(1, { type: 'candidate', candidate, id: 5 })
    lab.say(1, { type: 'candidate', candidate: null })
    lab.say(1, { type: 'message', data: [1] })
    const heard = [
      { type: 'description', from: 'alice', description: offer },
      { type: 'candidate', from: 'alice', candidate },
      { type: 'candidate', from: 'alice', candidate: null },
      { type: 'message', from: 'alice', data: [1] },
    ]
    expect(lab.take(2)).toEqual(heard)
    expect(lab.take(3)).toEqual(heard)
    expect(lab.take(1)).toEqual([{ type: 'delivered', delivered: true, count: 2, id: 5 }])
  })

  test('to one', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob', 'carol')
    lab.say(1, { type: 'message', to: 'carol', except: 'carol', data: 1, id: 1 })
    lab.say(1, { type: 'message', to: 'carol', data: 2 })
    expect(lab.take(2)).toEqual([])
    expect(lab.take(3)).toHaveLength(2)
    expect(lab.take(1)).toEqual([{ type: 'delivered', to: 'carol', delivered: true, count: 1, id: 1 }])
  })

  test('to all but one', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob', 'carol')
    lab.say(1, { type: 'message', except: 'bob', data: 1, id: 1 })
    expect(lab.take(2)).toEqual([])
    expect(lab.take(3)).toEqual([{ type: 'message', from: 'alice', data: 1 }])
    expect(lab.take(1)).toEqual([{ type: 'delivered', delivered: true, count: 1, id: 1 }])
  })

  test.each(['nobody', 'alice'])('to %s, who is no other member: the sender is told', (to) => {
    const lab = new TestHub()
    lab.room('alice', 'bob')
    lab.say(1, { type: 'message', to, data: 1, id: 1 })
    lab.say(1, { type: 'candidate', to, candidate: null })
    expect(lab.take(1)).toEqual([
      { type: 'delivered', to, delivered: false, count: 0, id: 1 },
      { type: 'delivered', to, delivered: false, count: 0 },
    ])
    expect(lab.take(2)).toEqual([])
  })
})

describe('speaking before another has come', () => {
  test('is kept for the first to come, and no longer', () => {
    const lab = new TestHub()
    lab.room('alice')
    lab.say(1, { type: 'description', description: offer, id: 1 })
    lab.say(1, { type: 'candidate', candidate })
    lab.say(1, { type: 'message', data: 'hi' })
    lab.say(1, { type: 'message', to: 'bob', data: 'not kept' })
    expect(lab.take(1)).toEqual([
      { type: 'delivered', delivered: false, count: 0, id: 1 },
      { type: 'delivered', to: 'bob', delivered: false, count: 0 },
    ])

    lab.connect(2, 3)
    lab.say(2, { type: 'join', channel: 'room', peer: 'bob' })
    expect(lab.take(2)).toMatchObject([
      { type: 'joined', role: 'answerer' },
      { type: 'description', from: 'alice', description: offer },
      { type: 'candidate', from: 'alice', candidate },
      { type: 'message', from: 'alice', data: 'hi' },
    ])
    expect(lab.take(1)).toMatchObject([{ type: 'peer-joined', peer: 'bob', replayed: 3 }])
    lab.say(3, { type: 'join', channel: 'room', peer: 'carol' })
    expect(lab.take(3)).toMatchObject([{ type: 'joined' }])
    expect(lab.take(1)).toMatchObject([{ type: 'peer-joined', peer: 'carol', replayed: 0 }])
  })

  test('a new description replaces the old one and its candidates', () => {
    const lab = new TestHub()
    lab.room('alice')
    lab.say(1, { type: 'description', description: { type: 'offer', sdp: 'old' } })
    lab.say(1, { type: 'candidate', candidate })
    lab.say(1, { type: 'message', data: 'hi' })
    lab.say(1, { type: 'description', description: { type: 'offer', sdp: 'new' } })
    lab.connect(2)
    lab.say(2, { type: 'join', channel: 'room', peer: 'bob' })
    expect(lab.take(2).slice(1)).toMatchObject([{ data: 'hi' }, { description: { sdp: 'new' } }])
  })

  test('goes when its speaker goes', () => {
    const lab = new TestHub()
    lab.room('alice')
    lab.say(1, { type: 'message', data: 'hi' })
    lab.say(1, { type: 'leave' })
    lab.connect(2)
    lab.say(2, { type: 'join', channel: 'room', peer: 'bob' })
    expect(lab.take(2)).toMatchObject([{ type: 'joined', role: 'offerer' }])
  })

  test('is bounded in frames and in characters', () => {
    const frames = new TestHub({ limits: { keptFrames: 2 } })
    frames.room('alice')
    for (let id = 0; id < 4; id++) frames.say(1, { type: 'message', data: id, id })
    expect(frames.take(1).slice(2)).toEqual([error(ErrorCode.bufferFull, 2), error(ErrorCode.bufferFull, 3)])

    const length = new TestHub({ limits: { keptLength: 1_000 } })
    length.room('alice')
    length.say(1, { type: 'description', description: { type: 'offer', sdp: 'x'.repeat(800) } })
    length.say(1, { type: 'candidate', candidate: { candidate: 'x'.repeat(200) } })
    expect(length.take(1)).toEqual([error(ErrorCode.bufferFull)])
    length.say(1, { type: 'description', description: { type: 'offer', sdp: 'x'.repeat(900) } })
    expect(length.take(1)).toEqual([])
  })
})

describe('hanging up', () => {
  test('ends the session of all members', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob', 'carol')
    lab.say(2, { type: 'bye', id: 1 })
    const ended = [
      { type: 'remote-close', peer: 'bob' },
      { type: 'left', channel: 'room', reason: 'hangup' },
    ]
    expect(lab.take(1)).toEqual(ended)
    expect(lab.take(3)).toEqual(ended)
    expect(lab.take(2)).toEqual([
      { type: 'delivered', delivered: true, count: 2, id: 1 },
      { type: 'left', channel: 'room', reason: 'hangup' },
    ])
    expect(lab.log).toEqual(['2 bye', '1 -room/alice 0', '2 -room/bob 0', '3 -room/carol 0'])
    expect(lab.hub.channels).toBe(0)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
    expect(lab.take(1)).toMatchObject([{ type: 'joined', role: 'offerer', count: 1 }])
  })

  test('or is only told, and all may go on', () => {
    const lab = new TestHub({ closeSessionOnHangup: false })
    lab.room('alice', 'bob')
    lab.say(1, { type: 'bye' })
    expect(lab.take(2)).toEqual([{ type: 'remote-close', peer: 'alice' }])
    expect(lab.take(1)).toEqual([])
    lab.say(1, { type: 'description', description: offer })
    expect(lab.take(2)).toMatchObject([{ type: 'description', from: 'alice' }])
  })
})

test('a renegotiation is asked for, and a hang-up has its number, too', () => {
  const lab = twoInRoom({ closeSessionOnHangup: false })
  lab.say(1, { type: 'renegotiate', to: 'bob', restart: true, n: 1 })
  lab.say(1, { type: 'bye', n: 2, id: 5 })
  lab.say(1, { type: 'bye', n: 2, id: 6 })
  expect(lab.take(2)).toEqual([
    { type: 'renegotiate', from: 'alice', restart: true },
    { type: 'remote-close', peer: 'alice' },
  ])
  expect(lab.take(1)).toEqual([{ type: 'delivered', delivered: true, count: 1, id: 5 }])
})

describe('binary messages', () => {
  test('go to whom they are for, also to who was away', () => {
    const lab = twoInRoom()
    const frame = (text: string, ...data: number[]): Uint8Array =>
      Uint8Array.of(0, text.length, ...new TextEncoder().encode(text), ...data)
    lab.hub.handleBinary(0, 1, frame('{"type":"message","to":"bob","id":3}', 1, 2, 3))
    expect(lab.binaries).toEqual([[2, { type: 'message', from: 'alice', seq: 3 }, Uint8Array.of(1, 2, 3)]])
    expect(lab.take(1)).toEqual([{ type: 'delivered', to: 'bob', delivered: true, count: 1, id: 3 }])
    lab.end(2)
    lab.hub.handleBinary(0, 1, frame('{"type":"message"}', 4))
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq: 3 })
    expect(lab.binaries.at(-1)).toEqual([3, { type: 'message', from: 'alice', seq: 4 }, Uint8Array.of(4)])
    lab.hub.handleBinary(0, 3, frame('{"type":"message","to":"nobody"}'))
    expect(lab.take(3).at(-1)).toEqual({ type: 'delivered', to: 'nobody', delivered: false, count: 0 })
  })

  test('need a channel', () => {
    const lab = new TestHub()
    lab.connect(1)
    lab.hub.handleBinary(0, 1, new Uint8Array([0, 18, ...new TextEncoder().encode('{"type":"message"}')]))
    expect(lab.take(1)).toMatchObject([{ code: ErrorCode.notJoined }])
  })
})
