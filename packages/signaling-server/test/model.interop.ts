import { afterAll, beforeAll, describe, test } from '@jest/globals'
import fc from 'fast-check'

import { ChannelModel, names, type Person, wordsOf } from './support/channel-model.ts'
import { ServerProcess } from './support/fleet.ts'
import { hasRedis, RedisServer } from './support/redis-server.ts'
import { TestClient } from './test-client.ts'

/*
 * The model of `model.test.ts` against three processes that share a Redis: clients join, leave, speak, break off and come
 * back on whichever process, and processes are killed. After each step everybody who is connected must have heard exactly
 * what was due; after the last one, nothing more.
 */
interface Client extends Person {
  connection: TestClient | undefined
  at: number
}

class Model extends ChannelModel<Client> {
  constructor() {
    super((person) => ({ ...person, connection: undefined, at: 0 }))
  }
}

class Fleet {
  readonly processes: ServerProcess[] = []
  readonly #redis: string
  #channels = 0
  #messages = 0
  channel = ''

  constructor(redis: string) {
    this.#redis = redis
  }

  static async start(redis: string): Promise<Fleet> {
    const fleet = new Fleet(redis)
    for (let at = 0; at < PROCESSES; at++) fleet.processes.push(await fleet.#serve())
    return fleet
  }

  newChannel(): this {
    this.channel = `channel-${++this.#channels}`
    return this
  }

  newMessage(): number {
    return ++this.#messages
  }

  async connect(at: number): Promise<TestClient> {
    const client = new TestClient(this.processes[at]?.url ?? '')
    await client.next()
    return client
  }

  /** One dies without a word, and another one takes its place. */
  async replace(at: number): Promise<void> {
    await this.processes[at]?.kill()
    this.processes[at] = await this.#serve()
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()))
  }

  #serve(): Promise<ServerProcess> {
    const limits = { resumeWithin: 60_000, keptFrames: 0, burst: 10_000 }
    return ServerProcess.start({ redis: this.#redis, beat: 100, limits })
  }
}

/** Waits until everybody has heard what is due, and fails where it is something else. */
async function settle(model: Model): Promise<void> {
  for (const person of model.members) {
    const { connection, due, name } = person
    if (connection === undefined) continue
    const heard: string[] = []
    while (heard.length < due.length) heard.push(...wordsOf(await soon(connection, name, due)))
    person.seq = connection.seq
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
    timer = setTimeout(() => reject(new Error(`${name} did not hear [${due.join()}]`)), 10_000)
  })
  try {
    return await Promise.race([connection.next(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Reads up to the answer, which nothing that is due may come before. */
async function expectNext(connection: TestClient, type: string): Promise<void> {
  const frame = await soon(connection, type, [type])
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
    return person !== undefined && this.isPossible(person)
  }

  async run(model: Model, fleet: Fleet): Promise<void> {
    const person = model.people[this.who]
    if (person !== undefined) await this.act(model, fleet, person)
    await settle(model)
  }

  toString(): string {
    return `${this.constructor.name}(${names[this.who] ?? ''}, ${this.at})`
  }

  protected abstract isPossible(person: Client): boolean
  protected abstract act(model: Model, fleet: Fleet, person: Client): Promise<void>
}

class Join extends Step {
  protected isPossible({ isIn }: Client): boolean {
    return !isIn
  }

  protected async act(model: Model, fleet: Fleet, person: Client): Promise<void> {
    const connection = await fleet.connect(this.at)
    const { session } = connection
    connection.say({ type: 'join', channel: fleet.channel, peer: person.name, resumable: true })
    await expectNext(connection, 'joined')
    Object.assign(person, { connection, session, at: this.at, isIn: true, seq: connection.seq })
    model.tell(person, `${person.name} comes`)
  }
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

  protected act(model: Model, fleet: Fleet, person: Client): Promise<void> {
    const data = fleet.newMessage()
    model.tell(person, `${person.name} says ${data}`)
    person.connection?.say({ type: 'message', data })
    return Promise.resolve()
  }
}

class Break extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return isIn && connection !== undefined
  }

  protected act(_: Model, __: Fleet, person: Client): Promise<void> {
    person.connection?.socket.terminate()
    person.connection = undefined
    return Promise.resolve()
  }
}

class Resume extends Step {
  protected isPossible({ isIn }: Client): boolean {
    return isIn
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
  protected isPossible(): boolean {
    return true
  }

  protected async act(model: Model, fleet: Fleet): Promise<void> {
    await fleet.replace(this.at)
    for (const person of model.people) {
      if (person.connection === undefined || person.at !== this.at) continue
      await person.connection.closed
      person.connection = undefined
    }
  }
}

const describeHere = hasRedis ? describe : describe.skip

describeHere(
  'whatever happens in whichever order on three processes (skipped where redis-server is absent)',
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
      const often = [Join, Join, Leave, Say, Say, Say, Say, Break, Break, Resume, Resume, Resume]
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

const PROCESSES = 3
/** Thousands of steps where CI asks for many, some hundreds where somebody waits. */
const RUNS = process.env['PURERTC_SEEDS'] === undefined ? 15 : 60
