import { describe, test } from '@jest/globals'
import type { ServerFrame } from '@purertc/signaling-protocol'
import fc from 'fast-check'

import { TestHub } from './test-hub.ts'

/*
 * Random interleavings of joining, leaving, speaking, breaking off, coming back and time passing, against a model that
 * knows only the rules: who is in, and what each must hear, once and in order.
 */

const WINDOW = 5_000
const NAMES = ['a', 'b', 'c', 'd'] as const

/** One client as the model sees it. */
interface Person {
  readonly name: string
  connection: number | undefined
  session: string
  isIn: boolean
  awayUntil: number
  seq: number | undefined
  /** What it is yet to hear. */
  readonly due: string[]
}

class Model {
  readonly people: readonly Person[] = NAMES.map((name) => ({
    name,
    connection: undefined,
    session: '',
    isIn: false,
    awayUntil: Infinity,
    seq: undefined,
    due: [],
  }))

  get members(): readonly Person[] {
    return this.people.filter((person) => person.isIn)
  }

  tell(self: Person, what: string): void {
    for (const other of this.members) if (other !== self) other.due.push(what)
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
  hear(person: Person): readonly string[] {
    if (person.connection === undefined) return []
    return this.lab.takeNumbered(person.connection).flatMap((frame) => {
      if ('seq' in frame) person.seq = frame.seq
      return wordsOf(frame)
    })
  }
}

function wordsOf(frame: ServerFrame): readonly string[] {
  if (frame.type === 'message') return [`${frame.from} says ${JSON.stringify(frame.data)}`]
  if (frame.type === 'peer-joined') return [`${frame.peer} comes`]
  if (frame.type === 'peer-left') return [`${frame.peer} goes`]
  return []
}

abstract class Step implements fc.Command<Model, Real> {
  readonly #who: number

  constructor(who: number) {
    this.#who = who
  }

  protected person(model: Model): Person {
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
    return `${this.constructor.name}(${NAMES[this.#who] ?? ''})`
  }

  protected abstract isPossible(person: Person): boolean
  protected abstract act(model: Model, real: Real, person: Person): void
}

class Join extends Step {
  protected isPossible({ isIn, connection }: Person): boolean {
    return !isIn && connection === undefined
  }

  protected act(model: Model, real: Real, person: Person): void {
    Object.assign(person, real.connect(), { isIn: true, seq: undefined })
    model.tell(person, `${person.name} comes`)
    const { connection = 0, name } = person
    real.lab.say(connection, { type: 'join', channel: 'room', peer: name, resumable: true })
  }
}

class Leave extends Step {
  protected isPossible({ isIn, connection }: Person): boolean {
    return isIn && connection !== undefined
  }

  protected act(model: Model, real: Real, person: Person): void {
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
  protected isPossible({ isIn, connection }: Person): boolean {
    return isIn && connection !== undefined
  }

  protected act(model: Model, real: Real, person: Person): void {
    const data = real.newMessage()
    // To an empty room nothing is kept here, so that it is refused.
    model.tell(person, `${person.name} says ${data}`)
    real.lab.say(person.connection ?? 0, { type: 'message', data })
  }
}

class Break extends Step {
  protected isPossible({ isIn, connection }: Person): boolean {
    return isIn && connection !== undefined
  }

  protected act(_: Model, real: Real, person: Person): void {
    real.lab.end(person.connection ?? 0, 1006)
    person.connection = undefined
    person.awayUntil = real.lab.now + WINDOW
  }
}

class Resume extends Step {
  protected isPossible({ isIn }: Person): boolean {
    return isIn
  }

  protected act(_: Model, real: Real, person: Person): void {
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
    for (const person of model.members.toSorted((x, y) => x.awayUntil - y.awayUntil)) {
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
    const who = fc.nat(NAMES.length - 1)
    const steps = [Join, Leave, Say, Say, Say, Break, Resume, Wait].map((Kind) =>
      who.map((person): fc.Command<Model, Real> => new Kind(person)),
    )
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 80 }), (commands) => {
        fc.modelRun(() => ({ model: new Model(), real: new Real() }), commands)
      }),
      { numRuns: 150 },
    )
  })
})
