import type { RelayedFrame } from '@purertc/signaling-protocol'

/** What a lone member said, for the first peer that comes. */
export class KeptFrames {
  readonly #maxFrames: number
  readonly #maxLength: number
  #frames: KeptFrame[] = []
  #length = 0

  /** At most this many frames, of this many characters together. */
  constructor(maxFrames: number, maxLength: number) {
    this.#maxFrames = maxFrames
    this.#maxLength = maxLength
  }

  /** Keeps the text of a frame; false when there is no room. */
  keep(type: RelayedFrame['type'], text: string): boolean {
    // A new description begins a negotiation: what belonged to the old one would only confuse the newcomer.
    const frames =
      type === 'description' ? this.#frames.filter((kept) => kept.type === 'message') : this.#frames
    const length = type === 'description' ? lengthOf(frames) : this.#length
    if (frames.length >= this.#maxFrames || length + text.length > this.#maxLength) return false
    this.#frames = frames
    this.#frames.push({ type, text })
    this.#length = length + text.length
    return true
  }

  /** Hands all of it out, in the order it came, and forgets it. */
  take(): readonly string[] {
    const texts = this.#frames.map((kept) => kept.text)
    this.#frames = []
    this.#length = 0
    return texts
  }
}

interface KeptFrame {
  readonly type: RelayedFrame['type']
  readonly text: string
}

function lengthOf(frames: readonly KeptFrame[]): number {
  return frames.reduce((sum, kept) => sum + kept.text.length, 0)
}
