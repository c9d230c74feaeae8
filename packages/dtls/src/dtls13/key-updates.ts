import { PeerMisbehaved } from '../errors.ts'
import { HandshakeType } from '../protocol/handshake-type.ts'
import { Epoch, type HandshakeContext } from './handshake-state.ts'
import type { TrafficSecret } from './keys/traffic-secret.ts'
import { encodeKeyUpdate } from './messages/key-update.ts'

/**
 * New keys for either direction, RFC 8446 §4.6.3 and RFC 9147 §8. Ours are used only when the peer has acknowledged our
 * KeyUpdate, since it could not open what comes in the next epoch without.
 */
export class KeyUpdates {
  #ours: TrafficSecret
  #theirs: TrafficSecret
  #theirEpoch: number = Epoch.application
  /** `message_seq` of the KeyUpdate that waits for its acknowledgement. */
  #pending: number | null = null
  /** A KeyUpdate that waits for an earlier flight to be acknowledged, and whether it asks the peer for one. */
  #deferred: { readonly requestPeer: boolean } | null = null
  /** The peer asked for an update while one was pending already, which serves as well. */
  #received = 0

  /** The secrets of the first application epoch. */
  constructor(ours: TrafficSecret, theirs: TrafficSecret) {
    this.#ours = ours
    this.#theirs = theirs
  }

  /**
   * Tells the peer that our keys change, unless it has yet to acknowledge an earlier change. False where all numbers of
   * epochs or of messages are used.
   */
  start({ flight, records }: HandshakeContext, requestPeer: boolean): boolean {
    if (records.epoch >= maxEpoch || flight.isNumberedOut) return false
    if (this.#pending !== null) return true
    if (!flight.isEmpty) {
      this.#deferred = { requestPeer: requestPeer || this.#deferred?.requestPeer === true }
      return true
    }
    this.#deferred = null
    flight.begin()
    this.#pending = flight.afterwards(HandshakeType.keyUpdate, encodeKeyUpdate(requestPeer))
    flight.end()
    return true
  }

  /** Nothing is under way any more. */
  resume(cx: HandshakeContext): void {
    if (this.#deferred !== null) this.start(cx, this.#deferred.requestPeer)
  }

  /** The peer changes its keys; `isRequested` where we shall as well. */
  receive(cx: HandshakeContext, isRequested: boolean): void {
    if (++this.#received > maxUpdates)
      throw new PeerMisbehaved('unexpected-message', 'KeyUpdates without end')
    if (this.#theirEpoch >= maxEpoch) throw new PeerMisbehaved('unexpected-message', 'an epoch too many')
    this.#theirs = this.#theirs.next()
    this.#theirEpoch++
    cx.expectEpoch(this.#theirEpoch, this.#theirs)
    if (isRequested) this.start(cx, false)
  }

  /** Application data came, so the peer does more than to change keys. */
  relax(): void {
    this.#received = 0
  }

  /** The peer has acknowledged something. Enters the next epoch when that was our KeyUpdate. */
  acknowledged(cx: HandshakeContext): void {
    if (this.#pending === null || cx.flight.isOutstanding(this.#pending)) return
    this.#pending = null
    this.#ours = this.#ours.next()
    cx.enterEpoch(cx.records.epoch + 1, this.#ours)
    // Whoever has taken the KeyUpdate has taken all that came before.
    cx.flight.forgetBefore(cx.records.epoch)
    cx.records.retireBefore(cx.records.epoch)
  }
}

/** In a row, without application data between them: an attack on our processor. */
const maxUpdates = 32
/** RFC 9147 §8 sets the end at 2^48 - 1; ours is where the 16 bits of the plaintext header end. */
const maxEpoch = 0xffff
