/**
 * Throughput over emulated paths: 100 Mbit/s in each direction, datagrams of up to 1,472 bytes, a queue of one round
 * trip. The relay is this process, and the same for every stack; the stacks take turns in every cell.
 *
 *     npm run build
 *     node --import tsx packages/peer-connection/bench/paths.ts [--seconds 8] [--stacks purertc,wrtc] \
 *       [--delays 10,50,100,200] [--losses 0,0.1,1] [--seed 1]
 */
import { parseArgs } from 'node:util'

import { EmulatedPath } from './emulated-path.ts'
import type { Command } from './endpoint.ts'
import { inPair } from './pair.ts'
import type { StackName } from './stacks.ts'
import { type Figures, printTable } from './table.ts'

const RATE = 100_000_000
const MTU = 1_472

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    stacks: { type: 'string', default: 'purertc,node-datachannel,wrtc' },
    delays: { type: 'string', default: '10,50,100,200' },
    losses: { type: 'string', default: '0,0.1,1' },
    seed: { type: 'string', default: '1' },
  },
})
const numbers = (list: string): number[] => list.split(',').map(Number)
const collected = new Map<StackName, Figures[]>()
for (const name of values.stacks.split(',')) collected.set(name as StackName, [])

for (const roundTrip of numbers(values.delays))
  for (const loss of numbers(values.losses))
    for (const [name, cells] of collected) {
      const path = new EmulatedPath(
        { roundTrip, loss: loss / 100, rate: RATE, mtu: MTU },
        Number(values.seed),
      )
      const warmUp = 1_000 + 10 * roundTrip
      const command: Command = {
        kind: 'throughput',
        size: 16_384,
        duration: Number(values.seconds) * 1_000 + warmUp,
        warmUp,
        count: 0,
        packetSize: null,
        isReliable: true,
        makesCertificate: false,
      }
      const reports = await inPair(name, command, (end, body) => path.rewrite(end, body))
      path.close()
      const cell = `${roundTrip} ms, ${loss} % loss: Mbit/s`
      const figure = reports === null ? NaN : reports[1].bytes / 125 / reports[1].elapsed
      process.stderr.write(`${name}, ${cell}: ${figure.toFixed(1)}\n`)
      if (reports !== null) cells.push({ [cell]: figure })
    }
printTable(collected)
