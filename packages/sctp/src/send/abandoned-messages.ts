import type { OutgoingMessage } from './outgoing-message.ts'

/** Messages that partial reliability gave up, as `SCTP_PR_STREAM_STATUS` tells them, RFC 7496 §4.3. */
export interface Abandoned {
  /** Before any of it was sent. */
  readonly unsent: number
  /** After a part of it, or all, had been sent. */
  readonly sent: number
}

/** Counts messages that were given up, of each stream and of all. */
export class AbandonedMessages {
  readonly #total = { unsent: 0, sent: 0 }
  /** Most associations never have any. */
  readonly #streams = new Map<number, { unsent: number; sent: number }>()

  get total(): Abandoned {
    return this.#total
  }

  of(stream: number): Abandoned {
    return this.#streams.get(stream) ?? none
  }

  count({ stream, isBegun }: OutgoingMessage): void {
    let own = this.#streams.get(stream)
    if (!own) {
      own = { unsent: 0, sent: 0 }
      this.#streams.set(stream, own)
    }
    const kind = isBegun ? 'sent' : 'unsent'
    own[kind]++
    this.#total[kind]++
  }

  /** The stream begins anew, for another user. */
  forget(stream: number): void {
    this.#streams.delete(stream)
  }
}

const none: Abandoned = { unsent: 0, sent: 0 }
