import type { Member } from '@purertc/signaling-protocol'

import type { Connection } from './connection.ts'
import type { KeptFrames } from './kept-frames.ts'

/** A connection under the name it has in a channel. */
export interface ChannelMember extends Member {
  readonly connection: Connection
}

/** The members of one channel, in the order they came. */
export class Channel {
  readonly name: string
  /** For the first peer that comes to a lone member. */
  readonly kept: KeptFrames
  readonly #members: Map<string, ChannelMember> = new Map()

  constructor(name: string, kept: KeptFrames) {
    this.name = name
    this.kept = kept
  }

  get count(): number {
    return this.#members.size
  }

  get members(): readonly ChannelMember[] {
    return [...this.#members.values()]
  }

  has(peer: string): boolean {
    return this.#members.has(peer)
  }

  add(member: ChannelMember): void {
    this.#members.set(member.peer, member)
  }

  remove(peer: string): void {
    this.#members.delete(peer)
  }

  /** All members but `self`. */
  othersThan(self: string): readonly ChannelMember[] {
    return this.members.filter((member) => member.peer !== self)
  }

  /** Whom a frame of `self` goes to: the member that `to` names, or all others but for `except`. */
  receivers(self: string, to: string | undefined, except: string | undefined): readonly ChannelMember[] {
    if (to === undefined) return this.othersThan(self).filter((member) => member.peer !== except)
    const member = to === self ? undefined : this.#members.get(to)
    return member === undefined ? [] : [member]
  }
}
