/**
 * What an idle agent costs besides its sockets: pairs of agents with a virtual clock, each sending its consent checks and
 * answering its peer's (RFC 7675), nothing else. Prints microseconds of CPU for one exchange at one agent: a check with
 * its answer, or the peer's check answered. Needs `npm run build`: a compiler on the fly would be measured, too.
 *
 *     node --import tsx packages/ice/bench/consent.ts [pairs] [seconds]
 */
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import type { TransportAddress } from '@purertc/stun'

import { IceAgent, type IceHost } from '@purertc/ice'

class Machine {
  readonly agent: IceAgent
  readonly address: TransportAddress
  #rings = Infinity

  constructor(role: 'controlling' | 'controlled', port: number, sent: (bytes: Uint8Array) => void) {
    this.address = { family: 'IPv4', address: role === 'controlled' ? '198.51.100.1' : '198.51.100.2', port }
    const host: IceHost = {
      transmit: (_socket, _to, bytes) => sent(bytes),
      received: () => undefined,
      candidateGathered: () => undefined,
      gatheringStateChanged: () => undefined,
      stateChanged: () => undefined,
      pairSelected: () => undefined,
    }
    this.agent = new IceAgent({ crypto: nodeCrypto, role }, host)
  }

  receive(now: Millis, from: TransportAddress, bytes: Uint8Array): void {
    this.agent.handleDatagram(now, 0, from, bytes)
    this.schedule()
  }

  ring(now: Millis): void {
    this.#rings = Infinity
    if (this.agent.nextTimeout <= now) this.agent.handleTimeout(now)
    this.schedule()
  }

  /** As a driver's alarm does it: one that rings early enough is left alone. */
  schedule(): void {
    const at = Math.ceil(this.agent.nextTimeout)
    if (at >= this.#rings) return
    this.#rings = at
    const others = alarms.get(at)
    if (others === undefined) alarms.set(at, [this])
    else others.push(this)
  }
}

/** Who is to be woken at which millisecond. */
const alarms = new Map<number, Machine[]>()

const [pairCount = 2_500, seconds = 300] = process.argv.slice(2).map(Number)
const queue: { readonly to: Machine; readonly from: Machine; readonly bytes: Uint8Array }[] = []
const machines: Machine[] = []
for (let i = 0; i < pairCount; i++) {
  const a: Machine = new Machine('controlling', 1_024 + i, (bytes) => queue.push({ to: b, from: a, bytes }))
  const b: Machine = new Machine('controlled', 1_024 + i, (bytes) => queue.push({ to: a, from: b, bytes }))
  introduce(a, b)
  introduce(b, a)
  machines.push(a, b)
}

function introduce(one: Machine, other: Machine): void {
  const zero = Millis(0)
  one.agent.gather(zero, [{ id: 0, address: one.address }])
  other.agent.setRemoteCredentials(zero, one.agent.localCredentials)
  for (const candidate of one.agent.localCandidates) other.agent.addRemoteCandidate(zero, candidate)
  other.agent.addRemoteCandidate(zero, null)
  one.schedule()
  other.schedule()
}

let datagrams = 0
/** In ticks of a millisecond, with a latency of one tick. */
function run(from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const now = Millis(at)
    for (const { to: receiver, from: sender, bytes } of queue.splice(0)) {
      datagrams++
      receiver.receive(now, sender.address, bytes)
    }
    const due = alarms.get(at) ?? []
    alarms.delete(at)
    for (const machine of due) machine.ring(now)
  }
}

run(0, 20_000)
const connected = machines.filter(({ agent }) => agent.state === 'completed').length
if (connected !== machines.length) throw new Error(`${connected} of ${machines.length} connected`)
datagrams = 0
const { user, system } = process.cpuUsage()
run(20_000, 20_000 + seconds * 1_000)
const spent = process.cpuUsage({ user, system })
const exchanges = datagrams / 2
const each = (spent.user + spent.system) / (2 * exchanges)
console.info(
  `${machines.length} agents, ${seconds} s: ${exchanges} exchanges, ${each.toFixed(1)} µs at each end of one`,
)
