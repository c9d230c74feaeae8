import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, Simulation } from '@purertc/netsim'

import {
  type CongestionControlFactory,
  CubicCongestionControl,
  SctpAssociation,
  StandardCongestionControl,
} from '../src/index.ts'
import { silentHost } from './support/silent-host.ts'

const cubic: CongestionControlFactory = (size, window) => new CubicCongestionControl(size, window)
const reno: CongestionControlFactory = (size, window) => new StandardCongestionControl(size, window)

/** Bytes a second. */
const rate = 300_000
/** Milliseconds. */
const roundTrip = 100

/** A sender that never runs dry, at one end of the path that is shared. */
class Flow {
  readonly sender: SctpAssociation
  readonly receiver: SctpAssociation
  received = 0

  constructor(
    sim: Simulation,
    bottleneck: Link<SctpAssociation>,
    congestionControl: CongestionControlFactory,
  ) {
    const config = { crypto: sim.seeded(nodeCrypto), congestionControl }
    const back = new Link(sim, { latency: roundTrip / 2 }, (now, bytes) =>
      this.sender.handlePacket(now, bytes),
    )
    this.sender = new SctpAssociation(
      config,
      silentHost({
        transmit: (packet) => bottleneck.send(packet, this.receiver),
        connected: () => this.#refill(sim),
        bufferedAmountLow: () => this.#refill(sim),
      }),
    )
    this.receiver = new SctpAssociation(
      config,
      silentHost({
        transmit: (packet) => back.send(packet),
        received: (_now, _stream, _protocol, { length }) => (this.received += length),
      }),
    )
    this.sender.setBufferedAmountLowThreshold(0, 500_000)
    sim.attach(this.sender)
    sim.attach(this.receiver)
    this.sender.connect(sim.now)
  }

  #refill(sim: Simulation): void {
    while (this.sender.bufferedAmount(0) < 1_000_000) this.sender.send(sim.now, 0, 53, new Uint8Array(16_384))
  }
}

/** What each of two flows gets of a bottleneck whose queue holds its bandwidth-delay product; the second comes late. */
function shares(first: CongestionControlFactory, second: CongestionControlFactory): [number, number] {
  const sim = new Simulation({ seed: 3 })
  const conditions = { latency: roundTrip / 2, rate, queue: (rate * roundTrip) / 1_000 }
  const bottleneck = new Link<SctpAssociation>(sim, conditions, (now, bytes, to) =>
    to.handlePacket(now, bytes),
  )
  const a = new Flow(sim, bottleneck, first)
  sim.advance(3_000)
  const b = new Flow(sim, bottleneck, second)
  sim.advance(7_000)
  const before = [a.received, b.received] as const
  sim.advance(seconds * 1_000)
  return [(a.received - before[0]) / (seconds * rate), (b.received - before[1]) / (seconds * rate)]
}

const seconds = 30

describe('two flows over one bottleneck share it', () => {
  test.each([
    ['CUBIC and CUBIC', cubic, cubic],
    ['CUBIC and the Reno of RFC 9260', cubic, reno],
    ['the Reno of RFC 9260 and CUBIC', reno, cubic],
    ['Reno and Reno', reno, reno],
  ])('%s', (_names, first, second) => {
    const [a, b] = shares(first, second)
    expect(a + b).toBeGreaterThan(0.85)
    expect(Math.max(a / b, b / a)).toBeLessThan(3)
  })
})
