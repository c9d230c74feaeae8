import { copyBytes } from '@purertc/bytes'

/** Application data that waits until it is known where the peer is (RFC 9853 §5): never more than a little. */
export class HeldData {
  #messages: Uint8Array[] = []
  #bytes = 0

  /** Copies the message; false where there is no room. */
  keep(message: Uint8Array): boolean {
    if (this.#bytes + message.length > maxBytes || this.#messages.length === maxMessages) return false
    this.#messages.push(copyBytes(message))
    this.#bytes += message.length
    return true
  }

  /** The messages in their order, which are forgotten here. */
  take(): readonly Uint8Array[] {
    const messages = this.#messages
    if (messages.length === 0) return none
    this.#messages = []
    this.#bytes = 0
    return messages
  }
}

const none: readonly Uint8Array[] = []
const maxBytes = 64 * 1024
const maxMessages = 256
