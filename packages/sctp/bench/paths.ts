/**
 * How much of a path each congestion control uses: two associations in virtual time over a simulated bottleneck of
 * 100 Mbit/s whose queue holds one bandwidth-delay product, 1,432-byte packets, and random loss.
 *
 *     node --conditions=@purertc/source --import tsx packages/sctp/bench/paths.ts [--seconds 20] [--queue 1]
 *
 * Prints Mbit/s of user data that arrived in the given virtual time, handshake and slow start included.
 */
import { parseArgs } from 'node:util'

import { nodeCrypto } from '@purertc/crypto/node'
import { Link, Simulation } from '@purertc/netsim'

import {
  type CongestionControlFactory,
  CubicCongestionControl,
  SctpAssociation,
  StandardCongestionControl,
} from '../src/index.ts'
import { silentHost } from '../test/support/silent-host.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    queue: { type: 'string', default: '1' },
    trips: { type: 'string', default: '10,50,100,200' },
    losses: { type: 'string', default: '0,0.001,0.01' },
  },
})
const seconds = Number(values.seconds)
/** Bytes a second. */
const rate = 12_500_000

const algorithms: Readonly<Record<string, CongestionControlFactory>> = {
  standard: (size, window) => new StandardCongestionControl(size, window),
  cubic: (size, window) => new CubicCongestionControl(size, window),
}

interface Outcome {
  readonly megabits: number
  /** Share of packets that were sent in vain: dropped by the queue or by chance. */
  readonly dropped: number
}

function run(congestionControl: CongestionControlFactory, roundTrip: number, loss: number): Outcome {
  const sim = new Simulation({ seed: 7 })
  const product = (rate * roundTrip) / 1_000
  const queue = Math.max(Number(values.queue) * product, 30_000)
  const conditions = { latency: roundTrip / 2, loss, rate, queue }
  let received = 0
  const toB: Link = new Link(sim, conditions, (now, bytes) => b.handlePacket(now, bytes))
  const toA: Link = new Link(sim, { latency: roundTrip / 2, loss }, (now, bytes) =>
    a.handlePacket(now, bytes),
  )
  const config = { crypto: sim.seeded(nodeCrypto), mtu: 1_432, congestionControl, receiveWindow: 8_388_608 }
  const sending = silentHost({ transmit: (packet) => toB.send(packet), bufferedAmountLow: () => pump() })
  const receiving = silentHost({
    transmit: (packet) => toA.send(packet),
    received: (_now, _stream, _protocol, { length }) => (received += length),
  })
  const a: SctpAssociation = new SctpAssociation(config, sending)
  const b: SctpAssociation = new SctpAssociation(config, receiving)
  const message = new Uint8Array(16_384)
  const pump = (): void => {
    while (a.bufferedAmount(0) < 4_000_000) a.send(sim.now, 0, 53, message)
  }
  sim.attach(a)
  sim.attach(b)
  a.setBufferedAmountLowThreshold(0, 2_000_000)
  a.connect(sim.now)
  b.connect(sim.now)
  sim.run({ until: () => a.state === 'established' && b.state === 'established' })
  pump()
  sim.advance(seconds * 1_000)
  return { megabits: (received * 8) / 1e6 / seconds, dropped: toB.dropped / toB.sent }
}

console.log(
  `RTT ms  loss   ${Object.keys(algorithms)
    .map((name) => name.padStart(22))
    .join('')}`,
)
for (const trip of values.trips.split(',').map(Number)) {
  for (const loss of values.losses.split(',').map(Number)) {
    const cells = Object.values(algorithms).map((factory) => {
      const { megabits, dropped } = run(factory, trip, loss)
      return `${megabits.toFixed(1)} (${(dropped * 100).toFixed(2)} % lost)`.padStart(22)
    })
    console.log(`${String(trip).padStart(6)} ${`${loss * 100} %`.padStart(6)}  ${cells.join('')}`)
  }
}
