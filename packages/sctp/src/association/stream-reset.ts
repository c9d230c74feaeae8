import { Millis } from '@purertc/bytes'

import type { SendQueue } from '../send/send-queue.ts'
import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { ParameterType } from '../wire/parameter-type.ts'
import {
  type OutgoingResetRequest,
  type ReConfigChunk,
  type ReConfigParameter,
  ReConfigResult,
} from '../wire/re-config.ts'
import type { Context } from './context.ts'
import type { PathMonitor } from '../path/path-monitor.ts'

export interface StreamResetHost {
  /** The last TSN that was given to a chunk. */
  lastAssignedTsn(): Tsn
  /** All up to this TSN has arrived. */
  cumulativeTsn(): Tsn
  /** The peer's streams (none means all) will start anew once all up to this TSN has arrived. */
  incomingResetDeferred(streams: readonly number[], lastTsn: Tsn): void
  /** They start anew. */
  incomingReset(streams: readonly number[]): void
  /** Our request was carried out, or refused. */
  outgoingResetDone(streams: readonly number[], performed: boolean): void
}

/**
 * Resets streams, RFC 6525: the way in which data channels close (RFC 8831 §6.7). One request is under way at a
 * time; it waits until its streams have sent all that is queued.
 */
export class StreamReset {
  readonly #context: Context
  readonly #path: PathMonitor
  readonly #queue: SendQueue
  readonly #host: StreamResetHost
  /** Streams to reset that are not in a request yet. */
  readonly #waiting = new Set<number>()
  #request: OutgoingResetRequest | undefined
  /** Streams of the request that are blocked until it is answered. */
  readonly #affected = new Set<number>()
  #isRequestDue = false
  /** How often the request has been sent in vain. */
  #repetitions = 0
  #nextSequence: number
  /** The number of the peer's next request. */
  #expectedSequence: number
  /** The answer to the peer's last request, for when it asks again. */
  #lastResult: number = ReConfigResult.nothingToDo
  /** A request that waits until all before it has arrived. */
  #deferred: { streams: readonly number[]; lastTsn: Tsn } | undefined
  #responses: ReConfigParameter[] = []

  constructor(
    context: Context,
    path: PathMonitor,
    queue: SendQueue,
    localTsn: Tsn,
    peerTsn: Tsn,
    host: StreamResetHost,
  ) {
    this.#context = context
    this.#path = path
    this.#queue = queue
    this.#host = host
    this.#nextSequence = localTsn
    this.#expectedSequence = peerTsn
  }

  /** Whether the stream is on its way to a reset, so that nothing more may be sent on it. */
  isResetting(stream: number): boolean {
    return this.#waiting.has(stream) || this.#affected.has(stream)
  }

  /**
   * The peer uses the stream anew, so it has carried out the request whose answer is still on its way or lost. The
   * answer is then no news for this stream.
   */
  assumePerformed(stream: number): boolean {
    if (!this.#request || !this.#affected.has(stream)) return false
    this.#affected.delete(stream)
    this.#queue.forget(stream)
    return true
  }

  reset(streams: readonly number[]): void {
    for (const stream of streams) if (!this.isResetting(stream)) this.#waiting.add(stream)
  }

  /** Queues the request and the responses that are due. */
  produce(now: Millis): void {
    if (!this.#request && this.#waiting.size > 0) this.#makeRequest()
    if (this.#responses.length === 0 && !this.#isRequestDue) return
    const parameters = this.#responses
    this.#responses = []
    if (this.#isRequestDue && this.#request) {
      this.#isRequestDue = false
      const { deadlines, roundTrip, settings } = this.#context
      const timeout = Math.min(roundTrip.rto * 2 ** this.#repetitions, settings.rtoMax)
      deadlines.arm(Timer.reConfig, Millis(now + timeout))
      parameters.push({ ...this.#request, responseSequence: (this.#expectedSequence - 1) >>> 0 })
    }
    // A chunk holds two parameters at most, RFC 6525 §3.1.
    for (let i = 0; i < parameters.length; i += 2)
      this.#context.output.queue({ type: ChunkType.reConfig, parameters: parameters.slice(i, i + 2) })
  }

  handleTimeout(): void {
    if (!this.#request) return
    this.#isRequestDue = true
    this.#repetitions++
    // DATA that is out at the same time counts the failures of the path: one loss is one error.
    if (!this.#context.deadlines.isArmed(Timer.t3)) this.#path.failed()
  }

  handleReConfig(chunk: ReConfigChunk): void {
    for (const parameter of chunk.parameters) {
      if (this.#context.state === 'closed') return
      switch (parameter.type) {
        case ParameterType.outgoingReset:
          this.#handleRequest(parameter)
          break
        case ParameterType.reconfigResponse:
          this.#handleResponse(parameter.responseSequence, parameter.result)
          break
        default:
          this.#answerOther(parameter.requestSequence)
      }
    }
  }

  /** The cumulative TSN may have reached a deferred request. */
  advanced(): void {
    const deferred = this.#deferred
    if (!deferred || Tsn.isAfter(deferred.lastTsn, this.#host.cumulativeTsn())) return
    this.#deferred = undefined
    this.#respond(ReConfigResult.performed)
    this.#host.incomingReset(deferred.streams)
  }

  #makeRequest(): void {
    const streams = [...this.#waiting]
      .filter((stream) => this.#queue.isDrained(stream))
      .slice(0, streamsPerRequest)
    if (streams.length === 0) return
    for (const stream of streams) {
      this.#waiting.delete(stream)
      this.#affected.add(stream)
    }
    this.#request = {
      type: ParameterType.outgoingReset,
      requestSequence: this.#nextSequence,
      responseSequence: 0,
      lastTsn: this.#host.lastAssignedTsn(),
      streams,
    }
    this.#nextSequence = (this.#nextSequence + 1) >>> 0
    this.#repetitions = 0
    this.#isRequestDue = true
  }

  #handleResponse(sequence: number, result: number): void {
    const request = this.#request
    if (!request || request.requestSequence !== sequence) return
    this.#path.confirmed()
    // RFC 6525 §5.2.7: not yet; ask again with the same number when the timer goes off.
    if (result === ReConfigResult.inProgress || result === ReConfigResult.requestInProgress) return
    const performed = result === ReConfigResult.performed || result === ReConfigResult.nothingToDo
    this.#request = undefined
    this.#isRequestDue = false
    this.#context.deadlines.disarm(Timer.reConfig)
    const streams = [...this.#affected]
    this.#affected.clear()
    if (performed) for (const stream of streams) this.#queue.forget(stream)
    this.#host.outgoingResetDone(streams, performed)
  }

  /** RFC 6525 §5.2.2. */
  #handleRequest(request: OutgoingResetRequest): void {
    if (!this.#isNextRequest(request.requestSequence)) return
    const { streams, lastTsn } = request
    if (streams.some((stream) => stream >= this.#context.settings.streams)) {
      this.#respond(ReConfigResult.wrongStream)
    } else if (Tsn.isAfter(lastTsn, this.#host.cumulativeTsn())) {
      this.#deferred = this.#merge(streams, lastTsn)
      this.#host.incomingResetDeferred(this.#deferred.streams, lastTsn)
      this.#respond(ReConfigResult.inProgress)
    } else {
      this.#respond(ReConfigResult.performed)
      this.#host.incomingReset(streams)
    }
  }

  #answerOther(sequence: number): void {
    if (this.#isNextRequest(sequence)) this.#respond(ReConfigResult.denied)
  }

  /** A request that was answered before gets the same answer, RFC 6525 §5.2.1. */
  #isNextRequest(sequence: number): boolean {
    if (sequence === this.#expectedSequence) {
      this.#expectedSequence = (sequence + 1) >>> 0
      return true
    }
    const isLast = sequence === (this.#expectedSequence - 1) >>> 0
    this.#responses.push({
      type: ParameterType.reconfigResponse,
      responseSequence: sequence,
      result: isLast ? this.#lastResult : ReConfigResult.badSequenceNumber,
    })
    return false
  }

  #respond(result: number): void {
    this.#lastResult = result
    this.#responses.push({
      type: ParameterType.reconfigResponse,
      responseSequence: (this.#expectedSequence - 1) >>> 0,
      result,
    })
  }

  /** A peer that asks anew while we wait means both requests; none means all. */
  #merge(streams: readonly number[], lastTsn: Tsn): { streams: readonly number[]; lastTsn: Tsn } {
    if (!this.#deferred) return { streams: [...streams], lastTsn }
    const isAll = streams.length === 0 || this.#deferred.streams.length === 0
    return { streams: isAll ? [] : [...new Set([...this.#deferred.streams, ...streams])], lastTsn }
  }
}

/** As many as fit the smallest packet beside everything else. */
const streamsPerRequest = 200
