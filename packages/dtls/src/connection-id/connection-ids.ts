import { copyBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../errors.ts'
import { ConnectionId } from '../extensions/connection-id.ts'
import type { Extensions } from '../extensions/extensions.ts'
import { ReturnRoutability } from '../extensions/return-routability.ts'
import type { TypeLengths } from '../record/record-sizes.ts'
import type { ConnectionIdPolicy, ReturnRoutabilityCheck } from './connection-id-policy.ts'

/**
 * The connection IDs of an association, RFC 9146 and RFC 9147 §9: ours, by which we find the peer's records wherever
 * they come from, and the peer's, which go into the records that we send. All of ours have one length, since a header
 * does not say how long its own is.
 */
export class ConnectionIds {
  readonly #policy: ConnectionIdPolicy | null
  /** Another array after every change. */
  #own: readonly Uint8Array[] = []
  /** The one in use first, then those in reserve in the order of their use. */
  #peer: Uint8Array[] = []
  #isNegotiated = false
  #isCheckNegotiated = false

  /** `policy` is null where connection IDs are not to be had. */
  constructor(policy: ConnectionIdPolicy | null = null) {
    this.#policy = policy
  }

  /** Whether both ends know connection IDs. One or both may have asked for none. */
  get isNegotiated(): boolean {
    return this.#isNegotiated
  }

  /** Whether both ends know the return routability check. */
  get isCheckNegotiated(): boolean {
    return this.#isCheckNegotiated
  }

  /** What moves the peer, null where nothing does: it does not know the check, and the application has none. */
  get check(): ReturnRoutabilityCheck | null {
    const check = this.#policy?.check ?? null
    return check === 'application' || this.#isCheckNegotiated ? check : null
  }

  /** Those that the peer may use; none where its records come without. */
  get own(): readonly Uint8Array[] {
    return this.#own
  }

  /** Bytes of ours in every record under keys; 0 where there is none. */
  get ownLength(): number {
    return this.#own[0]?.length ?? 0
  }

  /** Whether the peer's records must carry one of ours. */
  get isExpected(): boolean {
    return this.#isNegotiated && this.ownLength > 0
  }

  /** What goes into the records that we send; empty where nothing does. */
  get outgoing(): Uint8Array {
    return this.#peer[0] ?? none
  }

  /** What the records of either end carry, for an end of this role. */
  bySender(role: 'client' | 'server'): { readonly client: Uint8Array; readonly server: Uint8Array } {
    const theirs = this.#own[0] ?? none
    return role === 'client'
      ? { client: this.outgoing, server: theirs }
      : { client: theirs, server: this.outgoing }
  }

  /** Where records of DTLS 1.2 have connection IDs, their type is encrypted (RFC 9146 §4). */
  get typeLengths(): TypeLengths {
    return { ours: this.outgoing.length > 0 ? 1 : 0, theirs: this.isExpected ? 1 : 0 }
  }

  /** Others of the peer's that we have not used yet. */
  get spares(): number {
    return Math.max(this.#peer.length - 1, 0)
  }

  /** A client's offer: in its ClientHello. */
  offer(extensions: Extensions): void {
    if (this.#policy === null) return
    this.#adopt(this.#policy.generate())
    extensions.set(ConnectionId, this.#own[0] ?? none)
    if (this.#policy.check !== 'application') extensions.set(ReturnRoutability, true)
  }

  /** A client's reading of ServerHello, which answers only what was offered. Throws `PeerMisbehaved`, `DecodeError`. */
  accept(answer: Extensions): void {
    const id = answer.get(ConnectionId)
    const isCheckKnown = answer.get(ReturnRoutability) === true
    if (id === undefined && isCheckKnown)
      throw new PeerMisbehaved('illegal-parameter', 'rrc without connection_id (RFC 9853 §3)')
    if (id === undefined) this.#own = []
    else this.#agree(id, isCheckKnown)
  }

  /** A server's reading of the ClientHello that it is going to answer. Throws `DecodeError`. */
  receive(offer: Extensions): void {
    const id = offer.get(ConnectionId)
    const isCheckKnown = offer.get(ReturnRoutability) === true
    if (this.#policy === null || id === undefined) return
    this.#adopt(this.#policy.generate())
    this.#agree(id, isCheckKnown && this.#policy.check !== 'application')
  }

  /** A server's answer: in its ServerHello. */
  answer(extensions: Extensions): void {
    if (this.#isNegotiated) extensions.set(ConnectionId, this.#own[0] ?? none)
    if (this.#isCheckNegotiated) extensions.set(ReturnRoutability, true)
  }

  /** Index of ours at `at`, -1 where it is none of ours; newer ones have higher numbers. */
  find(bytes: Uint8Array, at: number): number {
    return this.#own.findIndex((id) => id.every((byte, i) => bytes[at + i] === byte))
  }

  /** The peer uses this one of ours. Those before its predecessor have served, and nothing of them is on its way. */
  retireBefore(index: number): void {
    if (index > 1) this.#own = this.#own.slice(index - 1)
  }

  /** As many more of ours as there is room for; copies are kept. */
  issue(count: number): readonly Uint8Array[] {
    const fresh: Uint8Array[] = []
    const policy = this.ownLength > 0 ? this.#policy : null
    while (fresh.length < count && this.#own.length < maxOwn && policy !== null) {
      const id = policy.generate()
      this.#adopt(id)
      fresh.push(id)
    }
    return fresh
  }

  /** More of the peer's, in the order of their use; those that we have no room for are forgotten (RFC 9147 §9). */
  store(ids: readonly Uint8Array[], isImmediate: boolean): void {
    if (isImmediate) this.#peer = []
    for (const id of ids) if (this.#peer.length < maxPeer) this.#peer.push(copyBytes(id))
  }

  /** Takes the next of the peer's, so that nobody recognises us on another path. False where there is none left. */
  advance(): boolean {
    if (this.#peer.length < 2) return false
    this.#peer.shift()
    return true
  }

  #agree(id: Uint8Array, isCheckKnown: boolean): void {
    this.#isNegotiated = true
    this.#isCheckNegotiated = isCheckKnown
    this.#peer = [id]
  }

  #adopt(id: Uint8Array): void {
    if (id.length > 0) this.#own = [...this.#own, copyBytes(id)]
  }
}

const none = new Uint8Array(0)
/** Ours at a time, the one in use included. */
const maxOwn = 8
/** The peer's that we keep. */
const maxPeer = 8
