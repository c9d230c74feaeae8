import type { TransportAddress } from '@purertc/stun'

import type { IceRole } from '../../src/index.ts'
import type { Peer, PeerOptions } from './peer.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { World } from './world.ts'

export interface ScriptedWorld {
  readonly world: World
  readonly agent: Peer
  /** Where the agent is. */
  readonly to: TransportAddress
  readonly script: ScriptedPeer
  /** A second socket, elsewhere, with the same knowledge. */
  readonly other: ScriptedPeer
  /** Tells the agent the script's credentials and candidate. */
  readonly signal: () => void
}

/** An agent on the public network, and a peer that does what the test says. */
export function scripted(role: IceRole, options: Partial<PeerOptions> = {}): ScriptedWorld {
  const world = new World({ conditions: { latency: 10 } })
  const agent = world.peer({ ...options, role })
  agent.gather()
  const credentials = agent.agent.localCredentials
  const script = new ScriptedPeer(world.sim, world.network.host('198.51.103.1'), credentials)
  const other = new ScriptedPeer(world.sim, world.network.host('198.51.103.2'), credentials)
  return {
    world,
    agent,
    script,
    other,
    to: agent.sockets[0]!.local,
    signal: () => {
      agent.agent.setRemoteCredentials(world.sim.now, script.credentials)
      agent.agent.addRemoteCandidate(world.sim.now, script.candidate)
    },
  }
}
