/**
 * Many agents in one process, for the scale test: `server` has them on one port, `clients` each on a socket of its own.
 * Arguments: which, how many, `lite` or `full`. Lines of JSON on standard input and output.
 */
import { createInterface } from 'node:readline'

import { formatCandidate, type IceCredentials, parseCandidate } from '../../src/index.ts'
import { type NodeIceHost, NodeIceTransport, UdpMux } from '../../src/node/index.ts'

export interface Introduction {
  readonly credentials: readonly IceCredentials[]
  /** Of each agent, or one of all. */
  readonly candidates: readonly string[]
}

export interface Measurement {
  /** Milliseconds of CPU, since the measurement before. */
  readonly cpu: number
  readonly elapsed: number
  /** Bytes in use after a collection. */
  readonly memory: number
  readonly connected: number
}

const [, , which, countText, kind] = process.argv
const count = Number(countText)
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

let connected = 0
const host: NodeIceHost = {
  received: () => undefined,
  candidateGathered: () => undefined,
  gatheringStateChanged: () => undefined,
  stateChanged: () => undefined,
  pairSelected: () => void connected++,
}

let lastCpu = process.cpuUsage()
let lastAt = performance.now()
function measure(): Measurement {
  // Not in the types of Node: it is there with --expose-gc.
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage(lastCpu)
  const elapsed = performance.now() - lastAt
  lastCpu = process.cpuUsage()
  lastAt = performance.now()
  return { cpu: (user + system) / 1_000, elapsed, memory: heapUsed + external, connected }
}

const mux = which === 'server' ? await UdpMux.bind({ addresses: ['127.0.0.1', '::1'], port: 0 }) : undefined
say(measure())
const agents = Array.from(
  { length: count },
  () =>
    new NodeIceTransport(
      which === 'server'
        ? { role: 'controlled', lite: kind === 'lite', ...(mux && { mux }) }
        : { role: 'controlling', addresses: ['127.0.0.1'], bufferSize: 65_536 },
      host,
    ),
)
for (const agent of agents) await agent.gather()
const candidatesOf = (agent: NodeIceTransport): string[] => agent.agent.localCandidates.map(formatCandidate)
const own: Introduction = {
  credentials: agents.map(({ agent }) => agent.localCredentials),
  candidates: which === 'server' ? agents.slice(0, 1).flatMap(candidatesOf) : agents.flatMap(candidatesOf),
}
say(own)

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'measure') say(measure())
  else if (line === 'close') void close()
  else void introduce(JSON.parse(line) as Introduction)
})

async function introduce({ credentials, candidates }: Introduction): Promise<void> {
  for (const [i, agent] of agents.entries()) {
    const theirs = credentials[i]
    if (theirs === undefined) throw new Error('as many credentials as agents')
    agent.setRemoteCredentials(theirs, { isLite: which !== 'server' && kind === 'lite' })
    for (const line of which === 'server' ? candidates.slice(i, i + 1) : candidates)
      agent.addRemoteCandidate(parseCandidate(line))
    agent.addRemoteCandidate(null)
    // Signalling brings peers one by one; a kernel's buffer does not hold thousands of checks.
    if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function close(): Promise<void> {
  await Promise.all(agents.map((agent) => agent.close()))
  await mux?.close()
  say({ closed: true })
  process.exit()
}
