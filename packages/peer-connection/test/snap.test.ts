import { describe, expect, test } from '@jest/globals'

import type { RTCConfiguration } from '../src/index.ts'
import { greet, negotiate, SimWorld } from './support/sim-environment.ts'

const on: RTCConfiguration = { sctpSnap: true }

interface Outcome {
  /** Milliseconds until a message of the offerer's had arrived. */
  readonly duration: number
  readonly offer: string
  readonly answer: string
}

async function connect(offerer: RTCConfiguration, answerer: RTCConfiguration): Promise<Outcome> {
  const world = new SimWorld({ latency: 40 })
  const [alice, bob] = world.pair([offerer, answerer])
  const { channel, received, duration } = await greet(world, alice, bob)
  const [offer, answer] = [alice.localDescription?.sdp ?? '', bob.localDescription?.sdp ?? '']
  // A second round keeps the association.
  await negotiate(alice, bob)
  channel.send('still here')
  await world.until(() => received.length === 2)
  return { duration, offer, answer }
}

const hasInit = (sdp: string): boolean => /^a=sctp-init:[A-Za-z0-9+/]+=*\r$/m.test(sdp)

describe('SCTP without a handshake, draft-hancke-tsvwg-snap', () => {
  test('saves round trips where both ends are told to', async () => {
    const without = await connect({}, {})
    const { duration, offer, answer } = await connect(on, on)
    expect([hasInit(without.offer), hasInit(without.answer)]).toEqual([false, false])
    expect([hasInit(offer), hasInit(answer)]).toEqual([true, true])
    expect(/sctp-init:(.*)/.exec(offer)?.[1]).not.toBe(/sctp-init:(.*)/.exec(answer)?.[1])
    expect(without.duration - duration).toBeGreaterThanOrEqual(80)
  })

  test('is offered, and left at that, where the peer does not know it', async () => {
    const { offer, answer } = await connect(on, {})
    expect([hasInit(offer), hasInit(answer)]).toEqual([true, false])
  })

  test('is not answered where it was not offered', async () => {
    const { offer, answer } = await connect({}, on)
    expect([hasInit(offer), hasInit(answer)]).toEqual([false, false])
  })
})
