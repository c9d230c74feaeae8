import { ErrorCode, type JoinFrame } from '@purertc/signaling-protocol'

import { type Connection, outside } from './connection.ts'
import type { JoinDecision } from './host.ts'
import type { Outbox } from './outbox.ts'

/** Those who asked to enter a channel, and wait for what access control says. */
export class Access {
  readonly #outbox: Outbox
  /** By the ticket that access control answers with. */
  readonly #waiting: Map<number, Connection> = new Map()
  #tickets = 0

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  request(from: Connection, frame: JoinFrame): void {
    const ticket = ++this.#tickets
    from.session.place = { kind: 'joining', ticket, frame }
    this.#waiting.set(ticket, from)
    const { channel, peer, metadata, token } = frame
    this.#outbox.requestJoin({ ticket, connection: from.id, channel, peer, metadata, token })
  }

  /** Who asked, and for what; `undefined` where that was withdrawn. It does not wait any more. */
  take(ticket: number): { readonly connection: Connection; readonly frame: JoinFrame } | undefined {
    const connection = this.#waiting.get(ticket)
    const place = connection?.session.place
    this.#waiting.delete(ticket)
    if (connection === undefined || place?.kind !== 'joining') return undefined
    connection.session.place = outside
    return { connection, frame: place.frame }
  }

  withdraw({ session }: Connection): void {
    if (session.place.kind !== 'joining') return
    this.#waiting.delete(session.place.ticket)
    session.place = outside
  }

  clear(): void {
    this.#waiting.clear()
  }
}

/** A {@link JoinDecision} in its long form. */
export function readDecision(decision: JoinDecision): {
  readonly accepted: boolean
  readonly peer: string | undefined
  readonly code: ErrorCode
} {
  if (typeof decision === 'boolean')
    return { accepted: decision, peer: undefined, code: ErrorCode.joinRefused }
  return decision.accepted
    ? { accepted: true, peer: decision.peer, code: ErrorCode.joinRefused }
    : { accepted: false, peer: undefined, code: decision.code }
}
