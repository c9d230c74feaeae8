import type { frameLimits } from '@purertc/signaling-protocol'

import { SignalingClientError } from './client-error.ts'

/** A frame as it goes out. */
export type Wire = string | Uint8Array

/** Why a frame cannot go out: a server ends the session over one that is too large. `null` where it can. */
export function refusalOf(wire: Wire): SignalingClientError | null {
  const isLarge =
    wire.length > MAX_BYTES ||
    // A UTF-16 unit makes three bytes at most.
    (typeof wire === 'string' &&
      3 * wire.length > MAX_BYTES &&
      new TextEncoder().encode(wire).length > MAX_BYTES)
  return isLarge ? new SignalingClientError('too-large', `a frame has at most ${MAX_BYTES} bytes`) : null
}

/**
 * What this client said in a channel and the server has not yet acknowledged: it is sent again when the session is
 * resumed. Frames are numbered, so that the server knows what it has seen.
 */
export class SentFrames {
  /** By their numbers, in order. */
  readonly #frames: Map<number, Wire> = new Map()
  /** The number of each request that has no answer, in order. */
  readonly #open: Map<number, number> = new Map()
  #length = 0
  #n = 0

  /**
   * Numbers a frame and keeps it; or says that it is `too-large`, or that `too-much` is kept already. `id` is of a request
   * that wants an answer.
   */
  push(make: (n: number) => Wire, id?: number): Wire | SignalingClientError {
    const wire = make(this.#n + 1)
    const refusal = refusalOf(wire)
    if (refusal !== null) return refusal
    if (this.#frames.size >= MAX_FRAMES || this.#length + wire.length > MAX_LENGTH)
      return new SignalingClientError('too-much', 'too much waits for the server')
    this.#frames.set(++this.#n, wire)
    this.#length += wire.length
    if (id !== undefined) this.#open.set(id, this.#n)
    return wire
  }

  /** The first number that has no answer yet; `undefined` when all have theirs. */
  get unanswered(): number | undefined {
    for (const n of this.#open.values()) return n
    return undefined
  }

  /** The requests without an answer. */
  get open(): readonly number[] {
    return [...this.#open.keys()]
  }

  /** The server has everything up to this number. */
  acknowledge(n: number): void {
    for (const [number, wire] of this.#frames) {
      if (number > n) return
      this.#frames.delete(number)
      this.#length -= wire.length
    }
  }

  /** The server has answered this request, and so has seen everything before it. */
  answered(id: number): void {
    const n = this.#open.get(id)
    if (n === undefined) return
    this.#open.delete(id)
    this.acknowledge(n)
  }

  /** Nobody waits for this request any more: where it has not gone out, it shall not. */
  withdraw(id: number, hasGoneOut: boolean): void {
    const n = this.#open.get(id)
    this.#open.delete(id)
    const wire = n === undefined || hasGoneOut ? undefined : this.#frames.get(n)
    if (n === undefined || wire === undefined) return
    this.#frames.delete(n)
    this.#length -= wire.length
  }

  /** What is to be sent again, in order. */
  get wires(): readonly Wire[] {
    return [...this.#frames.values()]
  }

  clear(): void {
    this.#frames.clear()
    this.#open.clear()
    this.#length = 0
  }
}

/** Its type is the protocol's constant: another number would not compile. */
const MAX_BYTES: (typeof frameLimits)['bytes'] = 262_144
const MAX_FRAMES = 256
/** Characters and bytes. */
const MAX_LENGTH = 1_048_576
