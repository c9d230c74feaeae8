/**
 * The floor of `bench/data-channel.ts --only connect`: two processes and their signalling, with the datagrams that a
 * connection takes, as many and as large, and what cryptography it cannot do without, all on node:dgram and node:crypto
 * (ML-KEM apart, where node:crypto has none). No message is read, nothing is checked but what a key is needed for.
 *
 *     npm run build && node --import tsx packages/peer-connection/bench/floor-connect.ts [--count 60]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'

import type { KeyExchangeGroup } from '@purertc/crypto'

import { BareConnection, ownKey, type PeerAddress } from './bare-connection.ts'
import { median } from './table.ts'

/** `sdp` makes it as long as a description. */
interface Signal extends PeerAddress {
  readonly kind: 'offer' | 'answer' | 'candidate'
  readonly sdp: string
}

interface Outcome {
  readonly samples: readonly number[]
  /** Microseconds of processor time. */
  readonly cpu: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '60' } },
})

const SDP = 'a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\n'.repeat(8)

async function connectAll(group: KeyExchangeGroup, isOfferer: boolean): Promise<Outcome> {
  const samples: number[] = []
  const before = process.cpuUsage()
  for (let i = 0; i < Number(values.count); i++) {
    process.send?.('together')
    await once(process, 'message')
    const start = performance.now()
    await connect(group, isOfferer)
    samples.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(before)
  return { samples, cpu: (user + system) / samples.length }
}

function connect(group: KeyExchangeGroup, isOfferer: boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = new BareConnection(group, isOfferer, () => {
      process.off('message', hear)
      end.close()
      resolve()
    })
    const tell = (kind: Signal['kind']): void =>
      void process.send?.({ kind, sdp: SDP, port: end.port, key: ownKey } satisfies Signal)
    const hear = (signal: Signal): void => {
      if (signal.kind !== 'candidate') end.meet(signal)
      if (signal.kind === 'offer') tell('answer')
      if (signal.kind !== 'offer') {
        if (isOfferer) tell('candidate')
        end.check()
      }
    }
    process.on('message', hear)
    if (isOfferer) tell('offer')
  })
}

async function measure(group: KeyExchangeGroup): Promise<void> {
  const start = (role: string): ChildProcess =>
    fork(new URL(import.meta.url), [role, group, '--count', values.count], {
      execArgv: process.execArgv,
      serialization: 'advanced',
    })
  const ends = [start('offerer'), start('answerer')] as const
  const waiting = new Set<ChildProcess>()
  const outcomes = ends.map(
    (end, i) =>
      new Promise<Outcome>((resolve) =>
        end.on('message', (message: Signal | Outcome | 'together') => {
          if (message === 'together') {
            if (waiting.add(end).size < ends.length) return
            waiting.clear()
            for (const each of ends) each.send('together')
          } else if ('kind' in message) ends[1 - i]?.send(message)
          else resolve(message)
        }),
      ),
  )
  const [offerer, answerer] = (await Promise.all(outcomes)) as [Outcome, Outcome]
  for (const end of ends) end.kill()
  const { samples } = offerer
  const figures = [samples, samples.slice(0, 15), samples.slice(0, 1)].map((part) => median(part).toFixed(1))
  const cpu = [offerer, answerer].map((each) => (each.cpu / 1e3).toFixed(1))
  process.stdout.write(
    `${group}: ${figures.join(' / ')} ms (p50 of all, of the first 15, the first), ` +
      `${cpu.join(' + ')} ms of processor time (offerer, answerer)\n`,
  )
}

const [role, group] = positionals
if (role === undefined) for (const each of ['x25519mlkem768', 'x25519'] as const) await measure(each)
else process.send?.(await connectAll(group as KeyExchangeGroup, role === 'offerer'))
