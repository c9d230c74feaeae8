import { TestClient } from '../test-client.ts'
import { ChannelModel, type Person } from './channel-model.ts'
import { ServerProcess } from './fleet.ts'

/** A member of the model, and the connection that it has at present. */
export interface Client extends Person {
  connection: TestClient | undefined
  at: number
  /** Of one that is not, a broken connection is the end. */
  isResumable: boolean
}

export class Model extends ChannelModel<Client> {
  constructor() {
    super((person) => ({ ...person, connection: undefined, at: 0, isResumable: true }))
  }
}

/** Processes that share a Redis, and are replaced when they die. */
export class Fleet {
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
    // Nobody's time to come back runs out before the test's does.
    const limits = { resumeWithin: 600_000, keptFrames: 0, burst: 10_000 }
    // A machine with other work holds a process up for longer than five short beats.
    return ServerProcess.start({ redis: this.#redis, beat: 300, limits })
  }
}

export const PROCESSES = 5
