import { ErrorCode, type JoinFrame, type ResumeFrame } from '@purertc/signaling-protocol'

import { Audience } from './audience.ts'
import {
  type Connection,
  createSession,
  type Entering,
  type Joined,
  joinedAs,
  placeOf,
  type Session,
} from './connection.ts'
import type { MutableCounters } from './counters.ts'
import { Endings } from './endings.ts'
import type { Outbox } from './outbox.ts'
import { type Drop, Resumptions } from './resumptions.ts'
import { Roster } from './roster.ts'
import type { ChannelEvent, ChannelId, JoinEvent } from './store/channel-event.ts'
import type {
  ChannelStore,
  ChannelStoreHost,
  JoinOutcome,
  Membership,
  SayCommand,
  SayOutcome,
} from './store/channel-store.ts'
import { viewOf, viewOfBye, viewOfJoin, viewOfOwnJoin } from './views.ts'

/** The clients that are in a channel or on their way there, over whichever socket, and what they hear of it. */
export class Sessions implements ChannelStoreHost {
  readonly #outbox: Outbox
  readonly #store: ChannelStore
  readonly #counters: MutableCounters
  readonly #roster: Roster
  readonly #audience: Audience
  readonly #resumptions: Resumptions
  readonly #endings: Endings

  constructor(
    outbox: Outbox,
    store: ChannelStore,
    counters: MutableCounters,
    resumeWithin: number,
    drop: Drop,
  ) {
    this.#outbox = outbox
    this.#store = store
    this.#counters = counters
    this.#roster = new Roster(resumeWithin)
    this.#audience = new Audience(this.#roster.channels, outbox, counters)
    this.#resumptions = new Resumptions(this.#roster, outbox, store, counters, drop)
    this.#endings = new Endings(this.#roster, outbox, drop)
  }

  get channels(): number {
    return this.#roster.channels.count
  }

  /** Members whose socket broke. */
  get away(): number {
    return this.#roster.departures.count
  }

  get nextTimeout(): number {
    return this.#roster.departures.next
  }

  /** Brings a session into the channel that it may enter, under a name or whichever of the made up ones is free. */
  enter(session: Session, frame: JoinFrame, name: string | (() => string)): void {
    const { channel, metadata, id } = frame
    const peer = typeof name === 'string' ? name : name()
    const entering: Entering = { kind: 'entering', frame, peer, leaving: undefined }
    session.place = entering
    session.unacknowledged = 0
    this.#roster.add(session)
    const member = JSON.stringify({ peer, metadata })
    const { isResumable } = session
    this.#store.join(session.token, { channel, peer, member, isResumable, id }, (outcome) =>
      this.#outbox.bracket(() => {
        const isRetried = outcome.fault === ErrorCode.peerTaken && typeof name !== 'string'
        if (isRetried && session.place === entering && entering.leaving === undefined)
          this.enter(session, frame, name)
        else this.#settleEntry(session, entering, outcome)
      }),
    )
  }

  say(session: Session, said: SayCommand): void {
    this.#store.say(session.token, said)
  }

  acknowledge(session: Session, seq: number): void {
    this.#store.acknowledge(session.token, seq)
  }

  /** Takes a session out of wherever it is, for good. */
  vacate(session: Session, left?: { readonly id: number | undefined }): void {
    const { place } = session
    this.#roster.departures.remove(session)
    if (place.kind === 'entering') {
      place.leaving ??= left ?? { id: undefined }
      return
    }
    if (place.kind === 'outside' || place.kind === 'joining') return
    const at = place.kind === 'resuming' ? place.from : place
    this.#roster.strike(session)
    if (at?.kind === 'joined') this.#exit(session, at)
    else this.#store.leave(session.token, ignore)
  }

  /** The socket of a session broke. */
  depart(now: number, session: Session): void {
    session.connection = undefined
    if (session.place.kind === 'resuming') session.place.by = undefined
    this.#roster.departures.add(now, session)
  }

  /** Takes up the session of a broken connection. */
  resume(connection: Connection, frame: ResumeFrame): void {
    const known = this.#roster.get(frame.session)
    if (known?.place.kind === 'entering' || known?.connection === connection) {
      // Its join is not through: it is called off, and the client joins again.
      this.vacate(known)
      this.#resumptions.refuse(connection, ErrorCode.resumeFailed, frame.id)
    } else this.#resumptions.begin(connection, frame)
  }

  /** Gives those up that did not come back. */
  handleTimeout(now: number): void {
    for (const session of this.#roster.departures.expired(now)) {
      this.#counters.expired++
      this.vacate(session)
    }
  }

  /** Forgets all of them; the store keeps what it shares with other processes. */
  clear(): void {
    for (const session of this.#roster.all) {
      const { place } = session
      if (place.kind !== 'joined') continue
      const { channel, peer } = place
      this.#roster.channels.exit(channel, peer)
      this.#outbox.unsubscribed(session.connection?.id, channel.name, peer, channel.sessions.size)
    }
    this.#roster.clear()
  }

  deliver(id: ChannelId, event: ChannelEvent): void {
    this.#outbox.enter()
    try {
      if (event.kind === 'said') this.#audience.hear(id, event)
      else if (event.kind === 'join') this.#arrive(id, event)
      else if (event.kind === 'end') this.#endings.end(id, event.seq)
      else {
        const self = event.kind === 'bye' ? event.from : event.peer
        const wire = event.kind === 'bye' ? viewOfBye(event) : viewOf(event, '', '', '')
        if (wire !== null) this.#audience.tellOthers(id, self, wire)
      }
    } finally {
      this.#outbox.leave()
    }
  }

  said(token: string, said: SayCommand, outcome: SayOutcome): void {
    if (outcome.kind === 'accepted') this.#counters.relayed++
    else if (outcome.kind === 'repeated') this.#counters.repeated++
    const session = this.#roster.get(token)
    const connection = session?.connection
    if (session === undefined || connection === undefined) return
    this.#outbox.enter()
    try {
      this.#audience.answer(session, connection, said, outcome)
    } finally {
      this.#outbox.leave()
    }
  }

  revoked(token: string): void {
    const session = this.#roster.get(token)
    if (session === undefined) return
    this.#outbox.bracket(() => {
      const at = placeOf(session)
      this.#resumptions.replace(session)
      this.#roster.strike(session)
      if (at?.kind === 'joined') this.#roster.channels.exit(at.channel, at.peer)
    })
  }

  adopted(now: number, token: string, { channel, name, peer }: Membership): void {
    if (this.#roster.get(token) !== undefined) return
    this.#outbox.bracket(() => {
      const session = createSession(token, true)
      session.place = joinedAs(this.#roster.channels.enter(channel, name, peer, session), peer)
      this.#roster.add(session)
      this.#roster.departures.add(now, session)
      this.#outbox.rescheduled()
    })
  }

  lost(tokens?: readonly string[]): void {
    this.#outbox.bracket(() => {
      for (const session of tokens?.map((token) => this.#roster.get(token)) ?? this.#roster.all) {
        if (session !== undefined) this.#endings.lose(session)
      }
    })
  }

  failed(error: Error): void {
    this.#outbox.bracket(() => this.#outbox.failed(error))
  }

  /** The newcomer is in, wherever it is; those who were there are told. */
  #arrive(id: ChannelId, event: JoinEvent): void {
    const session = this.#roster.get(event.session)
    if (session?.place.kind === 'entering') {
      const { frame, leaving } = session.place
      const channel = this.#roster.channels.enter(id, frame.channel, event.peer, session)
      session.place = joinedAs(channel, event.peer)
      this.#counters.joins++
      if (session.connection !== undefined && leaving === undefined) {
        this.#outbox.sendWire(session.connection.id, viewOfOwnJoin(event, channel.name))
        this.#outbox.subscribed(session.connection.id, channel.name, event.peer, event.count)
      }
      if (leaving !== undefined) {
        this.vacate(session)
        this.#tellLeft(session, channel.name, leaving.id)
      }
    }
    this.#audience.tellOthers(id, event.peer, viewOfJoin(event))
  }

  #settleEntry(session: Session, entering: Entering, { fault }: JoinOutcome): void {
    if (fault === null || session.place !== entering) return
    this.#roster.strike(session)
    const { frame, leaving } = entering
    if (leaving !== undefined) this.#tellLeft(session, frame.channel, leaving.id)
    else if (session.connection !== undefined) this.#outbox.refuse(session.connection.id, fault, frame.id)
  }

  #tellLeft({ connection }: Session, channel: string, id: number | undefined): void {
    if (connection !== undefined)
      this.#outbox.send(connection.id, { type: 'left', channel, reason: 'leave', id })
  }

  #exit(session: Session, { channel, peer }: Joined): void {
    const connection = session.connection?.id
    this.#roster.channels.exit(channel, peer)
    this.#store.leave(session.token, (count) =>
      this.#outbox.bracket(() => this.#outbox.unsubscribed(connection, channel.name, peer, count)),
    )
  }
}

function ignore(): void {
  // Nobody is told of a session that is out of every channel.
}
