import { describe, expect, test } from '@jest/globals'
import { CloseCode, ErrorCode } from '@purertc/signaling-protocol'

import { error, offer } from './support/samples.ts'
import { TestHub } from './test-hub.ts'

test('a connection is welcomed with the ICE servers', () => {
  const lab = new TestHub()
  lab.hub.connect(0, 1, [{ urls: 'turn:192.0.2.1', username: 'u', credential: 'c' }])
  expect(lab.take(1)).toEqual([
    {
      type: 'welcome',
      version: 1,
      session: 'session-1',
      resumeWithin: 30_000,
      iceServers: [{ urls: 'turn:192.0.2.1', username: 'u', credential: 'c' }],
    },
  ])
})

describe('joining', () => {
  test('the first peer will offer, the second will answer, and both are told when both are there', () => {
    const lab = new TestHub()
    lab.connect(1, 2)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice', metadata: { age: 7 }, id: 3 })
    expect(lab.take(1)).toEqual([
      {
        type: 'joined',
        channel: 'room',
        peer: 'alice',
        role: 'offerer',
        polite: false,
        count: 1,
        members: [],
        id: 3,
      },
    ])
    lab.say(2, { type: 'join', channel: 'room', metadata: 'bob' })
    expect(lab.take(2)).toEqual([
      {
        type: 'joined',
        channel: 'room',
        peer: 'peer-1',
        role: 'answerer',
        polite: true,
        count: 2,
        members: [{ peer: 'alice', metadata: { age: 7 } }],
      },
    ])
    expect(lab.take(1)).toEqual([
      {
        type: 'peer-joined',
        peer: 'peer-1',
        metadata: 'bob',
        count: 2,
        role: 'offerer',
        polite: false,
        replayed: 0,
      },
    ])
    expect(lab.log).toEqual(['1 join', '1 +room/alice 1', '2 join', '2 +room/peer-1 2'])
    expect(lab.membersOf('room')).toEqual(['alice', 'peer-1'])
  })

  test('whoever stays becomes the offerer toward whoever comes', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob')
    lab.end(1)
    expect(lab.take(2)).toEqual([{ type: 'peer-left', peer: 'alice', count: 1 }])
    lab.connect(3)
    lab.say(3, { type: 'join', channel: 'room', peer: 'carol' })
    expect(lab.take(2)).toMatchObject([{ type: 'peer-joined', peer: 'carol', role: 'offerer' }])
    expect(lab.take(3)).toMatchObject([{ type: 'joined', role: 'answerer', members: [{ peer: 'bob' }] }])
  })

  test('channels do not hear each other', () => {
    const lab = new TestHub()
    lab.connect(1, 2)
    lab.say(1, { type: 'join', channel: 'one', peer: 'alice' })
    lab.say(2, { type: 'join', channel: 'two', peer: 'alice' })
    lab.take(1)
    lab.say(2, { type: 'message', data: 1 })
    lab.say(2, { type: 'bye' })
    expect(lab.take(1)).toEqual([])
  })

  test('a name made up by the server is not one that is taken', () => {
    const lab = new TestHub()
    lab.connect(1, 2)
    lab.say(1, { type: 'join', channel: 'room', peer: 'peer-1' })
    lab.say(2, { type: 'join', channel: 'room' })
    expect(lab.take(2)).toMatchObject([{ type: 'joined', peer: 'peer-2' }])
  })

  test('a taken name, a full channel and a full server are refused', () => {
    const lab = new TestHub({ limits: { members: 2, channels: 1 } })
    lab.room('alice', 'bob')
    lab.connect(3)
    lab.say(3, { type: 'join', channel: 'room', peer: 'carol', id: 1 })
    lab.say(3, { type: 'join', channel: 'other', peer: 'carol' })
    expect(lab.take(3)).toEqual([error(ErrorCode.channelFull, 1), error(ErrorCode.tooManyChannels)])
    lab.end(2)
    lab.say(3, { type: 'join', channel: 'room', peer: 'alice' })
    expect(lab.take(3)).toEqual([error(ErrorCode.peerTaken)])
    lab.say(3, { type: 'join', channel: 'room', peer: 'carol' })
    expect(lab.take(3)).toMatchObject([{ type: 'joined' }])
  })

  test('a connection is in one channel at a time', () => {
    const lab = new TestHub()
    lab.room('alice')
    lab.say(1, { type: 'join', channel: 'other', id: 9 })
    expect(lab.take(1)).toEqual([error(ErrorCode.alreadyJoined, 9)])
    lab.say(1, { type: 'leave', id: 10 })
    lab.say(1, { type: 'join', channel: 'other', peer: 'alice' })
    expect(lab.take(1)).toMatchObject([
      { type: 'left', channel: 'room', reason: 'leave', id: 10 },
      { type: 'joined', channel: 'other' },
    ])
    expect(lab.hub.channels).toBe(1)
  })

  test.each(['leave', 'bye', 'description', 'candidate', 'message'] as const)(
    '%s needs a channel',
    (type) => {
      const lab = new TestHub()
      lab.connect(1)
      const frames = {
        leave: { type: 'leave', id: 1 },
        bye: { type: 'bye', id: 1 },
        description: { type: 'description', description: offer, id: 1 },
        candidate: { type: 'candidate', candidate: null, id: 1 },
        message: { type: 'message', data: 1, to: 'bob', id: 1 },
      } as const
      lab.say(1, frames[type])
      expect(lab.take(1)).toEqual([error(ErrorCode.notJoined, 1)])
    },
  )
})

describe('bad input', () => {
  test.each([
    ['{', ErrorCode.invalidJson],
    ['[]', ErrorCode.invalidFrame],
    ['{"type":"message"}', ErrorCode.invalidFrame],
    ['{"type":"joined","id":3}', ErrorCode.unknownType],
  ])('%s is answered with %s, and nobody else hears of it', (text, code) => {
    const lab = new TestHub()
    lab.room('alice', 'bob')
    lab.hub.handleFrame(0, 1, text)
    expect(lab.take(1)).toMatchObject([{ type: 'error', code }])
    expect(lab.take(2)).toEqual([])
    expect(lab.closed.size).toBe(0)
    expect(lab.log).toEqual([])
  })

  test('a binary frame without its header is refused', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob')
    for (const bytes of [Uint8Array.of(), Uint8Array.of(0, 9, 1), Uint8Array.of(0, 1, 0x7b)]) {
      lab.hub.handleBinary(0, 1, bytes)
      expect(lab.take(1)).toEqual([error(ErrorCode.invalidFrame)])
    }
    expect(lab.take(2)).toEqual([])
  })

  test('a frame too large closes with 1009', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob')
    lab.hub.handleFrame(0, 1, ' '.repeat(262_145))
    expect(lab.take(1)).toEqual([error(ErrorCode.frameTooLarge)])
    expect(lab.closed.get(1)).toBe(CloseCode.frameTooLarge)
    expect(lab.take(2)).toEqual([{ type: 'peer-left', peer: 'alice', count: 1 }])
  })

  test('a flood closes with 4429, and its rest is dropped', () => {
    const lab = new TestHub({ limits: { framesPerSecond: 10, burst: 20 } })
    lab.room('alice', 'bob')
    for (let i = 0; i < 1_000; i++) lab.say(1, { type: 'message', data: i })
    const heard = lab.take(2)
    expect(heard).toHaveLength(20)
    expect(heard.at(-1)).toEqual({ type: 'peer-left', peer: 'alice', count: 1 })
    expect(lab.take(1)).toEqual([error(ErrorCode.rateLimited)])
    expect([...lab.closed]).toEqual([[1, CloseCode.rateLimited]])
  })

  test('pings and pongs of the WebSocket count, too', () => {
    const lab = new TestHub({ limits: { framesPerSecond: 10, burst: 20 } })
    lab.room('alice', 'bob')
    for (let i = 0; i < 20; i++) lab.hub.handleControl(lab.now, 1)
    expect([...lab.closed]).toEqual([[1, CloseCode.rateLimited]])
    expect(lab.take(2)).toEqual([{ type: 'peer-left', peer: 'alice', count: 1 }])
  })

  test('who keeps to the rate is never closed', () => {
    const lab = new TestHub({ limits: { framesPerSecond: 10, burst: 2, heartbeat: Infinity } })
    lab.connect(1)
    for (lab.now = 0; lab.now < 60_000; lab.now += 100) lab.say(1, { type: 'ping' })
    expect(lab.take(1)).toHaveLength(600)
    expect(lab.closed.size).toBe(0)
  })

  test('frames and signs of life of strangers are dropped', () => {
    const lab = new TestHub()
    lab.say(7, { type: 'ping' })
    lab.hub.handleControl(0, 7)
    lab.hub.handleBinary(0, 7, Uint8Array.of(0, 0))
    lab.hub.disconnect(0, 7, 1006)
    expect(lab.take(7)).toEqual([])
  })
})

describe('a host that calls back', () => {
  test('may give up a receiver in the middle of a broadcast', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob', 'carol')
    lab.onSend = (connection, wire) => {
      if (connection === 2 && String(wire).includes('"message"'))
        lab.hub.drop(0, 2, CloseCode.slowReader, 'slow')
    }
    lab.say(1, { type: 'message', data: 1 })
    expect(lab.closed.get(2)).toBe(CloseCode.slowReader)
    expect(lab.take(3)).toEqual([
      { type: 'message', from: 'alice', data: 1 },
      { type: 'peer-left', peer: 'bob', count: 2 },
    ])
  })

  test('and throws, loses the one call', () => {
    const lab = new TestHub()
    lab.room('alice', 'bob', 'carol')
    lab.onSend = (connection) => {
      if (connection === 2) throw new Error('broken pipe')
    }
    expect(() => lab.say(1, { type: 'message', data: 1 })).toThrow('broken pipe')
    lab.onSend = () => {}
    lab.say(3, { type: 'ping' })
    expect(lab.take(3)).toEqual([{ type: 'message', from: 'alice', data: 1 }, { type: 'pong' }])
  })
})
