import type { Millis } from '@purertc/bytes'

import { read16, read32 } from '../big-endian.ts'
import type { PathMonitor } from '../path/path-monitor.ts'
import { Tsn } from '../tsn.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { dataHeaderLength } from '../wire/data.ts'
import { CauseCode, type ErrorCause, invalidStreamCause, noUserDataCause } from '../wire/error-cause.ts'
import { iDataHeaderLength } from '../wire/i-data.ts'
import { sackHeaderLength } from '../wire/sack.ts'
import type { DataVerdict } from '../receive/receiver.ts'
import type { ChunkReader } from './chunk-reader.ts'
import type { Context } from './context.ts'
import type { Shutdown } from './shutdown.ts'
import type { Transfer } from './transfer.ts'

/** Takes DATA, I-DATA and SACK chunks where they lie in the packet: the receiving hot path. */
export class InboundData {
  readonly #context: Context
  readonly #transfer: Transfer
  readonly #path: PathMonitor
  readonly #shutdown: Shutdown
  readonly #chunks: ChunkReader

  constructor(
    context: Context,
    transfer: Transfer,
    path: PathMonitor,
    shutdown: Shutdown,
    chunks: ChunkReader,
  ) {
    this.#context = context
    this.#transfer = transfer
    this.#path = path
    this.#shutdown = shutdown
    this.#chunks = chunks
  }

  /** Takes the DATA or I-DATA chunk at `at`. */
  handleData(packet: Uint8Array, at: number, end: number): void {
    const context = this.#context
    const { receiver, streamReset } = this.#transfer
    const { state, discarded } = context
    // RFC 9260 §6: in any other state DATA is thrown away.
    if (!receiver || (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-sent')) {
      discarded.count('unexpected-chunk')
      return
    }
    if (receiver.interleaves !== (packet[at] === ChunkType.iData)) {
      context.misbehaved(CauseCode.protocolViolation, 'DATA and I-DATA: only one of them was agreed on')
      return
    }
    const length = end - at - (receiver.interleaves ? iDataHeaderLength : dataHeaderLength)
    if (length <= 0) {
      if (length < 0) discarded.count('malformed-chunk')
      else this.#blame(noUserDataCause(Tsn.of(read32(packet, at + 4))), 'a DATA chunk without user data')
      return
    }
    const before = receiver.cumulativeTsn
    if (!this.#judge(receiver.handleData(packet, at, end), packet, at)) return
    if (receiver.cumulativeTsn !== before) streamReset?.advanced()
  }

  /** A whole packet was read. */
  endPacket(now: Millis): void {
    const { receiver } = this.#transfer
    if (receiver?.endPacket(now) === true) this.#shutdown.repeat(now, receiver.cumulativeTsn)
  }

  /** Takes the SACK chunk at `at`. */
  handleSack(now: Millis, packet: Uint8Array, at: number, length: number): void {
    const { discarded } = this.#context
    const { sender, receiver } = this.#transfer
    if (!receiver) {
      discarded.count('unexpected-chunk')
      return
    }
    if (length < sackHeaderLength) {
      discarded.count('malformed-chunk')
      return
    }
    const blocks = read16(packet, at + 12) + read16(packet, at + 14)
    if (length !== sackHeaderLength + 4 * blocks) {
      discarded.count('malformed-chunk')
      return
    }
    const verdict = sender.handleSack(now, packet, at, Tsn.of(read32(packet, at + 4)), read32(packet, at + 8))
    if (verdict === 'old') discarded.count('old-sack')
    else if (verdict === 'invalid') discarded.count('invalid-sack')
    else if (sender.hasProgressed) this.#path.confirmed()
  }
  /** Does what becomes of the chunk at `at`. False where it was a fault that ends the association. */
  #judge(verdict: DataVerdict, packet: Uint8Array, at: number): boolean {
    const context = this.#context
    switch (verdict) {
      case 'accepted':
        return true
      case 'violation':
        context.misbehaved(CauseCode.protocolViolation, 'fragments that do not fit together')
        return false
      case 'too-large': {
        const message = `a message of more than ${context.settings.maxMessageSize} bytes`
        context.misbehaved(CauseCode.protocolViolation, message)
        return false
      }
      case 'out-of-resource':
        this.#blame(outOfResource, 'more interleaved messages were begun than memory holds')
        return false
      case 'invalid-stream':
        this.#chunks.report(invalidStreamCause(read16(packet, at + 8)))
        context.discarded.count(verdict)
        return true
      default:
        context.discarded.count(verdict)
        return true
    }
  }

  #blame(cause: ErrorCause, message: string): void {
    this.#context.abort(cause, { code: 'peer-misbehaved', cause: cause.type, message })
  }
}

const outOfResource: ErrorCause = { type: CauseCode.outOfResource, value: new Uint8Array(0) }
