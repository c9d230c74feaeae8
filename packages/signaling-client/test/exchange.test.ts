import { describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'

import type { SignalingClientError } from '../src/index.ts'
import { codeOf, Lab, transient } from './support/lab.ts'

describe('speaking', () => {
  test('descriptions and candidates go out as the protocol has them', async () => {
    const { client, socket } = await Lab.inRoom(transient)
    // As an RTCIceCandidate is: with more fields than the protocol knows.
    const candidate = {
      candidate: 'candidate:1',
      sdpMid: '0',
      sdpMLineIndex: 0,
      usernameFragment: 'u',
      foundation: '1',
    }
    expect(client.sendDescription({ type: 'offer', sdp: 'v=0' })).toBe(true)
    expect(socket.last).toEqual({ type: 'description', description: { type: 'offer', sdp: 'v=0' }, n: 1 })
    client.sendDescription({ type: 'answer', sdp: 'v=0' }, 'bob')
    expect(socket.last).toMatchObject({ to: 'bob' })
    client.sendCandidate(candidate, 'bob')
    expect(socket.last).toEqual({
      type: 'candidate',
      to: 'bob',
      candidate: { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'u' },
      n: 3,
    })
    client.sendCandidate(null)
    expect(socket.last).toEqual({ type: 'candidate', candidate: null, n: 4 })
    client.sendRenegotiate('bob', true)
    expect(socket.last).toEqual({ type: 'renegotiate', to: 'bob', restart: true, n: 5 })
    expect(client.bye()).toBe(true)
    expect(socket.last).toEqual({ type: 'bye', n: 6 })
  })

  test('a message resolves with whether it was delivered', async () => {
    const { client, socket } = await Lab.inRoom(transient)
    const one = client.sendMessage({ x: 1 }, { to: 'bob' })
    expect(socket.last).toEqual({ type: 'message', data: { x: 1 }, to: 'bob', n: 1, id: 2 })
    socket.say({ type: 'delivered', to: 'bob', delivered: false, count: 0, id: 2 })
    expect(await one).toMatchObject({ delivered: false })
    const all = client.sendMessage(null, { except: 'bob' })
    expect(socket.last).toEqual({ type: 'message', data: null, except: 'bob', n: 2, id: 3 })
    socket.say({ type: 'delivered', delivered: true, count: 3, id: 3 })
    expect(await all).toMatchObject({ delivered: true, count: 3 })
  })

  test('outside a channel nothing is sent', async () => {
    const { client, socket } = await Lab.connected(transient)
    expect(client.sendDescription({ type: 'offer', sdp: '' })).toBe(false)
    expect(client.sendCandidate(null)).toBe(false)
    expect(client.bye()).toBe(false)
    expect(await codeOf(client.sendMessage(1))).toBe('not-joined')
    expect(socket.sent).toEqual([])
  })

  test('a message whose fate nobody awaits does not become an unhandled rejection', async () => {
    const { client, socket } = await Lab.inRoom(transient)
    const unhandled: unknown[] = []
    const note = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', note)
    void client.sendMessage(1)
    socket.end(1006)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  test('ping resolves with pong', async () => {
    const { client, socket, events } = await Lab.connected(transient)
    const answer = client.ping()
    expect(socket.last).toEqual({ type: 'ping', id: 1 })
    socket.say({ type: 'pong', id: 1 })
    await answer
    expect(events).toEqual([])
  })
})

describe('hearing', () => {
  test('every frame is an event', async () => {
    const { socket, events } = await Lab.inRoom(transient)
    const frames = [
      { type: 'peer-joined', peer: 'bob', count: 2, role: 'offerer', polite: false, replayed: 0, seq: 2 },
      { type: 'description', from: 'bob', description: { type: 'answer', sdp: '' }, seq: 3 },
      { type: 'candidate', from: 'bob', candidate: null, seq: 4 },
      { type: 'message', from: 'bob', data: [1], seq: 5 },
      { type: 'remote-close', peer: 'bob', seq: 6 },
      { type: 'peer-left', peer: 'bob', count: 1, seq: 7 },
    ] as const
    for (const frame of frames) socket.say(frame)
    expect(events).toEqual([
      ['peerJoined', frames[0]],
      ['description', frames[1]],
      ['candidate', frames[2]],
      ['message', frames[3]],
      ['remoteClose', frames[4]],
      ['peerLeft', frames[5]],
    ])
  })

  test('refusals nobody waits for are error events, lost unicasts undelivered ones', async () => {
    const { socket, events } = await Lab.inRoom(transient)
    socket.say({ type: 'error', code: ErrorCode.bufferFull, message: 'full' })
    socket.say({ type: 'error', code: ErrorCode.notJoined, message: 'x', id: 999 })
    socket.say({ type: 'delivered', to: 'bob', delivered: false, count: 0 })
    socket.say({ type: 'delivered', delivered: true, count: 1, id: 999 })
    expect(events).toEqual([
      ['error', expect.objectContaining({ code: ErrorCode.bufferFull, message: 'full' })],
      ['error', expect.objectContaining({ code: ErrorCode.notJoined })],
      ['undelivered', { to: 'bob' }],
    ])
  })

  test('what is no frame is an error event, what a later version has is not', async () => {
    const { client, socket, events } = await Lab.connected(transient)
    const raw: string[] = []
    client.on('rawMessage', (text) => raw.push(text))
    for (const text of [
      'nonsense',
      '[]',
      '{"type":"message"}',
      '{"type":"from-the-future","x":1}',
      '{"type":"toString"}',
    ])
      socket.say(text)
    socket.say(Uint8Array.of(1))
    socket.say(Uint8Array.of(0, 2, 0x7b, 0x7d))
    expect(raw).toHaveLength(5)
    expect(events).toHaveLength(5)
    expect(
      events.every(
        ([name, error]) => name === 'error' && (error as SignalingClientError).code === 'bad-frame',
      ),
    ).toBe(true)
  })

  test('listeners can be taken away, and hear once', async () => {
    const { client, socket } = await Lab.inRoom(transient)
    const heard: string[] = []
    const listener = (): unknown => heard.push('listener')
    client.on('message', listener)
    const off = client.on('message', () => heard.push('returned'))
    client.once('message', () => heard.push('once'))
    client.once('message', () => heard.push('never'))()
    const say = (seq: number): void => socket.say({ type: 'message', from: 'bob', data: 1, seq })
    say(2)
    off()
    say(3)
    client.off('message', listener)
    say(4)
    expect(heard).toEqual(['listener', 'returned', 'once', 'listener'])
  })
})

test('bytes go and come as binary frames; every sixteen events the server is told', async () => {
  const lab = await Lab.inRoom()
  void lab.client.sendMessage(Uint8Array.of(7, 8), { to: 'bob' })
  const header = '{"type":"message","to":"bob","n":1,"id":2}'
  expect(lab.socket.sentBytes).toEqual([
    Uint8Array.of(0, header.length, ...new TextEncoder().encode(header), 7, 8),
  ])
  const answer = '{"type":"message","from":"bob","seq":2}'
  const bytes = Uint8Array.of(0, answer.length, ...new TextEncoder().encode(answer), 9)
  lab.socket.say(bytes)
  lab.socket.say(bytes)
  expect(lab.events).toEqual([['binary', { from: 'bob', seq: 2, data: Uint8Array.of(9) }]])
  for (let seq = 3; seq <= 17; seq++) lab.hear(seq)
  expect(lab.socket.last).toEqual({ type: 'ack', seq: 17 })
  lab.socket.say({ type: 'ice-servers', iceServers: [{ urls: 'stun:192.0.2.9' }] })
  expect(lab.client.iceServers).toEqual([{ urls: 'stun:192.0.2.9' }])
})
