import type { ServerFrameOf } from '@purertc/signaling-protocol'

import {
  SignalingClient,
  SignalingClientError,
  type SignalingClientEvents,
  type SignalingClientOptions,
} from '../../src/index.ts'
import { FakeConstructor, FakeScheduler, FakeWebSocket } from './fake-web-socket.ts'

/** A greeting that begins a session. */
export const welcome = (session = 'secret'): ServerFrameOf<'welcome'> => ({
  type: 'welcome',
  version: 1,
  session,
  resumeWithin: 30_000,
  iceServers: [{ urls: 'stun:192.0.2.1' }],
})

/** The answer to alice, who comes into an empty room. */
export const joined: ServerFrameOf<'joined'> = {
  type: 'joined',
  channel: 'room',
  peer: 'alice',
  role: 'offerer',
  polite: false,
  count: 1,
  members: [],
  seq: 1,
}

/** A client on sockets of the test's, in time that passes when the test says so, and all that the client tells. */
export class Lab {
  readonly scheduler: FakeScheduler = new FakeScheduler()
  readonly events: [string, unknown][] = []
  readonly client: SignalingClient

  /** No limit of time, where none is asked for. */
  constructor(options: Partial<SignalingClientOptions> = {}) {
    this.client = new SignalingClient({
      url: 'ws://192.0.2.1/x',
      WebSocket: FakeConstructor,
      scheduler: this.scheduler,
      random: () => 0.5,
      timeout: Infinity,
      quietAfter: Infinity,
      ...options,
    })
    for (const name of names) this.client.on(name, (event) => this.events.push([name, event]))
  }

  /** One that is greeted. */
  static async connected(options?: Partial<SignalingClientOptions>): Promise<Lab> {
    const lab = new Lab(options)
    await lab.connect()
    lab.events.length = 0
    return lab
  }

  /** One that is in `room` as alice. */
  static async inRoom(options?: Partial<SignalingClientOptions>): Promise<Lab> {
    const lab = new Lab(options)
    await lab.enter()
    return lab
  }

  /** The one that was opened last. */
  get socket(): FakeWebSocket {
    return FakeWebSocket.made.at(-1)!
  }

  get names(): readonly string[] {
    return this.events.map(([name]) => name)
  }

  async connect(): Promise<void> {
    const greeted = this.client.connect()
    this.socket.say(welcome('first'))
    await greeted
  }

  /** Connects, joins, and forgets what it told so far. */
  async enter(): Promise<void> {
    await this.connect()
    const answer = this.client.join('room', { peer: 'alice', token: () => 'ticket' })
    this.admit(1)
    await answer
    this.events.length = 0
  }

  /** Answers the join that was sent last. */
  admit(seq: number): void {
    this.socket.say({ ...joined, seq, id: this.socket.last['id'] as number })
  }

  /** The connection breaks, and another one is greeted. */
  async comeBack(code = 1006): Promise<void> {
    this.socket.end(code)
    this.scheduler.ring()
    this.socket.say(welcome('second'))
    await Promise.resolve()
  }

  resume(received: number): void {
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

  /** Bob says something. */
  hear(seq: number): void {
    this.socket.say({ type: 'message', from: 'bob', data: seq, seq })
  }
}

/** A client that gives up when its connection breaks, and waits for answers as long as by default. */
export const transient = { reconnect: false, timeout: 10_000 } as const

/** What a promise rejects with; `none` where it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    if (!(error instanceof SignalingClientError)) throw error
    return error.code
  }
}

/** All but `welcome` and `rawMessage`, which come with others. */
const names = [
  'joined',
  'left',
  'peerJoined',
  'peerLeft',
  'description',
  'candidate',
  'renegotiate',
  'message',
  'binary',
  'remoteClose',
  'undelivered',
  'reconnecting',
  'resumed',
  'lost',
  'drain',
  'iceServers',
  'error',
  'close',
] as const satisfies (keyof SignalingClientEvents)[]
