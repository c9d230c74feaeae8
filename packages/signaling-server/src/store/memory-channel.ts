import type { ChannelEvent, ChannelId } from './channel-event.ts'
import { ChannelLog } from './channel-log.ts'
import type { StoreLimits } from './channel-store.ts'
import { KeptFrames } from './kept-frames.ts'

/** A session in a channel. */
export interface MemoryMember {
  readonly session: string
  readonly channel: MemoryChannel
  readonly peer: string
  /** As others see it, in JSON. */
  readonly member: string
  /** The event that it came by. */
  readonly joinedAt: number
  /** The last number accepted from it. */
  received: number
  readonly isResumable: boolean
  /** The last event that it is known to have; of one that cannot come back, all. */
  acknowledged: number
}

/** One life of a channel in the memory of this process. */
export class MemoryChannel {
  readonly id: ChannelId
  readonly name: string
  /** In the order they came. */
  readonly members: Map<string, MemoryMember> = new Map()
  readonly log: ChannelLog
  /** How many members may come back after their socket broke. */
  resumable = 0
  /** For the first peer that comes to a lone member; made when there is something to keep. */
  #kept: KeptFrames | undefined
  readonly #limits: StoreLimits
  #seq = 0

  constructor(id: ChannelId, name: string, limits: StoreLimits) {
    this.id = id
    this.name = name
    this.#limits = limits
    this.log = new ChannelLog(limits.loggedEvents, limits.loggedLength)
  }

  get kept(): KeptFrames {
    return (this.#kept ??= new KeptFrames(this.#limits.keptFrames, this.#limits.keptLength))
  }

  get hasKept(): boolean {
    return this.#kept !== undefined
  }

  nextSeq(): number {
    return ++this.#seq
  }

  append<Event extends ChannelEvent>(event: Event): Event {
    if (this.resumable > 0) this.log.push(event)
    else this.log.skip(event)
    return event
  }

  /** Forgets what all members have. */
  trim(): void {
    if (this.members.size === 0) return
    let all = Infinity
    for (const { acknowledged } of this.members.values()) all = Math.min(all, acknowledged)
    this.log.forget(all)
  }
}
