import { Millis } from '@purertc/bytes'

import { Timer } from '../timer.ts'
import type { Tsn } from '../tsn.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { CauseCode } from '../wire/error-cause.ts'
import type { Context } from './context.ts'
import type { PathMonitor } from '../path/path-monitor.ts'

/** Ends an association when all data has arrived, RFC 9260 §9.2. */
export class Shutdown {
  readonly #context: Context
  readonly #path: PathMonitor

  constructor(context: Context, path: PathMonitor) {
    this.#context = context
    this.#path = path
  }

  /** The host wants to end: what is queued goes first, however long that takes. */
  start(): void {
    this.#context.state = 'shutdown-pending'
  }

  /** All that we sent has been acknowledged: says so, if that is what we waited for. */
  drained(now: Millis, cumulativeTsn: Tsn): void {
    if (this.#context.state === 'shutdown-pending') this.#sendShutdown(now, cumulativeTsn)
    else if (this.#context.state === 'shutdown-received') this.#sendShutdownAck(now)
  }

  /**
   * A packet brought DATA although we want to end: the peer has more to say, and is told how far it got, RFC 9260 §9.2. All
   * that it had queued shall arrive, so the guard begins anew.
   */
  repeat(now: Millis, cumulativeTsn: Tsn): void {
    if (this.#context.state !== 'shutdown-sent') return
    this.#path.confirmed()
    this.#context.deadlines.disarm(Timer.t5)
    this.#sendShutdown(now, cumulativeTsn)
  }

  handleShutdown(now: Millis): void {
    const context = this.#context
    switch (context.state) {
      case 'established':
      case 'shutdown-pending':
        context.state = 'shutdown-received'
        break
      case 'shutdown-sent':
        // Both sides ended at once.
        this.#sendShutdownAck(now)
        break
      case 'shutdown-received':
      case 'shutdown-ack-sent':
        break
      default:
        context.discarded.count('unexpected-chunk')
    }
  }

  /** `verificationTag` is that of the packet. */
  handleShutdownAck(verificationTag: number): void {
    const context = this.#context
    switch (context.state) {
      case 'shutdown-sent':
      case 'shutdown-ack-sent':
        context.output.queueAlone(context.peerTag, { type: ChunkType.shutdownComplete, tagReflected: false })
        context.end({ code: 'shutdown', message: 'the association was shut down' })
        break
      case 'new':
      case 'cookie-wait':
      case 'cookie-echoed':
      case 'closed':
        // The peer is left over from an association that we do not know, RFC 9260 §8.4 and §8.5.1 E.
        context.output.queueAlone(verificationTag, { type: ChunkType.shutdownComplete, tagReflected: true })
        break
      default:
        context.discarded.count('unexpected-chunk')
    }
  }

  handleShutdownComplete(): void {
    if (this.#context.state === 'shutdown-ack-sent')
      this.#context.end({ code: 'shutdown', message: 'the association was shut down' })
    else this.#context.discarded.count('unexpected-chunk')
  }

  handleT2(now: Millis, cumulativeTsn: Tsn): void {
    this.#context.roundTrip.backOff()
    this.#path.failed()
    if (this.#context.state === 'shutdown-sent') this.#sendShutdown(now, cumulativeTsn)
    else if (this.#context.state === 'shutdown-ack-sent') this.#sendShutdownAck(now)
  }

  /** T5: the peer answers, and yet does not come to an end. */
  handleT5(): void {
    this.#context.misbehaved(CauseCode.protocolViolation, 'the shutdown does not come to an end')
  }

  #sendShutdown(now: Millis, cumulativeTsn: Tsn): void {
    this.#context.state = 'shutdown-sent'
    this.#context.output.queue({ type: ChunkType.shutdown, cumulativeTsn })
    this.#armTimers(now)
  }

  #sendShutdownAck(now: Millis): void {
    this.#context.state = 'shutdown-ack-sent'
    this.#context.output.queue({ type: ChunkType.shutdownAck })
    this.#armTimers(now)
  }

  /** T2, and with the first SHUTDOWN or SHUTDOWN ACK T5: five times RTO.Max, RFC 9260 §9.2. */
  #armTimers(now: Millis): void {
    const { deadlines, roundTrip, settings } = this.#context
    deadlines.arm(Timer.t2, Millis(now + roundTrip.rto))
    deadlines.armIfIdle(Timer.t5, Millis(now + 5 * settings.rtoMax))
  }
}
