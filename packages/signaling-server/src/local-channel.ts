import type { Session } from './connection.ts'
import type { ChannelId } from './store/channel-event.ts'

/** A channel as far as its members are served by this process. */
export interface LocalChannel {
  readonly id: ChannelId
  readonly name: string
  readonly sessions: Map<string, Session>
}

/** The channels that have members here. */
export class LocalChannels {
  readonly #channels: Map<ChannelId, LocalChannel> = new Map()

  get count(): number {
    return this.#channels.size
  }

  get(id: ChannelId): LocalChannel | undefined {
    return this.#channels.get(id)
  }

  enter(id: ChannelId, name: string, peer: string, session: Session): LocalChannel {
    let channel = this.#channels.get(id)
    if (channel === undefined) this.#channels.set(id, (channel = { id, name, sessions: new Map() }))
    channel.sessions.set(peer, session)
    return channel
  }

  exit(channel: LocalChannel, peer: string): void {
    channel.sessions.delete(peer)
    if (channel.sessions.size === 0) this.#channels.delete(channel.id)
  }
}
