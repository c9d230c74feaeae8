import { Millis, Reader, Writer } from '@purertc/bytes'

import { Timer } from '../timer.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import type { Context } from '../association/context.ts'

/** Knows whether the peer is still there: HEARTBEATs and the error counter, RFC 9260 §8.1 to §8.3. */
export class PathMonitor {
  readonly #context: Context
  readonly #newNumber: () => number
  #errors = 0
  /** The number in the HEARTBEAT that is not yet answered, 0 for none. */
  #expected = 0
  #sentAt = 0

  constructor(context: Context, newNumber: () => number) {
    this.#context = context
    this.#newNumber = newNumber
  }

  /** Timeouts since the peer was last heard. */
  get errors(): number {
    return this.#errors
  }

  start(now: Millis): void {
    this.#errors = 0
    this.#expected = 0
    this.#arm(now)
  }

  /** The peer has acknowledged something new. */
  confirmed(): void {
    this.#errors = 0
  }

  /** A timer of any kind went off unanswered; ends the association when that was once too often. */
  failed(): void {
    this.#errors++
    if (this.#errors <= this.#context.settings.maxRetransmits) return
    this.#context.end({ code: 'timed-out', message: 'the peer does not answer any more' })
  }

  /**
   * While DATA is out, T3 counts the failures of the path: one loss is one error. Once the association is ending T2 does, and
   * there are no HEARTBEATs any more.
   */
  handleTimeout(now: Millis): void {
    const { state, deadlines, roundTrip } = this.#context
    if (state === 'shutdown-sent' || state === 'shutdown-ack-sent') return
    if (this.#expected !== 0 && !deadlines.isArmed(Timer.t3)) {
      roundTrip.backOff()
      this.failed()
      if (this.#context.state === 'closed') return
    }
    const writer = new Writer(8)
    this.#expected = this.#newNumber()
    this.#sentAt = now
    writer.u32(this.#expected)
    this.#context.output.queue({ type: ChunkType.heartbeat, info: writer.finish() })
    this.#arm(now)
  }

  /** Returns whether these are our own words: anything else would be a forged round-trip time. */
  handleHeartbeatAck(now: Millis, info: Uint8Array): boolean {
    if (this.#expected === 0 || info.length !== 4 || new Reader(info).u32() !== this.#expected) {
      this.#context.discarded.count('unknown-heartbeat')
      return false
    }
    this.#expected = 0
    this.confirmed()
    this.#context.roundTrip.measured(now - this.#sentAt)
    return true
  }

  /** HB.interval plus a jittered RTO, RFC 9260 §8.3. */
  #arm(now: Millis): void {
    const jitter = 0.5 + this.#newNumber() / 0x1_0000_0000
    const delay = this.#context.settings.heartbeatInterval + this.#context.roundTrip.rto * jitter
    this.#context.deadlines.arm(Timer.heartbeat, Millis(now + delay))
  }
}
