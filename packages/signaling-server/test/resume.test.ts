import { describe, expect, test } from '@jest/globals'
import { CloseCode, ErrorCode } from '@purertc/signaling-protocol'

import { TestHub, twoInRoom } from './test-hub.ts'

describe('a broken socket', () => {
  test('is not noticed by the others; what was missed comes after the resumption, in order', () => {
    const lab = twoInRoom()
    lab.say(1, { type: 'message', data: 'heard' })
    const seq = (lab.takeNumbered(2)[0] as { seq: number }).seq
    lab.end(2)
    for (const data of [1, 2, 3]) lab.say(1, { type: 'message', data, id: data })
    expect(lab.take(1)).toEqual([1, 2, 3].map((id) => ({ type: 'delivered', delivered: true, count: 1, id })))
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq, id: 9 })
    expect(lab.take(3)).toEqual([
      { type: 'resumed', channel: 'room', peer: 'bob', received: 0, id: 9 },
      ...[1, 2, 3].map((data) => ({ type: 'message', from: 'alice', data })),
    ])
    lab.say(3, { type: 'message', to: 'alice', data: 'back' })
    expect(lab.take(1)).toEqual([{ type: 'message', from: 'bob', data: 'back' }])
    lab.say(1, { type: 'message', data: 4 })
    expect(lab.take(3)).toEqual([{ type: 'message', from: 'alice', data: 4 }])
    expect(lab.log.filter((line) => line.includes('room'))).toEqual(['3 =room/bob 3'])
    expect(lab.hub.counters).toMatchObject({ resumptions: 1, replayed: 3 })
  })

  test('ends the membership when nobody comes back in time', () => {
    const lab = twoInRoom({ limits: { resumeWithin: 5_000, heartbeat: Infinity } })
    lab.end(2)
    lab.pass(4_999)
    expect([lab.take(1), lab.hub.away]).toEqual([[], 1])
    lab.pass(1)
    expect(lab.take(1)).toEqual([{ type: 'peer-left', peer: 'bob', count: 1 }])
    expect(lab.log.at(-1)).toBe('away -room/bob 1')
    expect(lab.hub.away).toBe(0)
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2' })
    expect(lab.take(3)).toMatchObject([{ type: 'error', code: ErrorCode.resumeFailed }])
  })

  test.each([CloseCode.normal, CloseCode.goingAway])('closed with %i is gone at once', (code) => {
    const lab = twoInRoom()
    lab.end(2, code)
    expect(lab.take(1)).toEqual([{ type: 'peer-left', peer: 'bob', count: 1 }])
  })

  test('of a client that does not come back is gone at once', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob')
    lab.end(2)
    expect(lab.take(1)).toEqual([{ type: 'peer-left', peer: 'bob', count: 1 }])
  })

  test('cut as too slow or dead may be taken up, as flooding may not', () => {
    const lab = twoInRoom({ limits: { burst: 5, framesPerSecond: 1 } })
    lab.hub.drop(0, 2, CloseCode.slowReader, 'slow')
    expect(lab.take(1)).toEqual([])
    for (let i = 0; i < 10; i++) lab.say(1, { type: 'ping' })
    expect(lab.closed.get(1)).toBe(CloseCode.rateLimited)
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2' })
    expect(lab.take(3)).toMatchObject([
      { type: 'resumed' },
      { type: 'joined' },
      { type: 'peer-left', peer: 'alice' },
    ])
  })

  test('before the answer to the join: the resumption answers it', () => {
    const lab = new TestHub()
    lab.connect(1)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice', resumable: true, id: 4 })
    lab.end(1)
    lab.connect(2)
    lab.say(2, { type: 'resume', session: 'session-1' })
    expect(lab.take(2)).toMatchObject([
      { type: 'resumed', peer: 'alice' },
      { type: 'joined', peer: 'alice', role: 'offerer', count: 1, id: 4 },
    ])
  })

  test('hears of the hang-up that ended the channel meanwhile, and may join again', () => {
    const lab = twoInRoom()
    const at = 2
    lab.end(2)
    lab.say(1, { type: 'message', data: 1 })
    lab.say(1, { type: 'bye' })
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq: at })
    expect(lab.take(3)).toEqual([
      { type: 'resumed', channel: 'room', peer: 'bob', received: 0 },
      { type: 'message', from: 'alice', data: 1 },
      { type: 'remote-close', peer: 'alice' },
      { type: 'left', channel: 'room', reason: 'hangup' },
    ])
    lab.say(3, { type: 'message', data: 1 })
    lab.say(3, { type: 'join', channel: 'room', peer: 'bob' })
    expect(lab.take(3)).toMatchObject([{ code: ErrorCode.notJoined }, { type: 'joined', role: 'offerer' }])
  })
})

describe('a client that sends again what it has no answer to', () => {
  test('is told what came, and what comes twice is handed on once', () => {
    const lab = twoInRoom()
    lab.say(2, { type: 'message', data: 'a', n: 1, id: 1 })
    lab.say(2, { type: 'message', data: 'b', n: 2, id: 2 })
    lab.end(2)
    expect(lab.take(1)).toHaveLength(2)
    lab.take(2)
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq: 4, unanswered: 2 })
    expect(lab.take(3)).toEqual([
      { type: 'resumed', channel: 'room', peer: 'bob', received: 2 },
      { type: 'delivered', delivered: true, count: 1, id: 2 },
    ])
    for (const n of [1, 2, 3]) lab.say(3, { type: 'message', data: n, n, id: n })
    expect(lab.take(1)).toEqual([{ type: 'message', from: 'bob', data: 3 }])
    expect(lab.take(3)).toEqual([{ type: 'delivered', delivered: true, count: 1, id: 3 }])
    expect(lab.hub.counters.repeated).toBe(2)
  })

  test('is told after sixteen frames how far they came, along with what it hears', () => {
    const lab = twoInRoom()
    for (let n = 1; n <= 15; n++) lab.say(2, { type: 'message', data: n, n })
    lab.say(1, { type: 'message', data: 'early' })
    for (let n = 16; n <= 40; n++) lab.say(2, { type: 'message', data: n, n })
    lab.say(1, { type: 'message', data: 'due' })
    expect(lab.take(2)).toEqual([
      { type: 'message', from: 'alice', data: 'early' },
      { type: 'message', from: 'alice', data: 'due' },
      { type: 'ack', n: 40 },
    ])
  })

  test('is told after 64 frames, even where it hears nothing else', () => {
    const lab = twoInRoom()
    for (let n = 1; n <= 130; n++) lab.say(2, { type: 'message', data: n, n })
    expect(lab.take(2)).toEqual([
      { type: 'ack', n: 64 },
      { type: 'ack', n: 128 },
    ])
  })

  test('a frame refused for lack of room does not count as come', () => {
    const lab = new TestHub({ limits: { keptFrames: 1 } })
    lab.connect(1)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice', resumable: true })
    lab.say(1, { type: 'message', data: 1, n: 1 })
    lab.say(1, { type: 'message', data: 2, n: 2 })
    expect(lab.take(1).slice(1)).toMatchObject([{ code: ErrorCode.bufferFull }])
    lab.end(1)
    lab.connect(2)
    lab.say(2, { type: 'resume', session: 'session-1', seq: 1 })
    expect(lab.take(2)).toMatchObject([{ type: 'resumed', received: 1 }])
  })
})

describe('two connections for one session', () => {
  test('the newer has it, the older is closed', () => {
    const lab = twoInRoom()
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq: 2 })
    expect(lab.closed.get(2)).toBe(CloseCode.replaced)
    lab.say(2, { type: 'message', data: 'ghost' })
    lab.end(2)
    expect(lab.take(1)).toEqual([])
    lab.say(3, { type: 'message', data: 'me' })
    expect(lab.take(1)).toEqual([{ type: 'message', from: 'bob', data: 'me' }])
    expect(lab.hub.connections).toBe(2)
  })

  test('a guessed session is none, and who is in a channel takes up no other', () => {
    const lab = twoInRoom()
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'guess', id: 1 })
    lab.say(3, { type: 'resume', session: 'session-3', id: 2 })
    lab.say(1, { type: 'resume', session: 'session-2', id: 3 })
    expect(lab.take(3)).toMatchObject([
      { code: ErrorCode.resumeFailed, id: 1 },
      { code: ErrorCode.resumeFailed, id: 2 },
    ])
    expect(lab.take(1)).toMatchObject([{ code: ErrorCode.alreadyJoined, id: 3 }])
  })
})

describe('what is kept', () => {
  test('is bounded: who missed more is told, and out of the channel', () => {
    const lab = twoInRoom({ limits: { loggedEvents: 4 } })
    lab.end(2)
    for (let i = 0; i < 5; i++) lab.say(1, { type: 'message', data: i })
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq: 2 })
    expect(lab.take(3)).toMatchObject([{ type: 'error', code: ErrorCode.resumeFailed }])
    expect(lab.take(1)).toEqual([{ type: 'peer-left', peer: 'bob', count: 1 }])
    expect(lab.hub.away).toBe(0)
    lab.say(3, { type: 'join', channel: 'room', peer: 'bob' })
    expect(lab.take(3)).toMatchObject([{ type: 'joined' }])
  })

  test('is bounded in characters, too', () => {
    const lab = twoInRoom({ limits: { loggedLength: 10_000 } })
    lab.end(2)
    lab.say(1, { type: 'message', data: 'x'.repeat(6_000) })
    lab.say(1, { type: 'message', data: 'x'.repeat(6_000) })
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq: 2 })
    expect(lab.take(3)).toMatchObject([{ type: 'error', code: ErrorCode.resumeFailed }])
  })

  test('goes when all have it', () => {
    const lab = twoInRoom({ limits: { loggedEvents: 4 } })
    for (let i = 0; i < 20; i++) lab.say(1, { type: 'message', data: i })
    const seq = (lab.takeNumbered(2).at(-1) as { seq: number }).seq
    lab.say(1, { type: 'ack', seq })
    lab.say(2, { type: 'ack', seq })
    lab.end(2)
    for (let i = 0; i < 4; i++) lab.say(1, { type: 'message', data: i })
    lab.connect(3)
    lab.say(3, { type: 'resume', session: 'session-2', seq })
    expect(lab.take(3)).toHaveLength(5)
  })
})
