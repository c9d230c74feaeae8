import { expect, test } from '@jest/globals'
import type { Millis } from '@purertc/bytes'
import { Link, type LinkConditions, Random, Simulation } from '@purertc/netsim'

import type { SctpConfig } from '../../src/index.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket, encodePacket } from '../../src/wire/packet.ts'
import { End } from '../support/association-pair.ts'
import { Simulated } from '../support/simulated.ts'

/** CI runs as many as PURERTC_SEEDS says, up to two thousand. */
const count = Math.min(Number(process.env['PURERTC_SEEDS'] ?? 60), 2_000)
/** Milliseconds. */
const RTO_MAX = 10_000
const SACK_DELAY = 200
const bulk = new Uint8Array(20_000).fill(7)

/**
 * A sender, and a peer that throws DATA away chunk by chunk as it likes, closes its window when it likes, and acknowledges
 * what it kept and nothing else. Whenever the sender was at work it is asked when it wants to be woken.
 */
class WilfulPeer extends Simulated {
  readonly a: End
  readonly b: End
  readonly toA: Link
  readonly toB: Link
  /** The probability that a chunk is thrown away. */
  discards = 0
  /** Bytes of messages that the peer does not use yet. */
  #held = 0
  /** Messages given to send. */
  sent = 0
  /** What the sender owes an explanation for: data was outstanding, and no timer was to go off in time. */
  readonly silences: string[] = []

  constructor(seed: number, config: Partial<SctpConfig>) {
    const sim = new Simulation({ seed })
    super(sim)
    this.toA = new Link(sim, { latency: 1 }, (now, bytes) => {
      this.a.association.handlePacket(now, bytes)
      this.#inspect(now)
    })
    this.toB = new Link(sim, { latency: 1 }, (now, bytes) => this.#take(now, bytes))
    this.a = new End(sim, (packet) => this.toB.send(packet), { config })
    this.b = new End(sim, (packet) => this.toA.send(packet), { config })
    const { association } = this.a
    sim.detach(association)
    sim.attach({
      get nextTimeout() {
        return association.nextTimeout
      },
      handleTimeout: (now) => {
        association.handleTimeout(now)
        this.#inspect(now)
      },
    })
    association.connect(this.now)
    this.runUntil(() => this.a.connected > 0 && this.b.connected > 0)
  }

  send(stream: number, size: number): void {
    this.a.association.send(this.now, stream, 53, bulk.subarray(0, size))
    this.sent++
    this.#inspect(this.now)
  }

  /** The peer uses nothing of what it has got until {@link WilfulPeer.release}. */
  hold(bytes: number): void {
    this.b.association.holdReceived(this.now, bytes)
    this.#held += bytes
  }

  release(): void {
    this.b.association.holdReceived(this.now, -this.#held)
    this.#held = 0
  }

  get hasAll(): boolean {
    return this.b.received.length === this.sent
  }

  /** Whether the sender waits for nothing: the last SACKs may have been lost. */
  get isDrained(): boolean {
    return this.hasAll && this.a.association.nextTimeout === Infinity
  }

  get closings(): string[] {
    return [...this.a.closed, ...this.b.closed].map(({ message }) => message)
  }

  #inspect(now: Millis): void {
    const { association } = this.a
    if (!this.hasAll && !(association.nextTimeout <= now + RTO_MAX))
      this.silences.push(`${now}: ${association.nextTimeout}`)
  }

  #take(now: Millis, bytes: Uint8Array): void {
    const packet = this.discards > 0 ? decodePacket(bytes) : null
    if (packet === null) {
      this.b.association.handlePacket(now, bytes)
      return
    }
    const chunks = packet.chunks.filter(
      ({ type }) =>
        (type !== ChunkType.data && type !== ChunkType.iData) || !this.sim.random.chance(this.discards),
    )
    if (chunks.length === packet.chunks.length) this.b.association.handlePacket(now, bytes)
    else if (chunks.length > 0) this.b.association.handlePacket(now, encodePacket({ ...packet, chunks }))
  }

  protected override describe(): string {
    return `${this.b.received.length} of ${this.sent} messages, ${this.a.association.state}`
  }
}

/** The last, for a calm path, is so much that a short round trip is measured as short again after a long one. */
const loads = [
  { count: 4, size: 300 },
  { count: 20, size: 300 },
  { count: 8, size: 20_000 },
  { count: 50, size: 20_000 },
]

/** Says much and little over a path that changes, to a peer that changes its mind. */
function play(seed: number): WilfulPeer {
  const random = new Random(seed)
  const isNarrow = random.chance(0.3)
  const peer = new WilfulPeer(seed, {
    heartbeatInterval: Infinity,
    maxRetransmits: 1_000,
    rtoMax: RTO_MAX,
    interleaving: random.chance(0.5),
    maxMessageSize: 60_000,
    receiveWindow: isNarrow ? 60_000 : 1_048_576,
  })
  for (let phase = 0; phase < 3; phase++) {
    const conditions = conditionsOf(random)
    for (const link of [peer.toA, peer.toB]) link.conditions = conditions
    peer.discards = random.chance(0.5) ? 0 : 0.5 * random.next()
    if (isNarrow && random.chance(0.5)) peer.hold(60_000)
    peer.sim.after(3_000 * random.next(), () => peer.release())
    const isCalm = conditions.loss === undefined && peer.discards === 0
    const { count: messages, size } = loads[random.int(loads.length - (isCalm ? 0 : 1))]!
    for (let left = messages; left > 0; left--) peer.send(random.int(40), 1 + random.int(size))
    // One at a time, each SACK comes late.
    for (let left = random.int(4); left > 0; left--) {
      peer.runUntil(() => peer.isDrained, peer.now + 3_600_000)
      peer.send(0, 10)
    }
    peer.runUntil(() => peer.isDrained, peer.now + 3_600_000)
  }
  for (const link of [peer.toA, peer.toB]) link.conditions = { latency: 1 }
  peer.discards = 0
  peer.release()
  return peer
}

function conditionsOf(random: Random): LinkConditions {
  const latency = [0.2, 0.5, 2, 20, 100][random.int(5)]!
  return random.chance(0.5)
    ? { latency }
    : { latency, jitter: latency * random.next(), loss: 0.2 * random.next(), reorder: 0.1 * random.next() }
}

test(`${count} seeds: while anything is outstanding a timer is armed, all arrives, and nothing is held back afterwards`, () => {
  for (let seed = 1; seed <= count; seed++) {
    const peer = play(seed)
    expect([seed, peer.closings, peer.silences]).toEqual([seed, [], []])
    const start = peer.now
    for (let stream = 0; stream < 16; stream++) peer.send(stream, 10)
    peer.runUntil(() => peer.hasAll)
    // None of them waits for a SACK of another, which comes late.
    expect([seed, peer.now - start < SACK_DELAY]).toEqual([seed, true])
  }
}, 600_000)
