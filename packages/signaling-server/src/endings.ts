import { CloseCode, ErrorCode } from '@purertc/signaling-protocol'

import { ended, placeOf, type Session } from './connection.ts'
import type { Outbox } from './outbox.ts'
import type { Drop } from './resumptions.ts'
import type { Roster } from './roster.ts'
import type { ChannelId } from './store/channel-event.ts'

/** Memberships that end without their client's doing. */
export class Endings {
  readonly #roster: Roster
  readonly #outbox: Outbox
  readonly #drop: Drop

  constructor(roster: Roster, outbox: Outbox, drop: Drop) {
    this.#roster = roster
    this.#outbox = outbox
    this.#drop = drop
  }

  /** Somebody's hang-up ended the channel. */
  end(id: ChannelId, seq: number): void {
    const channel = this.#roster.channels.get(id)
    if (channel === undefined) return
    const sessions = [...channel.sessions]
    for (const [peer, session] of sessions) {
      this.#roster.channels.exit(channel, peer)
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

  /** The store no longer knows the session, or cannot say what became of it. */
  lose(session: Session): void {
    const { connection, place } = session
    const at = placeOf(session)
    const by = place.kind === 'resuming' ? place.by : undefined
    this.#roster.strike(session)
    if (at?.kind === 'joined') {
      this.#roster.channels.exit(at.channel, at.peer)
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
