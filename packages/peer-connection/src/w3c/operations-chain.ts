/**
 * The operations chain of a connection, WebRTC §4.4.1.2: asynchronous methods run one after the other, in the order
 * of their calls.
 */
export class OperationsChain {
  readonly #emptied: () => void
  #tail: Promise<unknown> = Promise.resolve()
  #length = 0
  #closed = false

  /** `emptied` is called whenever the last operation of the chain has settled. */
  constructor(emptied: () => void) {
    this.#emptied = emptied
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /**
   * Runs `operation` when all before it have settled: at once, in the caller's turn, if there are none. Once the chain
   * is closed, neither the operation nor the promise goes on, as the specification wants it.
   */
  run<T>(operation: () => Promise<T>): Promise<T> {
    const isFirst = this.#length++ === 0
    const result = isFirst ? operation() : this.#tail.then(() => this.#unlessClosed(operation))
    const passOn = (): Promise<T> => this.#unlessClosed(() => result)
    const settled = result.then(passOn, passOn)
    this.#tail = result.then(
      () => this.#settle(),
      () => this.#settle(),
    )
    return settled
  }

  close(): void {
    this.#closed = true
  }

  #settle(): void {
    if (--this.#length === 0 && !this.#closed) this.#emptied()
  }

  #unlessClosed<T>(next: () => Promise<T>): Promise<T> {
    return this.#closed ? new Promise<T>(() => undefined) : next()
  }
}
