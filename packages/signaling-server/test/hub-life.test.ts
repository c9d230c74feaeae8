import { describe, expect, test } from '@jest/globals'
import { CloseCode } from '@purertc/signaling-protocol'

import { TestHub, twoInRoom } from './test-hub.ts'

describe('heartbeat', () => {
  test('asks everybody, and cuts who does not answer until the next', () => {
    const lab = new TestHub({ limits: { heartbeat: 1_600 } })
    expect(lab.hub.nextTimeout).toBe(Infinity)
    lab.room('alice', 'bob', 'carol')
    lab.pass(1_500)
    expect(lab.pings).toEqual([])
    lab.pass(100)
    expect(lab.pings).toEqual([1, 2, 3])
    lab.hub.handleControl(lab.now, 1)
    lab.pass(800)
    lab.say(2, { type: 'ping' })
    lab.pass(800)
    expect([...lab.closed]).toEqual([[3, CloseCode.heartbeatTimeout]])
    expect(lab.take(1)).toEqual([{ type: 'peer-left', peer: 'carol', count: 2 }])
    lab.pass(1_600)
    expect(lab.hub.connections).toBe(0)
    expect(lab.hub.nextTimeout).toBe(Infinity)
  })

  test('is spread over the interval', () => {
    const lab = new TestHub({ limits: { heartbeat: 1_600 } })
    for (let connection = 1; connection <= 8; connection++) {
      lab.connect(connection)
      lab.pass(200)
    }
    expect(lab.pings).toHaveLength(1)
    lab.pass(800)
    expect(lab.pings).toHaveLength(5)
  })

  test('a clock that jumps asks late, and cuts nobody who was not asked', () => {
    const lab = new TestHub({ limits: { heartbeat: 1_600 } })
    lab.room('alice', 'bob')
    lab.now = 3_600_000
    lab.hub.handleTimeout(lab.now)
    lab.pass(1_500)
    expect(lab.pings).toEqual([1, 2])
    expect(lab.closed.size).toBe(0)
  })
})

describe('closing', () => {
  test('says goodbye to all with 1001 and keeps nothing', () => {
    const lab = new TestHub()
    lab.accept = undefined
    lab.connect(1, 2, 3)
    lab.say(1, { type: 'join', channel: 'room', peer: 'alice' })
    lab.hub.settleJoin(1, true)
    lab.say(2, { type: 'join', channel: 'room', peer: 'bob' })
    lab.take(1)
    void lab.hub.close()
    expect([...lab.closed]).toEqual([
      [1, 1001],
      [2, 1001],
      [3, 1001],
    ])
    expect([lab.take(1), lab.hub.connections, lab.hub.channels]).toEqual([[], 0, 0])
    expect(lab.hub.nextTimeout).toBe(Infinity)
    lab.hub.settleJoin(2, true)
    expect(lab.hub.channels).toBe(0)
  })
})

test('ICE servers are told anew before their credentials expire', () => {
  const lab = new TestHub({ limits: { heartbeat: Infinity } })
  lab.hub.connect(0, 1, [{ urls: 'turn:192.0.2.1', username: 'old', credential: 'c' }], 100)
  expect(lab.take(1)).toMatchObject([{ type: 'welcome', lifetime: 100 }])
  lab.pass(74_000)
  expect(lab.expired).toEqual([])
  lab.pass(2_000)
  expect(lab.expired).toEqual([1])
  lab.hub.updateIceServers(lab.now, 1, [{ urls: 'turn:192.0.2.1', username: 'new', credential: 'c' }], 100)
  expect(lab.take(1)).toMatchObject([
    { type: 'ice-servers', lifetime: 100, iceServers: [{ username: 'new' }] },
  ])
  lab.pass(60_000)
  expect(lab.expired).toEqual([1])
  lab.pass(16_000)
  expect(lab.expired).toEqual([1, 1])
  lab.pass(11_000)
  expect(lab.expired).toEqual([1, 1, 1])
  lab.end(1)
  expect(lab.hub.nextTimeout).toBe(Infinity)
})

test('draining tells everybody', () => {
  const lab = twoInRoom()
  lab.hub.drain(5_000)
  expect([lab.take(1), lab.take(2)]).toEqual([
    [{ type: 'drain', within: 5_000 }],
    [{ type: 'drain', within: 5_000 }],
  ])
})
