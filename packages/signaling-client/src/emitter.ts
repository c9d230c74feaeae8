/** Listeners by event name; `Events` maps a name to what its listeners get. */
export class Emitter<Events> {
  readonly #listeners: Map<keyof Events, readonly Listener<never>[]> = new Map()

  /** Calls `listener` with every event of that name; the returned function takes it away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    this.#listeners.set(name, [...this.#of(name), listener])
    return () => this.off(name, listener)
  }

  /** Calls `listener` with the next event of that name only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const off = this.on(name, (event) => {
      off()
      listener(event)
    })
    return off
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners.set(
      name,
      this.#of(name).filter((other) => other !== listener),
    )
  }

  /** Calls the listeners that were there when it happened. */
  protected emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#of(name) as readonly Listener<Events[Name]>[]) listener(event)
  }

  #of(name: keyof Events): readonly Listener<never>[] {
    return this.#listeners.get(name) ?? []
  }
}

export type Listener<Event> = (event: Event) => void
