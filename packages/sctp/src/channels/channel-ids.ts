import { SctpError } from '../errors.ts'

/** Chooses stream identifiers by DTLS role, so that both sides can open channels at once: RFC 8832 §6. */
export class ChannelIds {
  readonly #parity: number
  /** No id of ours below this one is free. */
  #lowest: number

  constructor(dtlsRole: 'client' | 'server') {
    this.#parity = dtlsRole === 'client' ? 0 : 1
    this.#lowest = this.#parity
  }

  /** Whether the peer may open a channel with this id. */
  isForeign(id: number): boolean {
    return (id & 1) !== this.#parity
  }

  /** The lowest free id of ours. Throws {@link SctpError} `invalid-channel` when there is none below `limit`. */
  next(isTaken: (id: number) => boolean, limit: number): number {
    let id = this.#lowest
    while (id < limit && isTaken(id)) id += 2
    if (id >= limit) throw new SctpError('invalid-channel', 'all stream identifiers are taken')
    this.#lowest = id
    return id
  }

  release(id: number): void {
    if (!this.isForeign(id) && id < this.#lowest) this.#lowest = id
  }
}
