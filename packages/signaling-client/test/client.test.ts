import { describe, expect, test } from '@jest/globals'
import { ErrorCode, type ServerFrameOf, subprotocol } from '@purertc/signaling-protocol'

import { SignalingClient, SignalingClientError, type SignalingClientEvents } from '../src/index.ts'
import { FakeConstructor, FakeScheduler, FakeWebSocket } from './fake-web-socket.ts'

/** No timers of the platform's that outlive a test. */
const calm = { quietAfter: Infinity, timeout: Infinity }
const welcome: ServerFrameOf<'welcome'> = {
  type: 'welcome',
  version: 1,
  session: 'secret',
  resumeWithin: 30_000,
  iceServers: [{ urls: 'stun:192.0.2.1' }],
}
const joined: ServerFrameOf<'joined'> = {
  type: 'joined',
  channel: 'room',
  peer: 'alice',
  role: 'offerer',
  polite: false,
  count: 1,
  members: [],
  seq: 1,
}
const names = [
  'welcome',
  'joined',
  'left',
  'peerJoined',
  'peerLeft',
  'description',
  'candidate',
  'message',
  'remoteClose',
  'undelivered',
  'error',
  'close',
] as const satisfies (keyof SignalingClientEvents)[]

/** A client on a socket of the test's, which has been greeted, with all that it tells. */
async function connected(): Promise<{
  client: SignalingClient
  socket: FakeWebSocket
  scheduler: FakeScheduler
  events: [string, unknown][]
}> {
  const scheduler = new FakeScheduler()
  const client = new SignalingClient({
    url: 'ws://192.0.2.1/x',
    WebSocket: FakeConstructor,
    scheduler,
    reconnect: false,
    quietAfter: Infinity,
  })
  const greeted = client.connect()
  const socket = FakeWebSocket.made.at(-1)!
  socket.say(welcome)
  await greeted
  const events: [string, unknown][] = []
  for (const name of names) client.on(name, (event) => events.push([name, event]))
  return { client, socket, scheduler, events }
}

async function inRoom(): ReturnType<typeof connected> {
  const all = await connected()
  const answer = all.client.join('room', { peer: 'alice' })
  all.socket.say({ ...joined, id: all.socket.last['id'] as number })
  await answer
  all.events.length = 0
  return all
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'none'
  } catch (error) {
    if (!(error instanceof SignalingClientError)) throw error
    return error.code
  }
}

describe('connecting', () => {
  test('offers the sub-protocol and resolves with the greeting', async () => {
    const client = new SignalingClient({
      url: new URL('ws://192.0.2.1/x?y'),
      WebSocket: FakeConstructor,
      ...calm,
    })
    expect([client.state, client.iceServers]).toEqual(['closed', []])
    const greeted = client.connect()
    expect(client.state).toBe('connecting')
    const socket = FakeWebSocket.made.at(-1)!
    expect([socket.url, socket.offered]).toEqual(['ws://192.0.2.1/x?y', [subprotocol]])
    socket.say(welcome)
    expect(await greeted).toEqual(welcome)
    expect([client.state, client.iceServers]).toEqual(['open', welcome.iceServers])
  })

  test('needs a WebSocket', async () => {
    const platform = globalThis as { WebSocket?: unknown }
    const own = platform.WebSocket
    delete platform.WebSocket
    expect(await codeOf(new SignalingClient({ url: 'ws://192.0.2.1' }).connect())).toBe('no-websocket')
    platform.WebSocket = FakeWebSocket
    const greeted = new SignalingClient({ url: 'ws://192.0.2.9', ...calm }).connect()
    platform.WebSocket = own
    expect(FakeWebSocket.made.at(-1)?.url).toBe('ws://192.0.2.9')
    FakeWebSocket.made.at(-1)?.say(welcome)
    await greeted
  })

  test('fails where the URL is none', async () => {
    class Strict extends FakeWebSocket {
      constructor(url: string, protocols: string[]) {
        super(new URL(url).href, protocols)
      }
    }
    const client = new SignalingClient({ url: 'nonsense', WebSocket: Strict })
    expect(await codeOf(client.connect())).toBe('connect-failed')
    expect(client.state).toBe('closed')
  })

  test('fails where the connection does, with the reason', async () => {
    const client = new SignalingClient({ url: 'ws://192.0.2.1', WebSocket: FakeConstructor, ...calm })
    const greeted = client.connect()
    const socket = FakeWebSocket.made.at(-1)!
    socket.onerror?.({ error: new Error('refused') })
    socket.end(1006)
    await expect(greeted).rejects.toMatchObject({ code: 'connect-failed', cause: { message: 'refused' } })
  })

  test('fails where the server chose no sub-protocol', async () => {
    const client = new SignalingClient({ url: 'ws://192.0.2.1', WebSocket: FakeConstructor, ...calm })
    const greeted = client.connect()
    const socket = FakeWebSocket.made.at(-1)!
    socket.protocol = ''
    socket.say(welcome)
    expect(await codeOf(greeted)).toBe('connect-failed')
    expect(socket.closedWith).toBe(1000)
  })

  test('fails where no greeting comes in time', async () => {
    const scheduler = new FakeScheduler()
    const client = new SignalingClient({ url: 'ws://192.0.2.1', WebSocket: FakeConstructor, scheduler })
    const greeted = client.connect()
    scheduler.ring()
    expect(await codeOf(greeted)).toBe('timeout')
    expect(FakeWebSocket.made.at(-1)?.closedWith).toBe(1000)
  })

  test('is for one connection at a time, and again after it', async () => {
    const { client, socket, events } = await connected()
    expect(await codeOf(client.connect())).toBe('already-connected')
    socket.end(1001, 'bye')
    expect(events).toEqual([['close', { code: 1001, reason: 'bye' }]])
    const again = client.connect()
    FakeWebSocket.made.at(-1)?.say(welcome)
    await again
    socket.say({ type: 'message', from: 'ghost', data: 1, seq: 9 })
    socket.end(1006)
    expect(client.state).toBe('open')
    expect(events.map(([name]) => name)).toEqual(['close', 'welcome'])
  })
})

describe('joining', () => {
  test('sends what was asked for and resolves with the answer', async () => {
    const { client, socket, scheduler } = await connected()
    const answer = client.join('room', { peer: 'alice', metadata: [1], token: 't' })
    expect(socket.last).toEqual({
      type: 'join',
      channel: 'room',
      peer: 'alice',
      metadata: [1],
      token: 't',
      id: 1,
    })
    socket.say({ ...joined, id: 1 })
    expect(await answer).toMatchObject(joined)
    expect([client.channel, client.peer, scheduler.size]).toEqual(['room', 'alice', 0])
  })

  test('rejects with the server’s code', async () => {
    const { client, socket, events } = await connected()
    const answer = client.join('room')
    socket.say({ type: 'error', code: ErrorCode.joinRefused, message: 'no', id: 1 })
    expect(await codeOf(answer)).toBe(ErrorCode.joinRefused)
    expect(events).toEqual([])
    expect(client.channel).toBeUndefined()
  })

  test('rejects when no answer comes, when it is a wrong one, and when the connection closes', async () => {
    const { client, socket, scheduler } = await connected()
    const late = client.join('room')
    scheduler.ring()
    expect(await codeOf(late)).toBe('timeout')
    const wrong = client.join('room')
    socket.say({ type: 'pong', id: 2 })
    expect(await codeOf(wrong)).toBe('bad-frame')
    const cut = client.join('room')
    socket.end(1006)
    expect(await codeOf(cut)).toBe('closed')
    expect(scheduler.size).toBe(0)
    expect(await codeOf(client.join('room'))).toBe('not-connected')
  })

  test('ends with leave, and with somebody’s hang-up', async () => {
    const { client, socket, events } = await inRoom()
    const answer = client.leave()
    socket.say({ type: 'left', channel: 'room', reason: 'leave', id: socket.last['id'] as number })
    await answer
    expect(client.channel).toBeUndefined()
    const again = client.join('room')
    socket.say({ ...joined, id: socket.last['id'] as number })
    await again
    socket.say({ type: 'remote-close', peer: 'bob', seq: 2 })
    socket.say({ type: 'left', channel: 'room', reason: 'hangup' })
    expect(client.peer).toBeUndefined()
    expect(events.map(([name]) => name)).toEqual(['left', 'joined', 'remoteClose', 'left'])
  })
})

describe('speaking', () => {
  test('descriptions and candidates go out as the protocol has them', async () => {
    const { client, socket } = await inRoom()
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
    const { client, socket } = await inRoom()
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
    const { client, socket } = await connected()
    expect(client.sendDescription({ type: 'offer', sdp: '' })).toBe(false)
    expect(client.sendCandidate(null)).toBe(false)
    expect(client.bye()).toBe(false)
    expect(await codeOf(client.sendMessage(1))).toBe('not-joined')
    expect(socket.sent).toEqual([])
  })

  test('a message whose fate nobody awaits does not become an unhandled rejection', async () => {
    const { client, socket } = await inRoom()
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
    const { client, socket, events } = await connected()
    const answer = client.ping()
    expect(socket.last).toEqual({ type: 'ping', id: 1 })
    socket.say({ type: 'pong', id: 1 })
    await answer
    expect(events).toEqual([])
  })
})

describe('hearing', () => {
  test('every frame is an event', async () => {
    const { socket, events } = await inRoom()
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
    const { socket, events } = await inRoom()
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
    const { client, socket, events } = await connected()
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
    const { client, socket } = await inRoom()
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

describe('closing', () => {
  test('resolves when the connection is closed', async () => {
    const { client, socket, events } = await inRoom()
    const closed = client.close(4000, 'done')
    expect(socket.closedWith).toBe(4000)
    socket.end(4000, 'done')
    await closed
    expect(events).toEqual([['close', { code: 4000, reason: 'done' }]])
    expect([client.state, client.channel]).toEqual(['closed', undefined])
    await client.close()
  })

  test('fails what is under way, the greeting too', async () => {
    const client = new SignalingClient({ url: 'ws://192.0.2.1', WebSocket: FakeConstructor, ...calm })
    const greeted = client.connect()
    void client.close()
    FakeWebSocket.made.at(-1)?.end(1006)
    expect(await codeOf(greeted)).toBe('connect-failed')
  })

  test('an endless time limit sets no timer', async () => {
    const scheduler = new FakeScheduler()
    const client = new SignalingClient({
      url: 'ws://192.0.2.1',
      WebSocket: FakeConstructor,
      scheduler,
      timeout: Infinity,
      quietAfter: Infinity,
    })
    void client.connect().catch(() => {})
    expect(scheduler.size).toBe(0)
    FakeWebSocket.made.at(-1)?.end(1006)
  })
})
