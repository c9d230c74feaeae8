/** What holds received messages back in the transport, which in the end stops the peer. */
export interface Holdable {
  pause(): void
  resume(): void
}

/** Received messages are held back while anybody wants it so: each of the streams that nobody reads does. */
export class ReceiveHold {
  readonly #link: () => Holdable | null
  readonly #holders = new Set<object>()

  constructor(link: () => Holdable | null) {
    this.#link = link
  }

  hold(holder: object): void {
    this.#holders.add(holder)
    this.#link()?.pause()
  }

  release(holder: object): void {
    this.#holders.delete(holder)
    if (this.#holders.size === 0) this.#link()?.resume()
  }
}
