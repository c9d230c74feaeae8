import type { ServerFrame } from '@purertc/signaling-protocol'

export const names = ['a', 'b', 'c', 'd'] as const

/** One client as the model sees it. */
export interface Person {
  readonly name: string
  session: string
  isIn: boolean
  awayUntil: number
  seq: number | undefined
  /** What it is yet to hear. */
  readonly due: string[]
}

/** Who is in, and what each must hear: everything once, in order. */
export class ChannelModel<Client extends Person> {
  readonly people: readonly Client[]

  constructor(create: (person: Person) => Client) {
    this.people = names.map((name) =>
      create({
        name,
        session: '',
        isIn: false,
        awayUntil: Infinity,
        seq: undefined,
        due: [],
      }),
    )
  }

  get members(): readonly Client[] {
    return this.people.filter((person) => person.isIn)
  }

  tell(self: Client, what: string): void {
    for (const other of this.members) if (other !== self) other.due.push(what)
  }
}

/** What a client hears of the others, in words. */
export function wordsOf(frame: ServerFrame): readonly string[] {
  if (frame.type === 'message') return [`${frame.from} says ${JSON.stringify(frame.data)}`]
  if (frame.type === 'peer-joined') return [`${frame.peer} comes`]
  if (frame.type === 'peer-left') return [`${frame.peer} goes`]
  return []
}
