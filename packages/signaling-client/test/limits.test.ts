import { describe, expect, test } from '@jest/globals'
import { frameLimits, type Json } from '@purertc/signaling-protocol'

import { ServerSignaling, type SignalingHost } from '../src/index.ts'
import { FakeConstructor, FakeWebSocket } from './support/fake-web-socket.ts'
import { codeOf, joined, Lab, transient, welcome } from './support/lab.ts'

/** A message of which the whole frame has so many bytes. */
const textOf = (bytes: number, unit = 'x'): string => {
  const frame = JSON.stringify({ type: 'message', data: '', n: 1, id: 2 })
  return unit.repeat((bytes - frame.length) / new TextEncoder().encode(unit).length)
}

describe('a frame that a server would end the session over', () => {
  test.each(['x', 'é', '€'])(
    'of many %s is refused, and the longest that is allowed is not',
    async (unit) => {
      const lab = await Lab.inRoom(transient)
      const length = new TextEncoder().encode(unit).length
      expect(await codeOf(lab.client.sendMessage(textOf(frameLimits.bytes + length, unit)))).toBe('too-large')
      expect(lab.socket.sent).toHaveLength(1)
      void lab.client.sendMessage(textOf(frameLimits.bytes - 1, unit))
      expect(lab.socket.sent).toHaveLength(2)
      expect(new TextEncoder().encode(lab.socket.sent[1]).length).toBeLessThanOrEqual(frameLimits.bytes)
    },
  )

  test('is refused to the byte', async () => {
    const lab = await Lab.inRoom(transient)
    void lab.client.sendMessage(textOf(frameLimits.bytes))
    expect(lab.socket.sent[1]).toHaveLength(frameLimits.bytes)
    expect(await codeOf(lab.client.sendMessage(textOf(frameLimits.bytes + 1)))).toBe('too-large')
    const header = '{"type":"message","n":2,"id":4}'
    void lab.client.sendMessage(new Uint8Array(frameLimits.bytes - 2 - header.length))
    expect(lab.socket.sentBytes.map(({ length }) => length)).toEqual([frameLimits.bytes])
    expect(await codeOf(lab.client.sendMessage(new Uint8Array(frameLimits.bytes)))).toBe('too-large')
    expect(lab.client.sendDescription({ type: 'offer', sdp: 'x'.repeat(frameLimits.bytes) })).toBe(false)
    // What was refused takes no place in the order.
    expect(lab.client.bye()).toBe(true)
    expect(lab.socket.last).toEqual({ type: 'bye', n: 3 })
  })

  test('does not join', async () => {
    const lab = await Lab.connected(transient)
    const metadata = 'x'.repeat(frameLimits.bytes)
    expect(await codeOf(lab.client.join('room', { metadata }))).toBe('too-large')
    const answer = lab.client.join('room')
    lab.socket.say({ ...joined, id: lab.socket.last['id'] as number })
    expect(await answer).toMatchObject({ channel: 'room' })
  })
})

test('what waits for the server has a limit of length, too', async () => {
  const lab = await Lab.inRoom(transient)
  for (let i = 0; i < 4; i++) void lab.client.sendMessage('x'.repeat(260_000))
  expect(lab.socket.sent).toHaveLength(5)
  expect(await codeOf(lab.client.sendMessage('x'.repeat(10_000)))).toBe('too-much')
  expect(lab.client.sendCandidate(null)).toBe(true)
  lab.socket.say({ type: 'ack', n: 1 })
  void lab.client.sendMessage('x'.repeat(10_000))
  expect(lab.socket.sent).toHaveLength(7)
})

test('what has gone out is said again, though nobody waits for its answer any more', async () => {
  const lab = await Lab.inRoom({ timeout: 10_000 })
  const late = lab.client.sendMessage('a')
  lab.scheduler.ring()
  expect(await codeOf(late)).toBe('timeout')
  await lab.comeBack()
  lab.resume(0)
  expect(lab.socket.last).toMatchObject({ type: 'message', data: 'a', n: 1 })
})

test('what is no JSON is refused, and nothing waits for an answer to it', async () => {
  const lab = await Lab.connected(transient)
  const circle: Json[] = []
  circle.push(circle)
  await expect(lab.client.join('room', { metadata: circle })).rejects.toThrow(TypeError)
  expect([lab.scheduler.size, lab.socket.sent]).toEqual([0, []])
  const answer = lab.client.join('room')
  lab.socket.say({ ...joined, id: lab.socket.last['id'] as number })
  await answer
  await expect(lab.client.sendMessage(circle)).rejects.toThrow(TypeError)
  expect(lab.scheduler.size).toBe(0)
})

test.each([
  '{"type":"message","from":"bob","seq":0}',
  '{"type":"message","from":"bob","seq":1e300}',
  '{"type":"message","from":"","seq":2}',
  '{"type":"joined","from":"bob","seq":2}',
  'null',
  '[]',
])('bytes behind %s are no message, and what comes after them is heard', async (header) => {
  const lab = await Lab.inRoom()
  lab.socket.say(Uint8Array.of(0, header.length, ...new TextEncoder().encode(header), 9))
  lab.hear(2)
  expect(lab.names).toEqual(['error', 'message'])
})

test('bytes that are shorter than their header says are no message', async () => {
  const lab = await Lab.inRoom()
  const header = '{"type":"message","from":"bob","seq":2}'
  lab.socket.say(Uint8Array.of(0, header.length + 1, ...new TextEncoder().encode(header)))
  expect(lab.names).toEqual(['error'])
})

test('bytes in a Node Buffer are copied', async () => {
  const lab = await Lab.inRoom()
  const header = '{"type":"message","from":"bob","seq":2}'
  const frame = Buffer.from([0, header.length, ...new TextEncoder().encode(header), 9])
  lab.socket.say(frame)
  frame.fill(0)
  expect(lab.events).toEqual([['binary', { from: 'bob', seq: 2, data: Uint8Array.of(9) }]])
})

test('what cannot be sent for want of room is told to who signals by it', async () => {
  const signaling = new ServerSignaling({
    url: 'ws://192.0.2.1/x',
    WebSocket: FakeConstructor,
    timeout: Infinity,
    quietAfter: Infinity,
  })
  const failed: Error[] = []
  const host = new Proxy({} as SignalingHost, {
    get: (_, name) => (name === 'failed' ? (error: Error) => failed.push(error) : () => undefined),
  })
  const entered = signaling.join('room', {}, host)
  const socket = FakeWebSocket.made.at(-1)!
  socket.say(welcome())
  await new Promise((resolve) => setImmediate(resolve))
  socket.say({ ...joined, id: socket.last['id'] as number })
  await entered
  for (let i = 0; i < 256; i++) signaling.send({ type: 'candidate', candidate: null }, 'bob')
  expect(failed).toEqual([])
  signaling.send({ type: 'description', description: { type: 'offer', sdp: '' } }, 'bob')
  signaling.send({ type: 'renegotiate' }, 'bob')
  expect(failed).toMatchObject([{ code: 'too-much' }, { code: 'too-much' }])
  socket.say({ type: 'left', channel: 'room', reason: 'hangup' })
  signaling.send({ type: 'candidate', candidate: null }, 'bob')
  expect(failed).toHaveLength(2)
  socket.end(1000)
})
