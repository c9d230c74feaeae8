import type { SayCommand } from './channel-store.ts'

/** What a lone member said, for the first peer that comes. */
export class KeptFrames {
  readonly #maxFrames: number
  readonly #maxLength: number
  #frames: KeptFrame[] = []
  #length = 0

  /** At most this many frames, of this many characters and bytes together. */
  constructor(maxFrames: number, maxLength: number) {
    this.#maxFrames = maxFrames
    this.#maxLength = maxLength
  }

  /** Keeps a frame; false when there is no room. */
  keep({ topic, body, bytes }: SayCommand): boolean {
    // A new description begins a negotiation: what belonged to the old one would only confuse the newcomer.
    const frames =
      topic === 'description' ? this.#frames.filter((kept) => kept.topic === 'message') : this.#frames
    const length =
      topic === 'description' ? frames.reduce((sum, kept) => sum + lengthOf(kept), 0) : this.#length
    const kept: KeptFrame = { topic, body, bytes }
    if (frames.length >= this.#maxFrames || length + lengthOf(kept) > this.#maxLength) return false
    this.#frames = frames
    this.#frames.push(kept)
    this.#length = length + lengthOf(kept)
    return true
  }

  /** Hands all of it out, in the order it came, and forgets it. */
  take(): readonly KeptFrame[] {
    const frames = this.#frames
    this.#frames = []
    this.#length = 0
    return frames
  }
}

export type KeptFrame = Pick<SayCommand, 'topic' | 'body' | 'bytes'>

function lengthOf({ body, bytes }: KeptFrame): number {
  return body.length + (bytes?.length ?? 0)
}
