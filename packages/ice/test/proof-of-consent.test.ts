import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import {
  formatAddress,
  isStunDatagram,
  MessageClass,
  MessageBuilder,
  Method,
  StunMessage,
} from '@purertc/stun'

import type { Base } from '../src/base.ts'
import type { CheckServer } from '../src/check-server.ts'
import { address, introduce, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

describe('consent as a precondition', () => {
  test('data goes only to addresses that have answered a check, whatever candidates are signalled', () => {
    const world = new World({ seed: 21, conditions: { latency: 30, loss: 0.1 } })
    const a = world.peer({ role: 'controlling', uses: 'both' })
    const b = world.peer({ role: 'controlled', uses: 'both' })
    const own = formatAddress(a.sockets[0]!.local)
    const consenting = new Set<string>()
    const violations: string[] = []
    let data = 0
    world.network.intercept(({ from, to }, bytes) => {
      const message = isStunDatagram(bytes) ? StunMessage.decode(bytes) : null
      if (formatAddress(to) === own && message?.class === MessageClass.successResponse)
        consenting.add(formatAddress(from))
      if (formatAddress(from) === own && message === null) {
        data++
        if (!consenting.has(formatAddress(to))) violations.push(formatAddress(to))
      }
      return 'pass'
    })
    introduce(world.sim, a, b)
    for (let i = 1; i <= 50; i++)
      a.agent.addRemoteCandidate(world.sim.now, {
        foundation: `${i}`,
        component: 1,
        transport: 'udp',
        priority: 2_130_706_431,
        address: `198.51.200.${i}`,
        port: 9,
        type: 'host',
      })
    const tick = (): void => {
      a.send('data')
      world.sim.after(10, tick)
    }
    tick()
    expect(world.run(() => isConnected(a, b), 30_000)).toBe(true)
    world.sim.advance(5_000)
    expect(b.received.length).toBeGreaterThan(100)
    expect(data).toBeGreaterThan(100)
    expect(violations).toEqual([])
  })

  test('the check logic does not take a message that nobody authenticated', () => {
    const message = StunMessage.decode(
      new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12)).finish(),
    )
    const misuse = (server: CheckServer, base: Base, request: StunMessage): void => {
      // @ts-expect-error A StunMessage is no AuthenticatedMessage: only authenticate() makes one.
      server.handleRequest(Millis(0), base, address('198.51.100.1', 1), request, 'a', 'a')
    }
    expect(message).not.toBeNull()
    expect(misuse).toBeInstanceOf(Function)
  })
})
