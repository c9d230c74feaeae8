import type { OutgoingMessage } from './outgoing-message.ts'

/**
 * How much of the peer's window interleaved messages may take before they are complete. Without a bound they can fill it
 * with beginnings: the peer waits for the rest to hand any of them on, and the rest waits for the peer's window.
 */
export class MixingRoom {
  /** Bytes of the messages that have begun, or may, and are not all cut into chunks. */
  #taken = 0
  #limit = Infinity
  /** Bytes of a message that leaves in one chunk, and so is never incomplete for long. */
  largestChunk = 0

  /** The window that the peer announced in the handshake: half of it is for what has only begun. */
  set window(bytes: number) {
    this.#limit = bytes / 2
  }

  /** Takes the message's room, so that it may begin; false where that has to wait. One alone may always. */
  take(message: OutgoingMessage): boolean {
    const { heldByPeer } = message
    if (message.room > 0 || message.isAbandoned || heldByPeer <= this.largestChunk) return true
    if (this.#taken > 0 && this.#taken + heldByPeer > this.#limit) return false
    message.room = heldByPeer
    this.#taken += heldByPeer
    return true
  }

  /** The message has been cut to its end, or given up. Returns whether that made room. */
  giveBack(message: OutgoingMessage): boolean {
    const { room } = message
    message.room = 0
    this.#taken -= room
    return room > 0
  }
}
