import { SctpError } from '../errors.ts'
import { ChannelIds } from './channel-ids.ts'
import type { Channel } from './data-channel.ts'

/** The channels that are not closed, by stream, and who may have which. */
export class ChannelRegistry {
  readonly #ids: ChannelIds
  readonly #channels = new Map<number, Channel>()
  /** Bytes of labels and protocols of channels that the peer opened. */
  #foreignNames = 0

  constructor(dtlsRole: 'client' | 'server') {
    this.#ids = new ChannelIds(dtlsRole)
  }

  get(id: number): Channel | undefined {
    return this.#channels.get(id)
  }

  /** As they are added and removed. */
  values(): IterableIterator<Channel> {
    return this.#channels.values()
  }

  /** As they are now. */
  all(): Channel[] {
    return [...this.#channels.values()]
  }

  add(channel: Channel): void {
    this.#channels.set(channel.id, channel)
    this.#foreignNames += channel.foreignNames
  }

  /** False where it is gone already. */
  remove(channel: Channel): boolean {
    if (this.#channels.get(channel.id) !== channel) return false
    this.#channels.delete(channel.id)
    this.#ids.release(channel.id)
    this.#foreignNames -= channel.foreignNames
    return true
  }

  /**
   * The id for a channel of ours: `wanted` where both ends have agreed on it, else the next that is free. `streams`: how
   * many there are. Throws {@link SctpError} `invalid-channel`.
   */
  chooseId(wanted: number | undefined, isNegotiated: boolean, streams: number): number {
    const isTaken = (id: number): boolean => this.#channels.has(id)
    const limit = Math.min(streams, highestId + 1)
    if (!isNegotiated) return this.#ids.next(isTaken, limit)
    if (wanted === undefined || !Number.isInteger(wanted) || wanted < 0 || wanted >= limit)
      throw new SctpError('invalid-channel', `a negotiated channel needs an id below ${limit}`)
    if (isTaken(wanted)) throw new SctpError('invalid-channel', `id ${wanted} is taken`)
    return wanted
  }

  /** Whether the peer may open a channel on this stream, whose names have so many bytes. */
  mayTake(id: number, names: number, streams: number): boolean {
    const isPossible = this.#ids.isForeign(id) && id < Math.min(streams, highestId + 1)
    return isPossible && this.#foreignNames + names <= maxForeignNames
  }
}

/** RFC 8832 §6: 65535 is no channel, since INIT cannot offer so many streams. */
const highestId = 65_534
/** So many bytes of label and protocol may the peer make us remember. */
const maxForeignNames = 4 * 1_048_576
