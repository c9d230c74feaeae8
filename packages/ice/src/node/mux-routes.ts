import { parseIpv4, type TransportAddress } from '@purertc/stun'

export interface Route<Member> {
  readonly member: Member
  usedAt: number
}

/**
 * Which member has its peer at which address. Who has accepted a check from there, or sends some there, gets what comes from
 * there; nobody takes it away from a member that keeps doing so, lest one agent's peer forge another's address and cut it
 * off.
 */
export class MuxRoutes<Member> {
  readonly #routes = new Map<Key, Route<Member>>()
  readonly #keys = new Map<Member, Key[]>()
  /** What was found last: an answer goes where its request came from. The object is a datagram's, and never another's. */
  #lastFrom: TransportAddress | null = null
  #lastSocket = -1
  #last: Route<Member> | undefined = undefined

  find(socket: number, from: TransportAddress): Route<Member> | undefined {
    if (from === this.#lastFrom && socket === this.#lastSocket) return this.#last
    this.#lastFrom = from
    this.#lastSocket = socket
    this.#last = this.#routes.get(keyOf(socket, from))
    return this.#last
  }

  use(now: number, socket: number, to: TransportAddress, member: Member): void {
    const route = this.find(socket, to)
    if (route?.member === member) {
      route.usedAt = now
    } else if (route === undefined || now - route.usedAt > LIFETIME) {
      const key = keyOf(socket, to)
      this.#lastFrom = null
      if (route !== undefined) this.#drop(key, route.member)
      this.#add(now, key, member)
    }
  }

  forget(member: Member): void {
    this.#lastFrom = null
    for (const key of this.#keys.get(member) ?? []) this.#routes.delete(key)
    this.#keys.delete(member)
  }

  #add(now: number, key: Key, member: Member): void {
    this.#routes.set(key, { member, usedAt: now })
    const keys = this.#keys.get(member)
    if (keys === undefined) {
      this.#keys.set(member, [key])
      return
    }
    keys.push(key)
    const oldest = keys.length > MAX_ROUTES ? keys.shift() : undefined
    if (oldest !== undefined) this.#routes.delete(oldest)
  }

  #drop(key: Key, member: Member): void {
    this.#routes.delete(key)
    const keys = this.#keys.get(member)
    keys?.splice(keys.indexOf(key), 1)
  }
}

type Key = number | string

/** A number where it fits: to make one and to look for it costs a third of what a string does. */
function keyOf(socket: number, { address, port }: TransportAddress): Key {
  const ipv4 = Math.abs(socket) <= MAX_SOCKETS ? parseIpv4(address) : -1
  return ipv4 < 0 ? `${socket}|${address}|${port}` : (socket * 2 ** 32 + ipv4) * 2 ** 16 + port
}

/** As many as 53 bits of a number have room for beside an address and a port. */
const MAX_SOCKETS = 16

/** Consent checks come every 4 to 6 s, and consent lasts 30 s (RFC 7675). Milliseconds. */
const LIFETIME = 30_000

/** As many pairs as an agent checks. */
const MAX_ROUTES = 100
