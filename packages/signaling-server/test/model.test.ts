import { describe, test } from '@jest/globals'
import fc from 'fast-check'

import { ChannelModel, names, type Person, wordsOf } from './support/channel-model.ts'
import { TestHub } from './test-hub.ts'

/*
 * Random interleavings of joining, leaving, speaking, breaking off, coming back and time passing, against a model that
 * knows only the rules: who is in, and what each must hear, once and in order.
 */

const WINDOW = 5_000

/** One client, and its connection. */
interface Client extends Person {
  connection: number | undefined
  /** Grows from one that broke off to the next: they are given up in that order. */
  departure: number
}

class Model extends ChannelModel<Client> {
  departures = 0

  constructor() {
    super((person) => ({ ...person, connection: undefined, departure: 0 }))
  }
}

class Real {
  readonly lab = new TestHub({ limits: { resumeWithin: WINDOW, heartbeat: Infinity, keptFrames: 0 } }, false)
  #connections = 0
  #messages = 0

  connect(): { readonly connection: number; readonly session: string } {
    const connection = ++this.#connections
    this.lab.connect(connection)
    return { connection, session: `session-${connection}` }
  }

  newMessage(): number {
    return ++this.#messages
  }

  /** What a client hears, in words; answers to itself left out. */
  hear(person: Client): readonly string[] {
    if (person.connection === undefined) return []
    return this.lab.takeNumbered(person.connection).flatMap((frame) => {
      if ('seq' in frame) person.seq = frame.seq
      return wordsOf(frame)
    })
  }
}

abstract class Step implements fc.Command<Model, Real> {
  readonly #who: number

  constructor(who: number) {
    this.#who = who
  }

  protected person(model: Model): Client {
    const person = model.people[this.#who]
    if (person === undefined) throw new Error('nobody')
    return person
  }

  check(model: Model): boolean {
    return this.isPossible(this.person(model))
  }

  run(model: Model, real: Real): void {
    this.act(model, real, this.person(model))
    // Everybody who is connected has heard exactly what was due, and those who are away wait for it.
    for (const person of model.people) {
      if (person.connection === undefined) continue
      const heard = real.hear(person)
      const due = person.due.splice(0)
      if (heard.join() !== due.join())
        throw new Error(`${person.name} heard [${heard.join()}] instead of [${due.join()}]`)
    }
    const inside = real.lab.membersOf('room').toSorted().join()
    if (inside !== model.members.map(({ name }) => name).join()) throw new Error(`in the room: ${inside}`)
  }

  toString(): string {
    return `${this.constructor.name}(${names[this.#who] ?? ''})`
  }

  protected abstract isPossible(person: Client): boolean
  protected abstract act(model: Model, real: Real, person: Client): void
}

class Join extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return !isIn && connection === undefined
  }

  protected act(model: Model, real: Real, person: Client): void {
    Object.assign(person, real.connect(), { isIn: true, seq: undefined })
    model.tell(person, `${person.name} comes`)
    const { connection = 0, name } = person
    real.lab.say(connection, { type: 'join', channel: 'room', peer: name, resumable: true })
  }
}

class Leave extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return isIn && connection !== undefined
  }

  protected act(model: Model, real: Real, person: Client): void {
    person.isIn = false
    model.tell(person, `${person.name} goes`)
    real.hear(person)
    person.due.length = 0
    real.lab.say(person.connection ?? 0, { type: 'leave' })
    real.lab.end(person.connection ?? 0, 1000)
    person.connection = undefined
  }
}

class Say extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return isIn && connection !== undefined
  }

  protected act(model: Model, real: Real, person: Client): void {
    const data = real.newMessage()
    // To an empty room nothing is kept here, so that it is refused.
    model.tell(person, `${person.name} says ${data}`)
    real.lab.say(person.connection ?? 0, { type: 'message', data })
  }
}

class Break extends Step {
  protected isPossible({ isIn, connection }: Client): boolean {
    return isIn && connection !== undefined
  }

  protected act(model: Model, real: Real, person: Client): void {
    real.lab.end(person.connection ?? 0, 1006)
    person.connection = undefined
    person.departure = ++model.departures
    person.awayUntil = real.lab.now + WINDOW
  }
}

class Resume extends Step {
  protected isPossible({ isIn }: Client): boolean {
    return isIn
  }

  protected act(_: Model, real: Real, person: Client): void {
    // Also where the old connection still stands: half open, it is replaced.
    real.hear(person)
    const { connection } = real.connect()
    const { session, seq } = person
    real.lab.say(connection, { type: 'resume', session, ...(seq !== undefined && { seq }) })
    Object.assign(person, { connection, awayUntil: Infinity })
  }
}

class Wait extends Step {
  protected isPossible(): boolean {
    return true
  }

  protected act(model: Model, real: Real): void {
    real.lab.pass(2_000)
    for (const person of model.members.toSorted((x, y) => x.departure - y.departure)) {
      if (person.awayUntil > real.lab.now) continue
      person.isIn = false
      person.awayUntil = Infinity
      person.due.length = 0
      model.tell(person, `${person.name} goes`)
    }
  }
}

describe('whatever happens in whichever order', () => {
  test('every member hears everything once and in order, also over broken connections', () => {
    const who = fc.nat(names.length - 1)
    const steps = [Join, Leave, Say, Say, Say, Break, Resume, Wait].map((Kind) =>
      who.map((person): fc.Command<Model, Real> => new Kind(person)),
    )
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 80, size: 'max' }), (commands) => {
        fc.modelRun(() => ({ model: new Model(), real: new Real() }), commands)
      }),
      { numRuns: 150 },
    )
  })
})
