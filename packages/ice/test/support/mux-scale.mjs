/**
 * Many agents in one process, for the scale test: `server` has them on one port, `clients` each on a socket of its own.
 * Arguments: which, how many, `lite` or `full`. Lines of JSON on standard input and output. It runs on what was built: a
 * compiler on the fly gives every closure a name of its own, which costs more memory than the agents do.
 */
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

import { formatCandidate, parseCandidate } from '../../dist/index.js'
import { NodeIceTransport, UdpMux } from '../../dist/node/index.js'

const [, , which, countText, kind] = process.argv
const count = Number(countText)
const say = (message) => void process.stdout.write(`${JSON.stringify(message)}\n`)

let connected = 0
const host = {
  received: () => undefined,
  candidateGathered: () => undefined,
  gatheringStateChanged: () => undefined,
  stateChanged: () => undefined,
  pairSelected: () => void connected++,
}

let lastCpu = process.cpuUsage()
let lastAt = performance.now()
function measureCpu() {
  const { user, system } = process.cpuUsage(lastCpu)
  const elapsed = performance.now() - lastAt
  lastCpu = process.cpuUsage()
  lastAt = performance.now()
  return { cpu: (user + system) / 1_000, elapsed }
}

/** Collects garbage, after which V8 compiles anew what it has forgotten: for seconds, CPU is not the agents'. */
function measureMemory() {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return { memory: heapUsed + external }
}

const mux = which === 'server' ? await UdpMux.bind({ addresses: ['127.0.0.1', '::1'], port: 0 }) : undefined
say(measureMemory())
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
const candidatesOf = (agent) =>
  agent.agent.localCandidates.map((candidate) => formatCandidate(candidate).replace(/ ufrag \S+/, ''))
const own = {
  credentials: agents.map(({ agent }) => agent.localCredentials),
  candidates: which === 'server' ? agents.slice(0, 1).flatMap(candidatesOf) : agents.flatMap(candidatesOf),
}
say(own)

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'cpu') say(measureCpu())
  else if (line === 'memory') say(measureMemory())
  else if (line === 'count') say({ connected })
  else if (line === 'close') void close()
  else void obey(JSON.parse(line))
})

function obey(message) {
  return 'profile' in message ? startProfile(message.profile) : introduce(message)
}

async function introduce({ credentials, candidates }) {
  for (const [i, agent] of agents.entries()) {
    const theirs = credentials[i]
    if (theirs === undefined) throw new Error('as many credentials as agents')
    agent.setRemoteCredentials(theirs, { isLite: which !== 'server' && kind === 'lite' })
    for (const line of which === 'server' ? candidates.slice(i, i + 1) : candidates)
      agent.addRemoteCandidate(parseCandidate(line))
    agent.addRemoteCandidate(null)
    // Signalling brings peers one by one; a kernel's buffer does not hold thousands of checks.
    if (i % 10 === 9) await setTimeout(5)
  }
}

let endProfile = () => undefined
async function startProfile(file) {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  endProfile = async () => {
    const { profile } = await session.post('Profiler.stop')
    await writeFile(file, JSON.stringify(profile))
  }
}

async function close() {
  await endProfile()
  await Promise.all(agents.map((agent) => agent.close()))
  await mux?.close()
  say({ closed: true })
  process.exit()
}
