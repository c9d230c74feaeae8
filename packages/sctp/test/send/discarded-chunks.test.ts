import { expect, test } from '@jest/globals'
import type { Millis } from '@purertc/bytes'
import { Link, Simulation } from '@purertc/netsim'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket, encodePacket } from '../../src/wire/packet.ts'
import { End, text } from '../support/association-pair.ts'
import { Simulated } from '../support/simulated.ts'

/**
 * What pion does with streams that come faster than it accepts them: sixteen wait; the DATA of one more is thrown away as
 * if it had never come, chunk by chunk, and where a packet holds nothing else it is answered by no SACK.
 */
class CrowdedPeer extends Simulated {
  readonly a: End
  readonly b: End
  readonly #pause: number
  readonly #streams = new Set<number>()
  #waiting = 0
  /** Chunks that were thrown away. */
  discarded = 0

  /** `pause`: milliseconds, at most, until the next stream is accepted. */
  constructor(seed: number, pause: number) {
    const sim = new Simulation({ seed })
    super(sim)
    this.#pause = pause
    const config = { interleaving: false }
    const toA = new Link(sim, { latency: 0.1 }, (now, bytes) => this.a.association.handlePacket(now, bytes))
    const toB = new Link(sim, { latency: 0.1 }, (now, bytes) => this.#take(now, bytes))
    this.a = new End(sim, (packet) => toB.send(packet), { config })
    this.b = new End(sim, (packet) => toA.send(packet), { config })
    this.a.association.connect(this.now)
    this.runUntil(() => this.a.connected > 0 && this.b.connected > 0)
  }

  #take(now: Millis, bytes: Uint8Array): void {
    const packet = decodePacket(bytes)
    if (packet === null) throw new Error('a packet of ours does not decode')
    const kept = packet.chunks.filter((chunk) => chunk.type !== ChunkType.data || this.#accepts(chunk.stream))
    this.discarded += packet.chunks.length - kept.length
    if (kept.length === packet.chunks.length) this.b.association.handlePacket(now, bytes)
    else if (kept.length > 0) this.b.association.handlePacket(now, encodePacket({ ...packet, chunks: kept }))
  }

  #accepts(stream: number): boolean {
    if (this.#streams.has(stream)) return true
    if (this.#waiting >= 16) return false
    this.#waiting++
    this.#streams.add(stream)
    if (this.#waiting === 1) this.#acceptLater()
    return true
  }

  /** Mostly soon. */
  #acceptLater(): void {
    this.sim.after(this.#pause * this.sim.random.next() ** 8, () => {
      this.#waiting--
      if (this.#waiting > 0) this.#acceptLater()
    })
  }

  protected override describe(): string {
    return `${this.b.received.length} of ${STREAMS} streams, ${this.discarded} chunks discarded`
  }
}

const STREAMS = 500

test.each([1, 20, 400, 5_000])(
  'streams that a peer throws away while it is busy reach it in the end, up to %i ms for each',
  (pause) => {
    for (let seed = 1; seed <= 2; seed++) {
      const peer = new CrowdedPeer(seed, pause)
      const { association } = peer.a
      association.batch(peer.now, () => {
        for (let stream = 0; stream < STREAMS; stream++)
          association.send(peer.now, stream, 50, text(`channel ${stream}`))
      })
      peer.runUntil(() => peer.b.received.length === STREAMS)
      expect(peer.discarded).toBeGreaterThan(STREAMS)
    }
  },
)
