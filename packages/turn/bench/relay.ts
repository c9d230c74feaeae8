/**
 * Our server and coturn's under the same load, one after the other: what coturn's own client sends from relay to relay. Each
 * must relay a small load without loss before a figure is printed. What runs is what is installed: `npm run build` comes
 * first.
 *
 *     node --import tsx packages/turn/bench/relay.ts [small,large,tcp] [part of the load, 1 by default] [ours,coturn]
 *
 * `us/msg` is processor time of the server, user and system, for a message that arrived, from the client of one relay to
 * that of another. `msg/s` is of the whole run, whose seconds the client counts in whole numbers. Client and server share the
 * machine. `bench/peers.ts` has the servers that this client cannot use, and peers that are no clients.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { print, type Served, startServer, sum } from './servers.ts'

interface Load {
  readonly name: string
  readonly transport: 'udp' | 'tcp'
  readonly flags: readonly string[]
  /** Of each session. */
  readonly messages: number
}

interface Result {
  readonly sent: number
  readonly received: number
  readonly seconds: number
  /** Microseconds of the server. */
  readonly cpu: number
}

const LOADS: Readonly<Record<string, Load>> = {
  small: {
    name: 'UDP, 20 sessions of 100 bytes',
    transport: 'udp',
    flags: ['-m', '20', '-l', '100'],
    messages: 20_000,
  },
  large: {
    name: 'UDP, 50 sessions of 1000 bytes',
    transport: 'udp',
    flags: ['-m', '50', '-l', '1000'],
    messages: 10_000,
  },
  tcp: {
    name: 'TCP, 20 sessions of 1000 bytes',
    transport: 'tcp',
    flags: ['-t', '-m', '20', '-l', '1000'],
    messages: 10_000,
  },
}

const [loads = 'small,large,tcp', part = '1', names = 'ours,coturn'] = process.argv.slice(2)
const servers: Served[] = []
for (const name of names.split(',')) servers.push(await startServer(name))
try {
  for (const name of loads.split(',')) {
    const load = LOADS[name]
    if (load !== undefined) await compare({ ...load, messages: Math.round(load.messages * Number(part)) })
  }
} finally {
  for (const { stop } of servers) await stop()
}

async function compare({ name, transport, flags, messages }: Load): Promise<void> {
  print(`\n${name}, ${messages} messages each`)
  const costs = new Map<string, number>()
  for (const server of servers) {
    const gentle = await run(server, transport, [...flags, '-n', '20', '-z', '20', '-m', '2'])
    if (gentle.sent === 0 || gentle.received !== gentle.sent) {
      print(
        `  ${server.name} left out: ${gentle.received} of ${gentle.sent} messages arrived without any load`,
      )
      continue
    }
    const result = await run(server, transport, [...flags, '-n', String(messages), '-z', '1'])
    costs.set(server.name, result.cpu / result.received)
    print(describe(server.name, result))
  }
  const ours = costs.get('ours') ?? NaN
  for (const [other, cost] of costs)
    if (other !== 'ours') print(`  our CPU a message is ${(ours / cost).toFixed(2)} times that of ${other}`)
}

async function run(server: Served, transport: 'udp' | 'tcp', flags: readonly string[]): Promise<Result> {
  const credentials = ['-u', 'ann', '-w', 'secret', '-p', String(server.ports[transport]), '-y', '-c', '-X']
  const before = sum(server.cpu())
  const client = spawn('turnutils_uclient', [...credentials, ...flags, '127.0.0.1'])
  let output = ''
  client.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(client, 'close')
  const [, sent, received] = /start_mclient: tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/.exec(output) ?? []
  const [, seconds] = /Total transmit time is (\d+)/.exec(output) ?? []
  return {
    sent: Number(sent ?? 0),
    received: Number(received ?? 0),
    seconds: Number(seconds ?? NaN),
    cpu: sum(server.cpu()) - before,
  }
}

function describe(name: string, { sent, received, seconds, cpu }: Result): string {
  const rate = Math.round(received / seconds)
  const loss = (100 * (sent - received)) / sent
  return `  ${name.padEnd(7)} ${rate} msg/s, ${loss.toFixed(2)} % lost, ${(cpu / received).toFixed(1)} us/msg`
}
