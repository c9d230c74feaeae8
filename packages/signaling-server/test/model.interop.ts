import { afterAll, beforeAll, describe, test } from '@jest/globals'
import fc from 'fast-check'

import { names, wordsOf } from './support/channel-model.ts'
import { type Client, Fleet, Model, PROCESSES } from './support/model-fleet.ts'
import { hasRedis, RedisServer } from './support/redis-server.ts'
import type { TestClient } from './test-client.ts'

/*
 * The model of `model.test.ts` against five processes that share a Redis: clients join, leave, speak, break off and come
 * back on whichever process, those who are not resumable are out when they break off, and processes are killed. After
 * each step everybody who is connected must have heard exactly what was due; after the last one, nothing more.
 */

/** Waits until everybody has heard what is due, and fails where it is something else. */
async function settle(model: Model): Promise<void> {
  for (const person of model.members) {
    const { connection, due, name } = person
    if (connection === undefined) continue
    const heard: string[] = []
    while (heard.length < due.length) heard.push(...wordsOf(await soon(connection, name, due)))
    person.seq = connection.seq
    // Those who went down with one process are missed in any order.
    if (due.every((words) => words.endsWith(' goes'))) for (const words of [heard, due]) words.sort()
    if (heard.join() !== due.join())
      throw new Error(`${name} heard [${heard.join()}] instead of [${due.join()}]`)
    due.length = 0
  }
}

async function soon(
  connection: TestClient,
  name: string,
  due: readonly string[],
): ReturnType<TestClient['next']> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not hear [${due.join()}]`)), 60_000)
  })
  try {
    return await Promise.race([connection.next(), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Reads up to the answer, which nothing that is due may come before. What was answered before a resumption may be answered
 * again after it: the server cannot know that the answer came.
 */
async function expectNext(connection: TestClient, type: string): Promise<void> {
  let frame = await soon(connection, type, [type])
  while (frame.type === 'delivered') frame = await soon(connection, type, [type])
  if (frame.type !== type) throw new Error(`${JSON.stringify(frame)} instead of ${type}`)
}

abstract class Step implements fc.AsyncCommand<Model, Fleet> {
  protected readonly who: number
  protected readonly at: number

  constructor(who: number, at: number) {
    this.who = who
    this.at = at
  }

  check(model: Readonly<Model>): boolean {
    const person = model.people[this.who]
    return person !== undefined && this.isPossible(person, model)
  }

  async run(model: Model, fleet: Fleet): Promise<void> {
    const person = model.people[this.who]
    if (person !== undefined) await this.act(model, fleet, person)
    await settle(model)
  }

  toString(): string {
    return `${this.constructor.name}(${names[this.who] ?? ''}, ${this.at})`
  }

  protected abstract isPossible(person: Client, model: Readonly<Model>): boolean
  protected abstract act(model: Model, fleet: Fleet, person: Client): Promise<void>
}

class Join extends Step {
  protected readonly isResumable: boolean = true

  protected isPossible({ isIn }: Client): boolean {
    return !isIn
  }

  protected async act(model: Model, fleet: Fleet, person: Client): Promise<void> {
    const connection = await fleet.connect(this.at)
    const { session } = connection
    const { isResumable } = this
    connection.say({ type: 'join', channel: fleet.channel, peer: person.name, resumable: isResumable })
    await expectNext(connection, 'joined')
    Object.assign(person, { connection, session, at: this.at, isIn: true, isResumable, seq: connection.seq })
    model.tell(person, `${person.name} comes`)
  }
}

class Visit extends Join {
  protected override readonly isResumable: boolean = false
}

class Leave extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return isIn && connection !== undefined
  }

  protected async act(model: Model, _: Fleet, person: Client): Promise<void> {
    const { connection } = person
    if (connection === undefined) return
    connection.say({ type: 'leave' })
    await expectNext(connection, 'left')
    await connection.close()
    Object.assign(person, { connection: undefined, isIn: false })
    person.due.length = 0
    model.tell(person, `${person.name} goes`)
  }
}

class Say extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return isIn && connection !== undefined
  }

  /** The answer is awaited: where nobody hears it, somebody who comes next would else come before it was said. */
  protected async act(model: Model, fleet: Fleet, person: Client): Promise<void> {
    const { connection } = person
    if (connection === undefined) return
    const data = fleet.newMessage()
    model.tell(person, `${person.name} says ${data}`)
    connection.say({ type: 'message', data, id: data })
    let answer = await soon(connection, person.name, ['the answer'])
    while (answer.type === 'delivered' && answer.id !== data)
      answer = await soon(connection, person.name, ['the answer'])
    // Nothing is kept for whoever may come.
    const isAlone = model.members.length === 1
    const expected = isAlone
      ? answer.type === 'error' && answer.code === 'buffer-full'
      : answer.type === 'delivered'
    if (!expected) throw new Error(`${JSON.stringify(answer)} to ${person.name}`)
  }
}

class Break extends Step {
  protected isPossible(person: Client, model: Readonly<Model>): boolean {
    const { isIn, connection, isResumable } = person
    return isIn && connection !== undefined && (isResumable || isSeen(model, (other) => other !== person))
  }

  protected act(model: Model, _: Fleet, person: Client): Promise<void> {
    person.connection?.socket.terminate()
    cutOff(model, person)
    return Promise.resolve()
  }
}

class Resume extends Step {
  protected isPossible({ isIn, isResumable }: Client): boolean {
    return isIn && isResumable
  }

  /** Also where the old connection still stands: half open, it is replaced. */
  protected async act(_: Model, fleet: Fleet, person: Client): Promise<void> {
    const old = person.connection
    const connection = await fleet.connect(this.at)
    const { session, seq } = person
    connection.say({ type: 'resume', session, ...(seq !== undefined && { seq }) })
    await expectNext(connection, 'resumed')
    connection.seq ??= seq
    Object.assign(person, { connection, at: this.at })
    await old?.closed
  }
}

/** A process dies; its clients are away, and resume elsewhere or at its successor. */
class Die extends Step {
  protected isPossible(_: Client, model: Readonly<Model>): boolean {
    const loses = model.members.some(({ isResumable, at }) => !isResumable && at === this.at)
    return !loses || isSeen(model, ({ at }) => at !== this.at)
  }

  protected async act(model: Model, fleet: Fleet): Promise<void> {
    await fleet.replace(this.at)
    for (const person of model.people) {
      if (person.connection === undefined || person.at !== this.at) continue
      await person.connection.closed
      cutOff(model, person)
    }
  }
}

/** Whether one of these would hear that somebody is out: else nobody could tell when. */
function isSeen(model: Readonly<Model>, by: (witness: Client) => boolean): boolean {
  return model.members.some((member) => member.connection !== undefined && by(member))
}

/** Its connection is gone. Who cannot come back is out, at once or when its process is found dead. */
function cutOff(model: Model, person: Client): void {
  person.connection = undefined
  if (person.isResumable) return
  person.isIn = false
  person.due.length = 0
  model.tell(person, `${person.name} goes`)
}

const describeHere = hasRedis ? describe : describe.skip

describeHere(
  'whatever happens in whichever order on five processes (skipped where redis-server is absent)',
  () => {
    let redis: RedisServer
    let fleet: Fleet
    beforeAll(async () => {
      redis = await RedisServer.start()
      fleet = await Fleet.start(redis.url)
    })
    afterAll(async () => {
      await fleet.stop()
      await redis.stop()
    })

    test('every member hears everything once and in order, also over broken connections and dead processes', async () => {
      const who = fc.nat(names.length - 1)
      const at = fc.nat(PROCESSES - 1)
      const often = [Join, Join, Visit, Leave, Say, Say, Say, Say, Break, Break, Resume, Resume, Resume]
      const steps = [...often, ...often, Die].map((Kind) =>
        fc.tuple(who, at).map(([person, place]): fc.AsyncCommand<Model, Fleet> => new Kind(person, place)),
      )
      await fc.assert(
        fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
          const model = new Model()
          await fc.asyncModelRun(() => ({ model, real: fleet.newChannel() }), commands)
          // Behind what one more newcomer makes everybody hear, nothing else can be on its way.
          const last = await fleet.connect(0)
          last.say({ type: 'join', channel: fleet.channel, peer: 'last' })
          await expectNext(last, 'joined')
          for (const person of model.members) person.due.push('last comes')
          await settle(model)
          for (const { connection } of [...model.people, { connection: last }]) await connection?.close()
        }),
        { numRuns: RUNS, endOnFailure: true },
      )
    }, 120_000)
  },
)

if (!hasRedis) test.skip('redis-server is absent', () => {})

/** Thousands of steps where CI asks for many, some hundreds where somebody waits. */
const RUNS = process.env['PURERTC_SEEDS'] === undefined ? 15 : 60
