import { describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'

import { error } from './support/samples.ts'
import { TestHub } from './test-hub.ts'

describe('access control', () => {
  test('sees what was asked for, token included, and may say no', () => {
    const lab = new TestHub()
    lab.accept = false
    lab.connect(1)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice', metadata: 1, token: 'secret', id: 2 })
    expect(lab.requests).toEqual([
      { ticket: 1, connection: 1, channel: 'room', peer: 'alice', metadata: 1, token: 'secret' },
    ])
    expect(lab.take(1)).toEqual([error(ErrorCode.joinRefused, 2)])
    expect(lab.hub.channels).toBe(0)
  })

  test('may take its time; until then nothing but leave and ping goes', () => {
    const lab = new TestHub()
    lab.accept = undefined
    lab.connect(1)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
    lab.say(1, { type: 'message', data: 1 })
    lab.say(1, { type: 'ping', id: 4 })
    expect(lab.take(1)).toEqual([
      error(ErrorCode.alreadyJoined),
      error(ErrorCode.notJoined),
      { type: 'pong', id: 4 },
    ])
    lab.hub.settleJoin(1, true)
    lab.hub.settleJoin(1, false)
    expect(lab.take(1)).toMatchObject([{ type: 'joined' }])
  })

  test('comes too late for who has left, and for who has gone', () => {
    const lab = new TestHub()
    lab.accept = undefined
    lab.connect(1, 2)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
    lab.say(1, { type: 'leave' })
    lab.say(1, { type: 'join', channel: 'other', peer: 'alice' })
    lab.say(2, { type: 'join', channel: 'room', peer: 'bob' })
    lab.end(2)
    lab.hub.settleJoin(1, true)
    lab.hub.settleJoin(3, true)
    expect(lab.hub.channels).toBe(0)
    lab.hub.settleJoin(2, true)
    expect(lab.take(1)).toMatchObject([
      { type: 'left', channel: 'room' },
      { type: 'joined', channel: 'other' },
    ])
  })

  test('of two who ask for one name at once the first to be let in has it', () => {
    const lab = new TestHub()
    lab.accept = undefined
    lab.connect(1, 2)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
    lab.say(2, { type: 'join', channel: 'room', peer: 'alice' })
    lab.hub.settleJoin(2, true)
    lab.hub.settleJoin(1, true)
    expect(lab.take(1)).toEqual([error(ErrorCode.peerTaken)])
    expect(lab.take(2)).toMatchObject([{ type: 'joined' }])
  })

  test('may choose the name, and say that credentials are missing', () => {
    const lab = new TestHub()
    lab.connect(1, 2)
    lab.accept = { accepted: true, peer: 'user-7' }
    lab.say(1, { type: 'join', channel: 'room', peer: 'admin' })
    lab.accept = { accepted: false, code: ErrorCode.unauthenticated }
    lab.say(2, { type: 'join', channel: 'room', id: 3 })
    expect(lab.take(1)).toMatchObject([{ type: 'joined', peer: 'user-7' }])
    expect(lab.take(2)).toMatchObject([{ code: ErrorCode.unauthenticated, id: 3 }])
  })
})
