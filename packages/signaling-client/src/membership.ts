import type { ClientFrameOf, ServerFrameOf } from '@purertc/signaling-protocol'

import type { JoinOptions } from './options.ts'
import { SentFrames } from './sent-frames.ts'

/** A client's place in a channel, from its `join` on, over one connection after another. */
export class Membership {
  readonly channel: string
  readonly joinId: number
  /** The session that it is resumed by. */
  readonly session: string
  readonly sent: SentFrames = new SentFrames()
  readonly #options: JoinOptions
  /** The answer to the `join`; `undefined` until it is there. */
  joined: ServerFrameOf<'joined'> | undefined
  /** The request to leave that has no answer yet. */
  leaving: number | undefined
  /** Whether the event that was heard last had not come before. */
  isNew = true
  /** The last event. */
  #seq: number | undefined
  #unacknowledged = 0

  constructor(channel: string, options: JoinOptions, joinId: number, session: string) {
    this.channel = channel
    this.#options = options
    this.joinId = joinId
    this.session = session
  }

  joinFrame(resumable: boolean): ClientFrameOf<'join'> {
    const { peer, metadata, token } = this.#options
    return {
      type: 'join',
      channel: this.channel,
      peer,
      metadata,
      token: typeof token === 'function' ? token() : token,
      ...(resumable && { resumable }),
      id: this.joinId,
    }
  }

  resumeFrame(id: number): ClientFrameOf<'resume'> {
    const { session } = this
    return { type: 'resume', session, seq: this.#seq, unanswered: this.sent.unanswered, id }
  }

  /** The same again, in a new session, under the name that it had. */
  again(joinId: number, session: string): Membership {
    const peer = this.joined?.peer ?? this.#options.peer
    return new Membership(this.channel, { ...this.#options, peer }, joinId, session)
  }

  enter(joined: ServerFrameOf<'joined'>): void {
    this.joined = joined
    this.#seq = joined.seq
  }

  /** An event came: true when the server is to be told how far they have come. */
  hear(seq: number): boolean {
    this.isNew = seq > (this.#seq ?? 0)
    if (!this.isNew) return false
    this.#seq = seq
    if (++this.#unacknowledged < ACKNOWLEDGE_AFTER) return false
    this.#unacknowledged = 0
    return true
  }
}

/** Events after which the server is told that it need not keep them. */
const ACKNOWLEDGE_AFTER = 16
