import type { Connection, Session } from './connection.ts'
import type { MutableCounters } from './counters.ts'
import type { LocalChannels } from './local-channel.ts'
import type { Outbox } from './outbox.ts'
import type { ChannelId, SaidEvent } from './store/channel-event.ts'
import { hears, type SayCommand, type SayOutcome } from './store/channel-store.ts'
import { answerTo, viewOfSaid, type Wire } from './views.ts'

/** What members hear over the connections of this process. */
export class Audience {
  readonly #channels: LocalChannels
  readonly #outbox: Outbox
  readonly #counters: MutableCounters

  constructor(channels: LocalChannels, outbox: Outbox, counters: MutableCounters) {
    this.#channels = channels
    this.#outbox = outbox
    this.#counters = counters
  }

  /** Those hear it whom it is for. */
  hear(id: ChannelId, event: SaidEvent): void {
    const sessions = this.#channels.get(id)?.sessions
    if (sessions === undefined) return
    if (event.to !== undefined) {
      const connection = event.to === event.from ? undefined : sessions.get(event.to)?.connection
      if (connection !== undefined) this.#hand(connection, viewOfSaid(event))
      return
    }
    let wire: Wire | undefined
    for (const [peer, { connection }] of sessions)
      if (connection !== undefined && hears(event, peer)) this.#hand(connection, (wire ??= viewOfSaid(event)))
  }

  /** All in the channel hear it but one. */
  tellOthers(id: ChannelId, self: string, wire: Wire): void {
    for (const [peer, { connection }] of this.#channels.get(id)?.sessions ?? [])
      if (peer !== self && connection !== undefined) this.#outbox.sendWire(connection.id, wire)
  }

  /** The speaker hears what became of what it said, where it asked or its number is due. */
  answer(session: Session, connection: Connection, { n, id, to }: SayCommand, outcome: SayOutcome): void {
    if (outcome.kind === 'refused') {
      this.#outbox.refuse(connection.id, outcome.fault, id)
      return
    }
    const answer = outcome.kind === 'accepted' ? answerTo(id, to, outcome.count) : null
    if (answer !== null) this.#outbox.sendWire(connection.id, answer)
    if (n === undefined) return
    session.received = n
    if (++session.unacknowledged >= ACKNOWLEDGE_AT) this.#acknowledge(session, connection)
  }

  #hand(connection: Connection, wire: Wire): void {
    this.#counters.deliveries++
    this.#outbox.sendWire(connection.id, wire)
    const { session } = connection
    if (session.unacknowledged >= ACKNOWLEDGE_AFTER) this.#acknowledge(session, connection)
  }

  /** Where nothing else tells the client that its frames came, this does. */
  #acknowledge(session: Session, connection: Connection): void {
    session.unacknowledged = 0
    this.#outbox.send(connection.id, { type: 'ack', n: session.received })
  }
}

/** Numbered frames after which the client is told how far they came, along with what else there is for it. */
const ACKNOWLEDGE_AFTER = 16
/** And after which it is told at once. */
const ACKNOWLEDGE_AT = 64
