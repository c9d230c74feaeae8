/** The value of an `on…` attribute: a function called with the target as `this`, or null. */
export type Handler<Target, E extends Event = Event> = ((this: Target, event: E) => unknown) | null

/**
 * An EventTarget with `on…` attributes and listeners typed by an event map. One mechanism for all W3C classes: a
 * class declares its attributes and names them once in {@link HandlerTarget.defineHandlers}.
 *
 * @example
 * class Door extends HandlerTarget<{ open: Event }> {
 *   declare onopen: Handler<this>
 *   static {
 *     Door.defineHandlers('open')
 *   }
 * }
 */
export class HandlerTarget<Events extends Record<keyof Events, Event>> extends EventTarget {
  readonly #handlers: Map<string, HandlerSlot> = new Map()

  override addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<this, Events[Type]> | null,
    options?: ListenerOptions | boolean,
  ): void {
    if (listener !== null) super.addEventListener(type, listener as (event: Event) => void, options)
  }

  override removeEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: Listener<this, Events[Type]> | null,
    options?: ListenerOptions | boolean,
  ): void {
    if (listener !== null) super.removeEventListener(type, listener as (event: Event) => void, options)
  }

  /** Installs an accessor `on<type>` on the prototype of the class it is called on, for each type. */
  protected static defineHandlers(...types: readonly string[]): void {
    for (const type of types)
      Object.defineProperty(this.prototype, `on${type}`, {
        configurable: true,
        enumerable: true,
        get(this: HandlerTarget<Record<string, Event>>): unknown {
          return this.#handlers.get(type)?.handler ?? null
        },
        set(this: HandlerTarget<Record<string, Event>>, handler: unknown) {
          this.#setHandler(type, typeof handler === 'function' ? (handler as AnyHandler) : null)
        },
      })
  }

  /** HTML §8.1.8.1: the first function takes a place among the listeners, which its successors keep until null. */
  #setHandler(type: string, handler: AnyHandler | null): void {
    const slot = this.#handlers.get(type)
    if (handler === null) {
      if (slot !== undefined) super.removeEventListener(type, slot.listener)
      this.#handlers.delete(type)
    } else if (slot !== undefined) {
      slot.handler = handler
    } else {
      const added: HandlerSlot = { handler, listener: (event) => void added.handler.call(this, event) }
      this.#handlers.set(type, added)
      super.addEventListener(type, added.listener)
    }
  }
}

type Listener<Target, E extends Event> =
  ((this: Target, event: E) => unknown) | { handleEvent(event: E): unknown }

/** The DOM's `AddEventListenerOptions`. */
export interface ListenerOptions {
  readonly capture?: boolean
  readonly once?: boolean
  readonly passive?: boolean
  readonly signal?: AbortSignal
}

type AnyHandler = (this: unknown, event: Event) => unknown

interface HandlerSlot {
  handler: AnyHandler
  readonly listener: (event: Event) => void
}
