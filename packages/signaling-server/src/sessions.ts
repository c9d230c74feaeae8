import { CloseCode, ErrorCode, type JoinFrame, type ResumeFrame } from '@purertc/signaling-protocol'

import {
  type Connection,
  ended,
  type Entering,
  type Joined,
  joinedAs,
  outside,
  type Resuming,
  type Session,
} from './connection.ts'
import type { MutableCounters } from './counters.ts'
import { Departures } from './departures.ts'
import { LocalChannels } from './local-channel.ts'
import type { Outbox } from './outbox.ts'
import type { ChannelEvent, ChannelId, JoinEvent, SaidEvent } from './store/channel-event.ts'
import {
  type ChannelStore,
  type ChannelStoreHost,
  hears,
  type JoinOutcome,
  type Membership,
  type ResumeOutcome,
  type SayCommand,
  type SayOutcome,
} from './store/channel-store.ts'
import { answerTo, viewOf, viewOfBye, viewOfJoin, viewOfOwnJoin, viewOfSaid, type Wire } from './views.ts'

/** What sessions ask of the hub: a connection that is of no use any more. */
export type Drop = (connection: Connection, code: CloseCode, reason: string) => void

/** The clients that are in a channel or on their way there, over whichever socket, and what they hear of it. */
export class Sessions implements ChannelStoreHost {
  readonly #outbox: Outbox
  readonly #store: ChannelStore
  readonly #counters: MutableCounters
  readonly #drop: Drop
  readonly #channels: LocalChannels = new LocalChannels()
  readonly #sessions: Map<string, Session> = new Map()
  readonly #departures: Departures

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
    this.#drop = drop
    this.#departures = new Departures(resumeWithin)
  }

  get channels(): number {
    return this.#channels.count
  }

  /** Members whose socket broke. */
  get away(): number {
    return this.#departures.count
  }

  get nextTimeout(): number {
    return this.#departures.next
  }

  /** Brings a session into the channel that it may enter, under a name or whichever of the made up ones is free. */
  enter(session: Session, frame: JoinFrame, name: string | (() => string)): void {
    const { channel, metadata, id } = frame
    const peer = typeof name === 'string' ? name : name()
    const entering: Entering = { kind: 'entering', frame, peer, leaving: undefined }
    session.place = entering
    session.unacknowledged = 0
    this.#sessions.set(session.token, session)
    const member = JSON.stringify({ peer, metadata })
    const { isResumable } = session
    this.#store.join(session.token, { channel, peer, member, isResumable, id }, (outcome) =>
      this.#run(() => {
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
    this.#departures.remove(session)
    if (place.kind === 'entering') {
      place.leaving ??= left ?? { id: undefined }
      return
    }
    if (place.kind === 'outside' || place.kind === 'joining') return
    const at = place.kind === 'resuming' ? place.from : place
    session.place = outside
    this.#sessions.delete(session.token)
    if (at?.kind === 'joined') this.#exit(session, at)
    else this.#store.leave(session.token, ignore)
  }

  /** The socket of a session broke. */
  depart(now: number, session: Session): void {
    session.connection = undefined
    if (session.place.kind === 'resuming') session.place.by = undefined
    this.#departures.add(now, session)
  }

  /** Takes up the session of a broken connection. */
  resume(connection: Connection, { session: token, seq, unanswered, id }: ResumeFrame): void {
    const known = this.#sessions.get(token)
    if (known?.place.kind === 'entering' || known?.connection === connection) {
      // Its join is not through: it is called off, and the client joins again.
      this.vacate(known)
      this.#counters.resumptionsFailed++
      this.#outbox.refuse(connection.id, ErrorCode.resumeFailed, id)
      return
    }
    const session = known ?? createSession(token, true)
    this.#replace(session)
    const from = placeOf(session)
    const resuming: Resuming = { kind: 'resuming', id, by: connection, from }
    session.place = resuming
    connection.resuming = session
    this.#sessions.set(token, session)
    this.#store.resume(token, { seq, unanswered }, (outcome) =>
      this.#run(() => {
        if (session.place === resuming) this.#settleResumption(session, outcome)
      }),
    )
  }

  /** Gives those up that did not come back. */
  handleTimeout(now: number): void {
    for (const session of this.#departures.expired(now)) {
      this.#counters.expired++
      this.vacate(session)
    }
  }

  /** Forgets all of them; the store keeps what it shares with other processes. */
  clear(): void {
    for (const session of this.#sessions.values()) {
      const { place } = session
      if (place.kind !== 'joined') continue
      const { channel, peer } = place
      this.#channels.exit(channel, peer)
      this.#outbox.unsubscribed(session.connection?.id, channel.name, peer, channel.sessions.size)
    }
    this.#sessions.clear()
    this.#departures.clear()
  }

  deliver(id: ChannelId, event: ChannelEvent): void {
    this.#outbox.enter()
    try {
      if (event.kind === 'said') this.#hear(id, event)
      else if (event.kind === 'join') this.#arrive(id, event)
      else if (event.kind === 'end') this.#end(id, event.seq)
      else {
        const self = event.kind === 'bye' ? event.from : event.peer
        const wire = event.kind === 'bye' ? viewOfBye(event) : viewOf(event, '', '', '')
        if (wire !== null) this.#tellOthers(id, self, wire)
      }
    } finally {
      this.#outbox.leave()
    }
  }

  said(token: string, { n, id, to }: SayCommand, outcome: SayOutcome): void {
    if (outcome.kind === 'accepted') this.#counters.relayed++
    else if (outcome.kind === 'repeated') this.#counters.repeated++
    const session = this.#sessions.get(token)
    const connection = session?.connection
    if (session === undefined || connection === undefined) return
    this.#outbox.enter()
    try {
      if (outcome.kind === 'refused') this.#outbox.refuse(connection.id, outcome.fault, id)
      else {
        const answer = outcome.kind === 'accepted' ? answerTo(id, to, outcome.count) : null
        if (answer !== null) this.#outbox.sendWire(connection.id, answer)
        // Where nothing else tells the client that its frames came, this does.
        if (n !== undefined && ++session.unacknowledged >= ACKNOWLEDGE_AFTER) {
          session.unacknowledged = 0
          this.#outbox.send(connection.id, { type: 'ack', n })
        }
      }
    } finally {
      this.#outbox.leave()
    }
  }

  revoked(token: string): void {
    const session = this.#sessions.get(token)
    if (session === undefined) return
    this.#run(() => {
      const at = placeOf(session)
      this.#replace(session)
      this.#departures.remove(session)
      this.#sessions.delete(token)
      session.place = outside
      if (at?.kind === 'joined') this.#channels.exit(at.channel, at.peer)
    })
  }

  adopted(now: number, token: string, { channel, name, peer }: Membership): void {
    if (this.#sessions.has(token)) return
    this.#run(() => {
      const session = createSession(token, true)
      session.place = joinedAs(this.#channels.enter(channel, name, peer, session), peer)
      this.#sessions.set(token, session)
      this.#departures.add(now, session)
      this.#outbox.rescheduled()
    })
  }

  lost(tokens?: readonly string[]): void {
    this.#run(() => {
      for (const token of tokens ?? [...this.#sessions.keys()]) {
        const session = this.#sessions.get(token)
        if (session !== undefined) this.#lose(session)
      }
    })
  }

  failed(error: Error): void {
    this.#run(() => this.#outbox.failed(error))
  }

  #run(enter: () => void): void {
    this.#outbox.enter()
    try {
      enter()
    } finally {
      this.#outbox.leave()
    }
  }

  /** The newcomer is in, wherever it is; those who were there are told. */
  #arrive(id: ChannelId, event: JoinEvent): void {
    const session = this.#sessions.get(event.session)
    if (session?.place.kind === 'entering') {
      const { frame, leaving } = session.place
      const channel = this.#channels.enter(id, frame.channel, event.peer, session)
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
    this.#tellOthers(id, event.peer, viewOfJoin(event))
  }

  #settleEntry(session: Session, entering: Entering, { fault }: JoinOutcome): void {
    if (fault === null || session.place !== entering) return
    session.place = outside
    this.#sessions.delete(session.token)
    this.#departures.remove(session)
    const { frame, leaving } = entering
    if (leaving !== undefined) this.#tellLeft(session, frame.channel, leaving.id)
    else if (session.connection !== undefined) this.#outbox.refuse(session.connection.id, fault, frame.id)
  }

  #tellLeft({ connection }: Session, channel: string, id: number | undefined): void {
    if (connection !== undefined)
      this.#outbox.send(connection.id, { type: 'left', channel, reason: 'leave', id })
  }

  #hear(id: ChannelId, event: SaidEvent): void {
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

  #hand(connection: Connection, wire: Wire): void {
    this.#counters.deliveries++
    this.#outbox.sendWire(connection.id, wire)
  }

  #tellOthers(id: ChannelId, self: string, wire: Wire): void {
    for (const [peer, { connection }] of this.#channels.get(id)?.sessions ?? [])
      if (peer !== self && connection !== undefined) this.#outbox.sendWire(connection.id, wire)
  }

  #end(id: ChannelId, seq: number): void {
    const channel = this.#channels.get(id)
    if (channel === undefined) return
    const sessions = [...channel.sessions]
    for (const [peer, session] of sessions) {
      this.#channels.exit(channel, peer)
      if (session.place.kind === 'resuming') session.place.from = ended
      else session.place = ended
      if (session.connection !== undefined)
        this.#outbox.send(session.connection.id, {
          type: 'left',
          channel: channel.name,
          reason: 'hangup',
          seq,
        })
    }
    for (const [peer, { connection }] of sessions)
      this.#outbox.unsubscribed(connection?.id, channel.name, peer, 0)
  }

  #exit(session: Session, { channel, peer }: Joined): void {
    const connection = session.connection?.id
    this.#channels.exit(channel, peer)
    this.#store.leave(session.token, (count) =>
      this.#run(() => this.#outbox.unsubscribed(connection, channel.name, peer, count)),
    )
  }

  /** Another connection has the session: whichever had it, or was about to, is closed. */
  #replace(session: Session): void {
    const { connection, place } = session
    session.connection = undefined
    this.#departures.remove(session)
    if (connection !== undefined) this.#drop(connection, CloseCode.replaced, 'resumed by another connection')
    if (place.kind !== 'resuming' || place.by === undefined) return
    const by = place.by
    place.by = undefined
    by.resuming = undefined
    this.#drop(by, CloseCode.replaced, 'resumed by another connection')
  }

  #settleResumption(session: Session, outcome: ResumeOutcome): void {
    const { place, token } = session
    if (place.kind !== 'resuming') return
    const { by: connection, id, from } = place
    if (connection !== undefined) connection.resuming = undefined
    if (outcome.fault !== null) {
      this.#counters.resumptionsFailed++
      this.#departures.remove(session)
      this.#sessions.delete(token)
      if (from?.kind === 'joined') this.#channels.exit(from.channel, from.peer)
      session.place = outside
      if (connection !== undefined) this.#outbox.refuse(connection.id, outcome.fault, id)
      return
    }
    const { membership, missed } = outcome
    const { name, peer, received } = membership
    const isOver = missed.at(-1)?.kind === 'end'
    if (isOver) session.place = ended
    else session.place = joinedAs(this.#channels.enter(membership.channel, name, peer, session), peer)
    if (connection === undefined) return
    session.connection = connection
    session.unacknowledged = 0
    connection.session = session
    this.#counters.resumptions++
    this.#counters.replayed += missed.length
    this.#outbox.send(connection.id, { type: 'resumed', channel: name, peer, received, id })
    for (const event of [...outcome.unanswered, ...missed]) {
      const wire = viewOf(event, peer, token, name)
      if (wire !== null) this.#outbox.sendWire(connection.id, wire)
    }
    this.#outbox.resumed(connection.id, name, peer, missed.length)
  }

  #lose(session: Session): void {
    const { connection, place } = session
    const at = placeOf(session)
    const by = place.kind === 'resuming' ? place.by : undefined
    this.#departures.remove(session)
    this.#sessions.delete(session.token)
    session.place = outside
    if (at?.kind === 'joined') {
      this.#channels.exit(at.channel, at.peer)
      this.#outbox.unsubscribed(connection?.id, at.channel.name, at.peer, at.channel.sessions.size)
    }
    if (by !== undefined) {
      by.resuming = undefined
      this.#outbox.refuse(by.id, ErrorCode.resumeFailed, place.kind === 'resuming' ? place.id : undefined)
    }
    if (connection === undefined) return
    this.#outbox.refuse(connection.id, ErrorCode.sessionLost)
    this.#drop(connection, CloseCode.sessionLost, 'the session is lost')
  }
}

export function createSession(token: string, isResumable: boolean): Session {
  return { token, connection: undefined, isResumable, place: outside, unacknowledged: 0 }
}

function placeOf({ place }: Session): Joined | typeof ended | undefined {
  if (place.kind === 'resuming') return place.from
  return place.kind === 'joined' || place.kind === 'ended' ? place : undefined
}

function ignore(): void {
  // Nobody is told of a session that is out of every channel.
}

/** Numbered frames after which the client is told how far they came. */
const ACKNOWLEDGE_AFTER = 16
