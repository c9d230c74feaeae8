import { expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'

import { ServerSignaling, type SignalingHost } from '../src/index.ts'
import { FakeConstructor, FakeScheduler, FakeWebSocket } from './support/fake-web-socket.ts'
import { joined, welcome } from './support/lab.ts'

test('a candidate that crosses the end of the session is no fault; what else the server refuses is', async () => {
  const faults: Error[] = []
  const scheduler = new FakeScheduler()
  const signaling = new ServerSignaling({ url: 'ws://192.0.2.1', WebSocket: FakeConstructor, scheduler })
  const joining = signaling.join('room', {}, {
    ...quiet,
    failed: (error) => faults.push(error),
  } satisfies SignalingHost)
  const socket = FakeWebSocket.made.at(-1)
  if (socket === undefined) throw new Error('no socket')
  socket.say(welcome())
  await new Promise((resolve) => setImmediate(resolve))
  socket.say({ ...joined, id: socket.last['id'] as number })
  await joining

  signaling.send({ type: 'candidate', candidate: null }, 'bob')
  socket.say({ type: 'remote-close', peer: 'bob', seq: 2 })
  socket.say({ type: 'error', code: ErrorCode.notJoined, message: 'join a channel first' })
  socket.say({ type: 'error', code: ErrorCode.rateLimited, message: 'too fast' })
  expect(faults).toEqual([expect.objectContaining({ code: ErrorCode.rateLimited })])
})

const quiet = {
  joined() {},
  peerJoined() {},
  received() {},
  peerLeft() {},
  iceServers() {},
  rawMessage() {},
  interrupted() {},
  closed() {},
}
