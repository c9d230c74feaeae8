import type { IncomingMessage } from 'node:http'

/** A hook that says when it is asked, and answers when it is told to. */
export class DeferredHook {
  readonly asked: Promise<IncomingMessage>
  answer: (yes: boolean) => void = () => {}
  #ask: (request: IncomingMessage) => void = () => {}

  constructor() {
    this.asked = new Promise((resolve) => (this.#ask = resolve))
  }

  readonly ask = (request: IncomingMessage): Promise<boolean> => {
    this.#ask(request)
    return new Promise((resolve) => (this.answer = resolve))
  }
}
