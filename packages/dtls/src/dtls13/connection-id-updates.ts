import { PeerMisbehaved } from '../errors.ts'
import { HandshakeType } from '../protocol/handshake-type.ts'
import type { HandshakeContext } from './handshake-state.ts'
import {
  type ConnectionIdUsage,
  encodeNewConnectionId,
  type NewConnectionId,
} from './messages/new-connection-id.ts'
import { encodeRequestConnectionId } from './messages/request-connection-id.ts'

/**
 * Other connection IDs during an association, RFC 9147 §9: whoever wants to take another path asks the peer for some,
 * so that nobody recognises it there. One message of each kind is under way at a time.
 */
export class ConnectionIdUpdates {
  /** That we asked for some, and the peer has not answered. */
  #isAsking = false
  /** What waits until the peer has acknowledged all before it. */
  readonly #waiting: { readonly type: HandshakeType; readonly body: Uint8Array }[] = []
  /** Requests in a row that there was nothing left for. */
  #inVain = 0

  /** False where the peer gave us none at all, or has not answered yet. */
  request(cx: HandshakeContext, count: number): boolean {
    if (cx.connectionIds.outgoing.length === 0 || this.#isAsking || cx.flight.isNumberedOut) return false
    this.#isAsking = true
    this.#send(cx, HandshakeType.requestConnectionId, encodeRequestConnectionId(count))
    return true
  }

  /** False where our own are not in use. Fewer are issued where the peer has many already. */
  issue(cx: HandshakeContext, count: number, usage: ConnectionIdUsage): boolean {
    if (!cx.connectionIds.isExpected || this.#isIssuing || cx.flight.isNumberedOut) return false
    const ids = cx.connectionIds.issue(count)
    if (ids.length === 0 && usage === 'immediate') return false
    this.#send(cx, HandshakeType.newConnectionId, encodeNewConnectionId({ ids, usage }))
    return true
  }

  /** The peer asks for some. */
  answer(cx: HandshakeContext, count: number): void {
    if (!cx.connectionIds.isExpected)
      throw new PeerMisbehaved('unexpected-message', 'a RequestConnectionId where there are none')
    const ids = cx.connectionIds.issue(count)
    this.#inVain = ids.length === 0 ? this.#inVain + 1 : 0
    if (this.#inVain > maxInVain)
      throw new PeerMisbehaved('too-many-connection-ids', 'connection IDs are asked for again and again')
    this.#send(cx, HandshakeType.newConnectionId, encodeNewConnectionId({ ids, usage: 'spare' }))
  }

  /** The peer gives us some. */
  receive({ connectionIds }: HandshakeContext, { ids, usage }: NewConnectionId): void {
    if (connectionIds.outgoing.length === 0)
      throw new PeerMisbehaved('unexpected-message', 'a NewConnectionId where there are none')
    this.#isAsking = false
    connectionIds.store(ids, usage === 'immediate')
  }

  /** The peer has acknowledged all that we sent. */
  resume(cx: HandshakeContext): void {
    const next = cx.flight.isEmpty ? this.#waiting.shift() : undefined
    if (next !== undefined) this.#send(cx, next.type, next.body)
  }

  get #isIssuing(): boolean {
    return this.#waiting.some(({ type }) => type === HandshakeType.newConnectionId)
  }

  /** RFC 9147 §9: one NewConnectionId at a time; and what follows a KeyUpdate must not be under the old keys. */
  #send({ flight }: HandshakeContext, type: HandshakeType, body: Uint8Array): void {
    if (!flight.isEmpty || flight.isNumberedOut) {
      this.#waiting.push({ type, body })
      return
    }
    flight.begin()
    flight.afterwards(type, body)
    flight.end()
  }
}

/** More than a peer that is in need would send: an attack on our processor. */
const maxInVain = 16
