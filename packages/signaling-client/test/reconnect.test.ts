import { afterEach, describe, expect, test } from '@jest/globals'
import type { ServerFrameOf } from '@purertc/signaling-protocol'

import { SignalingClient, type SignalingClientEvents, type SignalingClientOptions } from '../src/index.ts'
import { FakeConstructor, FakeScheduler, FakeWebSocket } from './fake-web-socket.ts'

const welcome = (session: string): ServerFrameOf<'welcome'> => ({
  type: 'welcome',
  version: 1,
  session,
  resumeWithin: 30_000,
  iceServers: [],
})

/** A client in `room` as alice, on a socket of the test's, and all that it tells. */
class Lab {
  readonly scheduler = new FakeScheduler()
  readonly events: [string, unknown][] = []
  readonly client: SignalingClient

  constructor(options: Partial<SignalingClientOptions> = {}) {
    this.client = new SignalingClient({
      url: 'ws://192.0.2.1',
      WebSocket: FakeConstructor,
      scheduler: this.scheduler,
      random: () => 0.5,
      timeout: Infinity,
      quietAfter: Infinity,
      ...options,
    })
    for (const name of names) this.client.on(name, (event) => this.events.push([name, event]))
  }

  get socket(): FakeWebSocket {
    return FakeWebSocket.made.at(-1)!
  }

  get names(): readonly string[] {
    return this.events.map(([name]) => name)
  }

  async inRoom(): Promise<void> {
    const greeted = this.client.connect()
    this.socket.say(welcome('first'))
    await greeted
    const joined = this.client.join('room', { peer: 'alice', token: () => 'ticket' })
    this.joined(1)
    await joined
    this.events.length = 0
  }

  joined(seq: number): void {
    this.socket.say({
      type: 'joined',
      channel: 'room',
      peer: 'alice',
      role: 'offerer',
      polite: false,
      count: 1,
      members: [],
      seq,
      id: this.socket.last['id'] as number,
    })
  }

  /** The connection breaks, and another one is greeted. */
  async comeBack(code = 1006): Promise<void> {
    this.socket.end(code)
    this.scheduler.ring()
    this.socket.say(welcome('second'))
    await Promise.resolve()
  }

  resumed(received: number): void {
    this.socket.say({
      type: 'resumed',
      channel: 'room',
      peer: 'alice',
      received,
      id: this.socket.last['id'] as number,
    })
  }

  async refuse(code: string): Promise<void> {
    this.socket.say({ type: 'error', code, message: 'no', id: this.socket.last['id'] as number })
    await new Promise((resolve) => setImmediate(resolve))
  }

  hear(seq: number): void {
    this.socket.say({ type: 'message', from: 'bob', data: seq, seq })
  }
}

const names = [
  'joined',
  'left',
  'message',
  'reconnecting',
  'resumed',
  'lost',
  'drain',
  'binary',
  'iceServers',
  'renegotiate',
  'error',
  'close',
] as const satisfies (keyof SignalingClientEvents)[]

afterEach(() => {
  FakeWebSocket.made.length = 0
})

describe('a broken connection', () => {
  test('is taken up where it stopped; nothing is heard twice, nothing is unsaid', async () => {
    const lab = new Lab()
    await lab.inRoom()
    lab.hear(2)
    const answered = lab.client.sendMessage('a')
    lab.socket.say({ type: 'delivered', delivered: true, count: 1, id: lab.socket.last['id'] as number })
    await answered
    const open = lab.client.sendMessage('b')
    expect(lab.client.state).toBe('open')
    lab.socket.end(1006)
    expect([lab.client.state, lab.client.channel]).toEqual(['reconnecting', 'room'])
    expect(lab.client.sendCandidate(null, 'bob')).toBe(true)
    lab.scheduler.ring()
    lab.socket.say(welcome('second'))
    expect(lab.socket.last).toEqual({ type: 'resume', session: 'first', seq: 2, unanswered: 2, id: 4 })
    lab.resumed(1)
    expect(lab.socket.sent.slice(1).map((text) => JSON.parse(text) as object)).toEqual([
      { type: 'message', data: 'b', n: 2, id: 3 },
      { type: 'candidate', candidate: null, to: 'bob', n: 3 },
    ])
    lab.hear(2)
    lab.hear(3)
    lab.socket.say({ type: 'delivered', delivered: true, count: 1, id: 3 })
    await open
    expect(lab.names).toEqual(['message', 'reconnecting', 'resumed', 'message'])
    expect(lab.client.state).toBe('open')
  })

  test('is tried again after waits that double, drawn from all of their span, up to a limit', async () => {
    const lab = new Lab({ reconnect: { initial: 100, max: 400, attempts: 4 } })
    await lab.inRoom()
    lab.scheduler.delays.length = 0
    for (let i = 0; i < 5; i++) {
      lab.socket.end(1006)
      lab.scheduler.ring()
    }
    expect(lab.scheduler.delays).toEqual([50, 100, 200, 200])
    expect(lab.names).toEqual([...Array<string>(4).fill('reconnecting'), 'close'])
    expect(lab.client.state).toBe('closed')
  })

  test.each([1000, 1009, 4409, 4429])('closed with %i is not tried again', async (code) => {
    const lab = new Lab()
    await lab.inRoom()
    lab.socket.end(code)
    expect([lab.names, lab.scheduler.size]).toEqual([['close'], 0])
  })

  test('of a server that is not there from the start fails at once', async () => {
    const lab = new Lab()
    const greeted = lab.client.connect()
    lab.socket.end(1006)
    await expect(greeted).rejects.toMatchObject({ code: 'connect-failed' })
    expect(lab.names).toEqual(['close'])
  })

  test('before the answer to a join: the resumption or another join answers it', async () => {
    const lab = new Lab()
    const greeted = lab.client.connect()
    lab.socket.say(welcome('first'))
    await greeted
    const joined = lab.client.join('room', { peer: 'alice' })
    await lab.comeBack()
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'first' })
    expect(lab.socket.last).not.toHaveProperty('seq')
    await lab.refuse('resume-failed')
    expect(lab.socket.last).toEqual({ type: 'join', channel: 'room', peer: 'alice', resumable: true, id: 1 })
    lab.joined(1)
    expect(await joined).toMatchObject({ peer: 'alice' })
    expect(lab.names).toEqual(['reconnecting', 'joined'])
  })

  test('outside of a channel is just opened again', async () => {
    const lab = new Lab()
    const greeted = lab.client.connect()
    lab.socket.say(welcome('first'))
    await greeted
    const ping = lab.client.ping()
    await lab.comeBack(1012)
    await expect(ping).rejects.toMatchObject({ code: 'closed' })
    expect(lab.client.state).toBe('open')
    expect(lab.socket.sent).toEqual([])
  })
})

describe('a session that is lost', () => {
  test('fails what had no answer, says so, and joins anew', async () => {
    const lab = new Lab()
    await lab.inRoom()
    const open = lab.client.sendMessage('a')
    await lab.comeBack()
    await lab.refuse('resume-failed')
    await expect(open).rejects.toMatchObject({ code: 'lost' })
    expect(lab.socket.last).toMatchObject({
      type: 'join',
      channel: 'room',
      peer: 'alice',
      token: 'ticket',
      resumable: true,
    })
    lab.joined(7)
    expect(lab.names).toEqual(['reconnecting', 'lost', 'joined'])
    lab.hear(8)
    expect(lab.names.at(-1)).toBe('message')
    await lab.comeBack()
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'second', seq: 8 })
  })

  test('and cannot be joined anew, is an error', async () => {
    const lab = new Lab()
    await lab.inRoom()
    await lab.comeBack()
    await lab.refuse('resume-failed')
    await lab.refuse('join-refused')
    expect(lab.events.at(-1)).toEqual(['error', expect.objectContaining({ code: 'join-refused' })])
    expect(lab.client.channel).toBeUndefined()
  })

  test('while leaving is left', async () => {
    const lab = new Lab()
    await lab.inRoom()
    const left = lab.client.leave()
    await lab.comeBack()
    await lab.refuse('resume-failed')
    await left
    expect(lab.client.channel).toBeUndefined()
    expect(lab.names).toEqual(['reconnecting'])
  })

  test('not yet, while leaving, is left again', async () => {
    const lab = new Lab()
    await lab.inRoom()
    const left = lab.client.leave()
    await lab.comeBack()
    lab.resumed(0)
    expect(lab.socket.last).toEqual({ type: 'leave', id: 2 })
    lab.socket.say({ type: 'left', channel: 'room', reason: 'leave', id: 2 })
    await left
  })

  test('for now, because the server cannot reach what it shares, is tried again', async () => {
    const lab = new Lab()
    await lab.inRoom()
    await lab.comeBack()
    await lab.refuse('unavailable')
    expect([lab.client.state, lab.names]).toEqual(['reconnecting', ['reconnecting', 'reconnecting']])
  })
})

describe('a server that drains', () => {
  test('is left within its time, and another one is next', async () => {
    const lab = new Lab({ url: ['ws://192.0.2.1', 'ws://192.0.2.2'] })
    await lab.inRoom()
    const old = lab.socket
    lab.socket.say({ type: 'drain', within: 10_000 })
    expect(lab.scheduler.delays.at(-1)).toBe(4_000)
    lab.scheduler.ring()
    expect(old.closedWith).toBe(4000)
    lab.scheduler.ring()
    expect([lab.socket.url, lab.client.state]).toEqual(['ws://192.0.2.2', 'reconnecting'])
    old.say({ type: 'message', from: 'bob', data: 'late', seq: 2 })
    lab.socket.say(welcome('second'))
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'first', seq: 1 })
    expect(lab.names).toEqual(['drain', 'reconnecting'])
  })
})

describe('a connection that is silent', () => {
  test('is asked for a sign of life, and left when there is none', async () => {
    const lab = new Lab({ quietAfter: 1_000, timeout: 500 })
    await lab.inRoom()
    const old = lab.socket
    const pings = (): number => lab.socket.sent.filter((text) => text === '{"type":"ping"}').length
    lab.scheduler.ring()
    expect(pings()).toBe(0)
    lab.scheduler.ring()
    expect(pings()).toBe(1)
    lab.socket.say({ type: 'pong' })
    lab.scheduler.ring()
    expect(pings()).toBe(1)
    lab.scheduler.ring()
    expect(pings()).toBe(2)
    lab.scheduler.ring()
    expect([old.closedWith, lab.client.state]).toEqual([4000, 'reconnecting'])
  })
})

describe('aborting', () => {
  test('gives up a connection under way', async () => {
    const lab = new Lab()
    const controller = new AbortController()
    const greeted = lab.client.connect({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(greeted).rejects.toThrow('enough')
    expect(lab.socket.closedWith).toBe(1000)
  })

  test('gives up a join, and leaves', async () => {
    const lab = new Lab()
    const greeted = lab.client.connect()
    lab.socket.say(welcome('first'))
    await greeted
    const controller = new AbortController()
    const joined = lab.client.join('room', { signal: controller.signal })
    controller.abort()
    await expect(joined).rejects.toMatchObject({ name: 'AbortError' })
    expect(lab.socket.last).toEqual({ type: 'leave' })
    await expect(lab.client.join('room', { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  test('closes the client, also while it waits for a try', async () => {
    const controller = new AbortController()
    const lab = new Lab({ signal: controller.signal })
    await lab.inRoom()
    lab.socket.end(1006)
    controller.abort()
    expect([lab.client.state, lab.scheduler.size, lab.names]).toEqual([
      'closed',
      0,
      ['reconnecting', 'close'],
    ])
    await expect(lab.client.connect()).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('what waits for the server', () => {
  test('is bounded', async () => {
    const lab = new Lab()
    await lab.inRoom()
    lab.socket.end(1006)
    for (let i = 0; i < 256; i++) expect(lab.client.sendCandidate(null)).toBe(true)
    expect(lab.client.sendCandidate(null)).toBe(false)
    await expect(lab.client.sendMessage(1)).rejects.toMatchObject({ code: 'too-much' })
    lab.scheduler.ring()
    lab.socket.say(welcome('second'))
    lab.resumed(250)
    expect(lab.socket.sent).toHaveLength(7)
    lab.socket.say({ type: 'ack', n: 256 })
    await lab.comeBack()
    lab.resumed(256)
    expect(lab.socket.sent).toHaveLength(1)
  })

  test('is not sent when its time is over', async () => {
    const lab = new Lab({ timeout: 10_000 })
    await lab.inRoom()
    lab.socket.end(1006)
    const late = lab.client.sendMessage(1)
    lab.scheduler.ring()
    await expect(late).rejects.toMatchObject({ code: 'timeout' })
    lab.socket.say(welcome('second'))
    lab.resumed(0)
    expect(lab.socket.sent).toHaveLength(1)
  })
})

test('bytes go and come as binary frames; every sixteen events the server is told', async () => {
  const lab = new Lab()
  await lab.inRoom()
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
