import { randomUUID } from 'node:crypto'

import { asError } from '@purertc/bytes'
import { ErrorCode } from '@purertc/signaling-protocol'
import { ErrorReply, type RedisClientOptions } from 'redis'

import type {
  ChannelStore,
  ChannelStoreHost,
  JoinCommand,
  JoinOutcome,
  ResumeCommand,
  ResumeOutcome,
  SayCommand,
  SayOutcome,
  StoreLimits,
} from '../../store/channel-store.ts'
import { applyScript } from './apply-script.ts'
import { Batches } from './batches.ts'
import { evaluate } from './evaluate.ts'
import { Inbox } from './inbox.ts'
import { beatScript, greetScript, inheritScript } from './life-scripts.ts'
import { Neighbours } from './neighbours.ts'
import { joinOperation, leaveOperation, type Operation, resumeOperation, sayOperation } from './operations.ts'
import { type InboxRecord, readInbox } from './record.ts'
import { RedisLink } from './redis-link.ts'
import { sweep } from './sweep.ts'

export interface RedisStoreOptions {
  /** Options of the official client: `url`, `socket`, credentials … */
  readonly redis?: RedisClientOptions
  /** In front of all keys; processes with the same one share channels. `purertc:` by default. */
  readonly prefix?: string
  /** Milliseconds between two signs of life of this process, 1,000 by default. After five missed it counts as dead. */
  readonly beat?: number
  /** Operations that may wait while Redis cannot be reached, 10,000 by default; more are refused: `unavailable`. */
  readonly pending?: number
  /** Characters of these operations together, 67,108,864 by default. */
  readonly pendingLength?: number
}

/**
 * Channels that processes share through Redis (or Valkey). What a process asks is collected into batches, of which one is
 * under way at a time, each applied as a whole by a script; what its members are to hear comes in order through an inbox
 * of its own. A Redis server that was restarted may have forgotten what it had confirmed, so that sessions of before are
 * lost, and reported as such.
 */
export class RedisStore implements ChannelStore {
  readonly #options: RedisStoreOptions
  readonly #node: string = randomUUID()
  readonly #link: RedisLink
  readonly #neighbours: Neighbours = new Neighbours(this.#node, MISSED_BEATS)
  #host: ChannelStoreHost | undefined
  #limits: readonly string[] = []
  readonly #batches: Batches
  readonly #inbox: Inbox
  #timer: NodeJS.Timeout | undefined
  #isGreeted = false
  #isClosed = false
  readonly #resuming: Map<string, Resumption> = new Map()

  /** Use {@link connectRedisStore}, which waits until Redis answers. */
  constructor(options: RedisStoreOptions = {}) {
    this.#options = options
    this.#link = new RedisLink(options.redis ?? {}, {
      up: (isNewWorld) => void this.#begin(isNewWorld),
      down: (error) => this.#interrupted(error),
    })
    const failed = (error: unknown): void => this.#handleFailure(error)
    const { pending = 10_000, pendingLength = 67_108_864 } = options
    this.#batches = new Batches(
      {
        isReady: () => this.isReady && this.#host !== undefined,
        apply: (number, operations) => this.#apply(number, operations),
        failed,
      },
      { operations: pending, length: pendingLength },
    )
    this.#inbox = new Inbox(this.#link, {
      received: (text) => {
        for (const record of readInbox(text, this.#unansweredOf)) this.#handle(record)
      },
      missed: () => {
        this.#forget()
        this.#link.reset(new Error('this process was too slow for its inbox'))
      },
      failed,
    })
  }

  get isReady(): boolean {
    return this.#isGreeted && this.#link.isUp
  }

  async connect(): Promise<void> {
    await this.#link.open()
  }

  open(host: ChannelStoreHost, limits: StoreLimits): void {
    this.#host = host
    const { members, channels, keptFrames, keptLength, loggedEvents, loggedLength } = limits
    this.#limits = [members, channels, keptFrames, keptLength, loggedEvents, loggedLength].map(String)
    if (this.isReady) this.#listen()
    this.#batches.flush()
  }

  join(session: string, request: JoinCommand, done: (outcome: JoinOutcome) => void): void {
    this.#push(joinOperation(session, request, done))
  }

  say(session: string, said: SayCommand): void {
    this.#push(sayOperation(session, said, this.#said))
  }

  leave(session: string, done: (count: number) => void): void {
    this.#push(leaveOperation(session, done), true)
  }

  resume(session: string, request: ResumeCommand, done: (outcome: ResumeOutcome) => void): void {
    const { unanswered } = request
    this.#resuming.set(session, { unanswered, done })
    this.#push(resumeOperation(session, request, () => this.#settleResumption(session, UNAVAILABLE)))
  }

  acknowledge(): void {
    // The log is cut by its limits: what members of other processes have is not known here.
  }

  membersOf(channel: string, done: (peers: readonly string[]) => void): void {
    this.#members(channel).then(done, () => done([]))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    // What members did last is part of what they leave behind.
    await this.#settled()
    this.#isClosed = true
    clearTimeout(this.#timer)
    const { heir } = this.#neighbours
    // Where there is none, another process finds this one dead, or a client that resumes takes its session along.
    if (this.isReady && heir !== undefined)
      await this.#ask(inheritScript, [this.#node, '', ...this.#limits.slice(4)], heir).catch(
        (error: unknown) => this.#report(error),
      )
    this.#link.close()
  }

  readonly #said = (session: string, said: SayCommand, outcome: SayOutcome): void =>
    this.#host?.said(session, said, outcome)

  #push(operation: Operation, always = false): void {
    if (this.#isClosed || (!this.#batches.hasRoom && !always)) {
      // Not now: whoever asks is in the middle of something.
      setImmediate(() => operation.settle(null))
      return
    }
    this.#batches.push(operation)
  }

  async #apply(number: number, operations: readonly Operation[]): Promise<string> {
    const args = [number.toString(), this.#inbox.last.toString(), ...this.#limits, ENDED_FOR]
    for (const operation of operations) for (const arg of operation.args) args.push(arg)
    return (await this.#ask(applyScript, args)) as string
  }

  /** The link comes back by itself, and what has no answer is sent again then. */
  #handleFailure(error: unknown): void {
    if (this.#isClosed) return
    if (error instanceof ErrorReply) {
      this.#report(error)
      if (error.message.includes('DEAD')) this.#forget()
    }
    this.#link.reset(asError(error))
  }

  #ask(script: string, args: readonly string[], node = this.#node): Promise<unknown> {
    return evaluate(this.#link, script, [this.#prefix, node, ...args])
  }

  get #prefix(): string {
    return `${this.#options.prefix ?? PREFIX}${this.#link.world.slice(0, 12)}:`
  }

  async #begin(isNewWorld: boolean): Promise<void> {
    if (isNewWorld && this.#isGreeted) this.#forget()
    try {
      if (!this.#isGreeted) {
        await this.#ask(greetScript, [])
        this.#batches.restart()
        this.#inbox.restart()
        this.#isGreeted = true
      }
    } catch (error) {
      this.#report(error)
      this.#link.reset(asError(error))
      return
    }
    if (isNewWorld)
      sweep(this.#link, this.#options.prefix ?? PREFIX, this.#prefix).catch((error: unknown) =>
        this.#report(error),
      )
    if (this.#host !== undefined) this.#listen()
    this.#beatLater(0)
    this.#batches.resume()
  }

  /** What comes before there is a host waits: it may be somebody's session. */
  #listen(): void {
    void this.#inbox.read(`${this.#prefix}i:${this.#node}`)
  }

  #interrupted(error: Error): void {
    this.#inbox.interrupt()
    clearTimeout(this.#timer)
    this.#report(error)
  }

  /** This process counts as dead, or Redis has forgotten it: its sessions are others' or nobody's. */
  #forget(): void {
    this.#isGreeted = false
    this.#host?.lost()
    this.#batches.abandon()
    for (const session of [...this.#resuming.keys()]) this.#settleResumption(session, UNAVAILABLE)
  }

  readonly #unansweredOf = (session: string): number | undefined => this.#resuming.get(session)?.unanswered

  #handle(record: InboxRecord): void {
    if (record.kind === 'event') this.#host?.deliver(record.channel, record.event)
    else if (record.kind === 'resumed') this.#settleResumption(record.session, record.outcome)
    else if (record.kind === 'revoked') this.#host?.revoked(record.session)
    else this.#host?.adopted(performance.now(), record.session, record.membership)
  }

  #settleResumption(session: string, outcome: ResumeOutcome): void {
    const resumption = this.#resuming.get(session)
    this.#resuming.delete(session)
    resumption?.done(outcome)
  }

  #beatLater(wait: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#beat(), wait)
  }

  async #beat(): Promise<void> {
    try {
      const beats = (await this.#ask(beatScript, [])) as string[]
      const dead = this.#neighbours.look(beats)
      // Without a host there is nobody to have their sessions.
      for (const { node, beat } of this.#host === undefined ? [] : dead)
        await this.#ask(inheritScript, [node, beat, ...this.#limits.slice(4)])
    } catch (error) {
      this.#handleFailure(error)
      return
    }
    if (!this.#isClosed) this.#beatLater(this.#options.beat ?? 1_000)
  }

  async #members(channel: string): Promise<readonly string[]> {
    const id = await this.#link.ask<string | null>(['GET', `${this.#prefix}a:${channel}`])
    if (id === null) return []
    return this.#link.ask<readonly string[]>(['ZRANGE', `${this.#prefix}p:${id}`, '0', '-1'])
  }

  /** Waits for what was asked, but not for a Redis that is away. */
  async #settled(): Promise<void> {
    const until = performance.now() + FAREWELL
    while (!this.#batches.isIdle && this.isReady && performance.now() < until)
      await new Promise((resolve) => setImmediate(resolve))
  }

  #report(error: unknown): void {
    this.#host?.failed(asError(error))
  }
}

/**
 * A store that is connected to Redis.
 *
 * @example
 * const store = await connectRedisStore({ redis: { url: 'redis://localhost:6379' } })
 * const server = await createSignalingServer({ port: 8080, store })
 */
export async function connectRedisStore(options: RedisStoreOptions = {}): Promise<RedisStore> {
  const store = new RedisStore(options)
  await store.connect()
  return store
}

interface Resumption {
  readonly unanswered: number | undefined
  readonly done: (outcome: ResumeOutcome) => void
}

const PREFIX = 'purertc:'
const UNAVAILABLE = { fault: ErrorCode.unavailable } as const
const MISSED_BEATS = 5
/** Milliseconds for which an ended channel is remembered, for members that are away. */
const ENDED_FOR = '120000'
const FAREWELL = 500
