import { CloseCode, ErrorCode, type ResumeFrame } from '@purertc/signaling-protocol'

import {
  type Connection,
  createSession,
  ended,
  joinedAs,
  placeOf,
  type Resuming,
  type Session,
} from './connection.ts'
import type { MutableCounters } from './counters.ts'
import type { Outbox } from './outbox.ts'
import type { Roster } from './roster.ts'
import type { ChannelStore, ResumeOutcome } from './store/channel-store.ts'
import { viewOf } from './views.ts'

/** Asks for a connection that is of no use any more to be closed. */
export type Drop = (connection: Connection, code: CloseCode, reason: string) => void

/** Connections that take up the sessions of broken ones. */
export class Resumptions {
  readonly #roster: Roster
  readonly #outbox: Outbox
  readonly #store: ChannelStore
  readonly #counters: MutableCounters
  readonly #drop: Drop

  constructor(roster: Roster, outbox: Outbox, store: ChannelStore, counters: MutableCounters, drop: Drop) {
    this.#roster = roster
    this.#outbox = outbox
    this.#store = store
    this.#counters = counters
    this.#drop = drop
  }

  /** The store is asked for the session, wherever it was served. */
  begin(connection: Connection, { session: token, seq, unanswered, id }: ResumeFrame): void {
    const session = this.#roster.get(token) ?? createSession(token, true)
    this.replace(session)
    const resuming: Resuming = { kind: 'resuming', id, by: connection, from: placeOf(session) }
    session.place = resuming
    connection.resuming = session
    this.#roster.add(session)
    this.#store.resume(token, { seq, unanswered }, (outcome) => {
      this.#outbox.enter()
      try {
        if (session.place === resuming) this.#settle(session, resuming, outcome)
      } finally {
        this.#outbox.leave()
      }
    })
  }

  /** Another connection has the session: whichever had it, or was about to, is closed. */
  replace(session: Session): void {
    const { connection, place } = session
    session.connection = undefined
    this.#roster.departures.remove(session)
    if (connection !== undefined) this.#drop(connection, CloseCode.replaced, 'resumed by another connection')
    if (place.kind !== 'resuming' || place.by === undefined) return
    const by = place.by
    place.by = undefined
    by.resuming = undefined
    this.#drop(by, CloseCode.replaced, 'resumed by another connection')
  }

  /** The connection stays, without a session. */
  refuse(connection: Connection, fault: ErrorCode, id: number | undefined): void {
    this.#counters.resumptionsFailed++
    this.#outbox.refuse(connection.id, fault, id)
  }

  #settle(session: Session, { by: connection, id, from }: Resuming, outcome: ResumeOutcome): void {
    if (connection !== undefined) connection.resuming = undefined
    if (outcome.fault !== null) {
      this.#roster.strike(session)
      if (from?.kind === 'joined') this.#roster.channels.exit(from.channel, from.peer)
      if (connection === undefined) this.#counters.resumptionsFailed++
      else this.refuse(connection, outcome.fault, id)
      return
    }
    const { membership, missed } = outcome
    const { name, peer, received } = membership
    const isOver = missed.at(-1)?.kind === 'end'
    if (isOver) session.place = ended
    else {
      const channel = this.#roster.channels.enter(membership.channel, name, peer, session)
      session.place = joinedAs(channel, peer)
    }
    if (connection === undefined) return
    session.connection = connection
    session.unacknowledged = 0
    connection.session = session
    this.#counters.resumptions++
    this.#counters.replayed += missed.length
    this.#outbox.send(connection.id, { type: 'resumed', channel: name, peer, received, id })
    for (const event of [...outcome.unanswered, ...missed]) {
      const wire = viewOf(event, peer, session.token, name)
      if (wire !== null) this.#outbox.sendWire(connection.id, wire)
    }
    this.#outbox.resumed(connection.id, name, peer, missed.length)
  }
}
