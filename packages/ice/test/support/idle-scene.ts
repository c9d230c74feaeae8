import { expect } from '@jest/globals'
import type { StunMessage } from '@purertc/stun'

import type { PeerOptions } from './peer.ts'
import { scripted, type ScriptedWorld } from './scripted-world.ts'

/** The script's. */
export const TIE_BREAKER = 99n

export interface IdleScene extends ScriptedWorld {
  /** A request of the nominated pair's peer, as it asks for consent. */
  readonly routine: () => Uint8Array
  /** Whether the agent takes `bytes` by the short cut. */
  readonly takes: (bytes: Uint8Array, from?: ScriptedWorld['script']) => boolean
}

/** An agent with a selected pair, whose peer does what the test says. */
export function idle(options: Partial<PeerOptions> = {}): IdleScene {
  const scene = scripted('controlled', options)
  const { world, agent, script, to } = scene
  scene.signal()
  const nominate = (): void => script.send(to, script.request({ controlling: TIE_BREAKER, nominate: true }))
  nominate()
  world.sim.advance(200)
  nominate()
  world.sim.advance(200)
  expect(agent.agent.selectedPair).not.toBeNull()
  script.responses.length = 0
  script.requests.length = 0
  return {
    ...scene,
    routine: () => script.request({ controlling: TIE_BREAKER }),
    takes: (bytes, from = script) =>
      agent.agent.handleRoutine(world.sim.now, 0, from.socket.local, Uint8Array.from(bytes)),
  }
}

/** Advances to the next request of the agent, which the script leaves without an answer. */
export function asked({ world, script }: IdleScene): StunMessage {
  script.requests.length = 0
  script.respond = () => null
  expect(world.run(() => script.requests.length > 0, 20_000)).toBe(true)
  return script.requests[0]!
}
