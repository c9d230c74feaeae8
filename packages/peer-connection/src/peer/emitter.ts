/** Typed listeners by event name; `Events` maps a name to what its listeners are given. */
export class Emitter<Events> {
  readonly #listeners: Map<keyof Events, readonly ((event: never) => void)[]> = new Map()

  /** Calls `listener` with every event of that name; the returned function takes it away again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    this.#listeners.set(name, [...this.#of(name), listener])
    return () => this.off(name, listener)
  }

  /** Calls `listener` with the next event of that name only. */
  once<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const off = this.on(name, (event) => {
      off()
      listener(event)
    })
    return off
  }

  off<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    const others = this.#of(name).filter((other) => other !== listener)
    this.#listeners.set(name, others)
  }

  protected emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#of(name)) (listener as (event: Events[Name]) => void)(event)
  }

  #of(name: keyof Events): readonly ((event: never) => void)[] {
    return this.#listeners.get(name) ?? []
  }
}
