import { describe, expect, test } from '@jest/globals'

import type { CandidatePair, IceCandidate } from '../src/index.ts'
import { type NodeIceHost, type NodeIceOptions, NodeIceTransport } from '../src/node/index.ts'

interface End {
  readonly ice: NodeIceTransport
  readonly received: string[]
  readonly candidates: (IceCandidate | null)[]
  readonly selected: Promise<CandidatePair>
  next(): Promise<string>
}

function open(options: NodeIceOptions, hooks: Partial<NodeIceHost> = {}): End {
  const received: string[] = []
  const candidates: (IceCandidate | null)[] = []
  let select: (pair: CandidatePair) => void = () => {}
  let arrived: (text: string) => void = () => {}
  const selected = new Promise<CandidatePair>((resolve) => (select = resolve))
  const ice = new NodeIceTransport(options, {
    received: (_now, bytes) => {
      received.push(new TextDecoder().decode(bytes))
      arrived(received.at(-1)!)
    },
    candidateGathered: (candidate) => candidates.push(candidate),
    gatheringStateChanged: () => {},
    stateChanged: () => {},
    pairSelected: (pair) => select(pair),
    ...hooks,
  })
  return { ice, received, candidates, selected, next: () => new Promise((resolve) => (arrived = resolve)) }
}

async function connect(a: End, b: End): Promise<void> {
  await Promise.all([a.ice.gather(), b.ice.gather()])
  a.ice.setRemoteCredentials(b.ice.agent.localCredentials)
  b.ice.setRemoteCredentials(a.ice.agent.localCredentials)
  for (const candidate of b.ice.agent.localCandidates) a.ice.addRemoteCandidate(candidate)
  for (const candidate of a.ice.agent.localCandidates) b.ice.addRemoteCandidate(candidate)
  a.ice.addRemoteCandidate(null)
  b.ice.addRemoteCandidate(null)
  await Promise.all([a.selected, b.selected])
}

describe('NodeIceTransport', () => {
  test.each(['127.0.0.1', '::1'])('connects over %s', async (address) => {
    const a = open({ role: 'controlling', addresses: [address] })
    const b = open({ role: 'controlled', addresses: [address] })
    await connect(a, b)
    const arrival = b.next()
    expect(a.ice.send(new TextEncoder().encode('over real sockets'))).toBe(true)
    expect(await arrival).toBe('over real sockets')
    await Promise.all([a.ice.close(), b.ice.close()])
    expect([a.ice.agent.state, b.ice.agent.state]).toEqual(['closed', 'closed'])
  })
})
