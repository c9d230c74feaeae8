import { Millis } from '@purertc/bytes'

import type { Random } from './random.ts'
import type { Simulation } from './simulation.ts'

/** How a direction of the network behaves; what is left out does no harm. */
export interface LinkConditions {
  /** Milliseconds from send to delivery. */
  readonly latency?: number
  /** Up to so many milliseconds more; order is kept. */
  readonly jitter?: number
  /** Probability that a datagram is lost. */
  readonly loss?: number
  /** Probability that a datagram arrives twice. */
  readonly duplicate?: number
  /** Probability that a datagram is held back by up to `latency` + 10 ms, so that later ones overtake it. */
  readonly reorder?: number
  /** Probability that one bit of a datagram flips. */
  readonly corrupt?: number
  /** Bytes per second; a datagram leaves when those before it have left. */
  readonly rate?: number
  /** Bytes that may wait for `rate`; what comes on top is dropped. Without limit by default. */
  readonly queue?: number
  /** Larger datagrams are dropped. */
  readonly mtu?: number
}

/** Judges the datagram that was sent as number `index` (from 0): let it pass, drop it, or send other bytes instead. */
export type LinkRule<Context = void> = (
  index: number,
  bytes: Uint8Array,
  context: Context,
) => 'pass' | 'drop' | Uint8Array

/**
 * One direction between two machines. It copies the bytes it is given. What it delivers is borrowed until `deliver`
 * returns and then overwritten, so that a machine that keeps borrowed bytes is found out.
 *
 * @example
 * const toServer = new Link(sim, { latency: 20, loss: 0.1 }, (now, bytes) => server.handleDatagram(now, bytes))
 * toServer.intercept((index) => (index === 0 ? 'drop' : 'pass'))
 */
export class Link<Context = void> {
  /** May be replaced while datagrams are under way; those are not touched. */
  conditions: LinkConditions
  readonly #sim: Simulation
  readonly #deliver: (now: Millis, bytes: Uint8Array, context: Context) => void
  readonly #random: Random
  readonly #id: number
  #rule: LinkRule<Context> | null = null
  #busyUntil = -Infinity
  #lastArrival = -Infinity
  #sent = 0
  #delivered = 0
  #dropped = 0

  constructor(
    sim: Simulation,
    conditions: LinkConditions,
    deliver: (now: Millis, bytes: Uint8Array, context: Context) => void,
  ) {
    this.#sim = sim
    this.conditions = conditions
    this.#deliver = deliver
    this.#random = sim.random.fork()
    this.#id = sim.random.u32()
  }

  /** Datagrams given to `send`. */
  get sent(): number {
    return this.#sent
  }

  /** Datagrams delivered, duplicates included. */
  get delivered(): number {
    return this.#delivered
  }

  /** Datagrams lost by a rule, by chance, by a full queue or by the MTU. */
  get dropped(): number {
    return this.#dropped
  }

  /** The one rule that judges what is sent from now on; `null` removes it. */
  intercept(rule: LinkRule<Context> | null): void {
    this.#rule = rule
  }

  /** Delivery never happens inside this call. */
  send(bytes: Uint8Array, context: Context): void {
    const verdict = this.#rule?.(this.#sent, bytes, context) ?? 'pass'
    this.#sent++
    const datagram = verdict === 'pass' ? bytes : verdict
    const departure = datagram === 'drop' ? null : this.#depart(datagram.length)
    if (datagram === 'drop' || departure === null || this.#random.chance(this.conditions.loss ?? 0)) {
      this.#dropped++
      return
    }
    this.#carry(datagram, departure, context)
    if (this.#random.chance(this.conditions.duplicate ?? 0)) this.#carry(datagram, departure, context)
  }

  /** When the last byte leaves, or null where the datagram does not fit. */
  #depart(length: number): number | null {
    const { rate = Infinity, queue = Infinity, mtu = Infinity } = this.conditions
    const now = this.#sim.now
    const start = Math.max(now, this.#busyUntil)
    const waiting = start > now ? ((start - now) * rate) / 1_000 : 0
    if (length > mtu || (waiting > 0 && waiting + length > queue)) return null
    return (this.#busyUntil = start + (length * 1_000) / rate)
  }

  #carry(datagram: Uint8Array, departure: number, context: Context): void {
    const copy = new Uint8Array(datagram)
    if (copy.length > 0 && this.#random.chance(this.conditions.corrupt ?? 0))
      copy[this.#random.int(copy.length)]! ^= 1 << this.#random.int(8)
    this.#sim.schedule(this.#arrival(departure), (now) => {
      this.#delivered++
      this.#sim.record(this.#id, copy)
      this.#deliver(now, copy, context)
      copy.fill(poison)
    })
  }

  #arrival(departure: number): Millis {
    const { latency = 0, jitter = 0, reorder = 0 } = this.conditions
    const arrival = departure + latency + (jitter > 0 ? this.#random.next() * jitter : 0)
    if (this.#random.chance(reorder)) return Millis(arrival + this.#random.next() * (latency + 10))
    this.#lastArrival = Math.max(this.#lastArrival, arrival)
    return Millis(this.#lastArrival)
  }
}

const poison = 0xdb
