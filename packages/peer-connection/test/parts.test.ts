import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { connectionState } from '../src/negotiation/connection-state.ts'
import { SignalingSession } from '../src/negotiation/signaling-session.ts'
import { trafficOf } from '../src/transport/demultiplex.ts'
import { EarlyDatagrams } from '../src/transport/early-datagrams.ts'
import { EventQueue } from '../src/w3c/event-queue.ts'
import { candidateFields, RTCIceCandidate } from '../src/w3c/ice-candidate.ts'
import { OperationsChain } from '../src/w3c/operations-chain.ts'

describe('the demultiplexer', () => {
  test('sorts first bytes as RFC 7983 §7 does', () => {
    const counts: Record<string, number> = {}
    for (let first = 0; first < 256; first++) {
      const traffic = trafficOf(Uint8Array.of(first))
      counts[traffic] = (counts[traffic] ?? 0) + 1
    }
    expect(counts).toEqual({ stun: 4, zrtp: 4, dtls: 44, 'turn-channel': 16, rtp: 64, unknown: 124 })
    expect([3, 20, 63, 64, 128].map((first) => trafficOf(Uint8Array.of(first)))).toEqual([
      'stun',
      'dtls',
      'dtls',
      'turn-channel',
      'rtp',
    ])
    expect(trafficOf(new Uint8Array(0))).toBe('unknown')
  })
})

describe('early datagrams', () => {
  test('are copied, kept in order and bounded', () => {
    const early = new EarlyDatagrams()
    const borrowed = Buffer.from([22, 1])
    expect(early.keep(borrowed)).toBe(true)
    borrowed.fill(0)
    for (let i = 0; i < 5; i++) expect(early.keep(Uint8Array.of(i))).toBe(true)
    expect(early.keep(Uint8Array.of(9))).toBe(false)
    expect(early.take().map((datagram) => [...datagram])).toEqual([[22, 1], [0], [1], [2], [3], [4]])
    expect(early.take()).toEqual([])
    expect(early.keep(new Uint8Array(1_501))).toBe(false)
  })
})

describe('the event queue', () => {
  /** Runs queued tasks by hand. */
  function queue(): { events: EventQueue; turn: () => void } {
    const tasks: (() => void)[] = []
    return {
      events: new EventQueue((task) => tasks.push(task)),
      turn: () => {
        for (const task of tasks.splice(0)) task()
      },
    }
  }

  test('delivers at once, but what a call causes only after it, and in order', () => {
    const { events, turn } = queue()
    const seen: string[] = []
    events.post(() => seen.push('at once'))
    events.during(() => {
      events.post(() => {
        seen.push('caused by a call')
        events.post(() => seen.push('caused by an event'))
      })
      expect(seen).toEqual(['at once'])
    })
    events.post(() => seen.push('behind it'))
    expect(seen).toEqual(['at once'])
    turn()
    expect(seen).toEqual(['at once', 'caused by a call', 'behind it'])
    turn()
    expect(seen).toEqual(['at once', 'caused by a call', 'behind it', 'caused by an event'])
    events.post(() => seen.push('at once again'))
    expect(seen).toHaveLength(5)
  })

  test('goes on after an event that throws', () => {
    const { events, turn } = queue()
    const seen: string[] = []
    events.postLater(() => {
      throw new Error('of the application')
    })
    events.postLater(() => seen.push('next'))
    expect(turn).toThrow('of the application')
    turn()
    expect(seen).toEqual(['next'])
  })
})

describe('the operations chain', () => {
  test('runs one after the other, goes on after a failure, and says when it is empty', async () => {
    let emptied = 0
    const chain = new OperationsChain(() => emptied++)
    const order: string[] = []
    const run = (name: string, fails = false): Promise<void> =>
      chain.run(async () => {
        order.push(`${name} begins`)
        await Promise.resolve()
        order.push(`${name} ends`)
        if (fails) throw new Error(name)
      })
    const all = Promise.allSettled([run('a'), run('b', true), run('c')])
    expect(chain.isEmpty).toBe(false)
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
    await Promise.resolve()
    expect([chain.isEmpty, emptied]).toEqual([true, 1])
  })
})

describe('signaling states', () => {
  test('are those of JSEP after any sequence of descriptions', () => {
    const types = ['offer', 'pranswer', 'answer', 'rollback'] as const
    const step = fc.tuple(fc.constantFrom('local', 'remote'), fc.constantFrom(...types))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const session = new SignalingSession<{ type: (typeof types)[number] }>()
        for (const [side, type] of steps) {
          const before = session.state
          const allowed = session.allows(side, type)
          const apply = (): void => session.apply(side, { type })
          if (!allowed) {
            expect(apply).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
            expect(session.state).toBe(before)
          } else {
            apply()
            // Something is pending exactly while an offer is not answered for good.
            const { local, remote } = session.pending
            expect(session.state === 'stable').toBe(local === null && remote === null)
            if (type === 'answer') expect(session.current[side]?.type).toBe('answer')
          }
        }
        // An agreement has both sides or none.
        const { local, remote } = session.current
        expect(local === null).toBe(remote === null)
      }),
    )
  })

  test('allow nothing once closed', () => {
    const session = new SignalingSession<{ type: 'offer' }>()
    session.close()
    expect(session.allows('local', 'offer')).toBe(false)
  })
})

test.each([
  ['new', 'new', 'new'],
  ['checking', 'new', 'connecting'],
  ['connected', 'connecting', 'connecting'],
  ['completed', 'connected', 'connected'],
  ['connected', 'closed', 'connected'],
  ['disconnected', 'connected', 'disconnected'],
  ['failed', 'new', 'failed'],
  ['connected', 'failed', 'failed'],
  ['closed', 'closed', 'new'],
] as const)('ICE %s and DTLS %s make a connection %s', (ice, dtls, connection) => {
  expect(connectionState(ice, dtls)).toBe(connection)
})

describe('RTCIceCandidate', () => {
  test('shows the fields of its line, also of candidates that are not used', () => {
    const line =
      'candidate:abc 2 TCP 1518280447 192.0.2.7 9 typ srflx raddr 10.0.0.1 rport 8 tcptype active ufrag uf generation 0'
    const candidate = new RTCIceCandidate({ candidate: line, sdpMid: 'data' })
    expect(candidate).toMatchObject({
      foundation: 'abc',
      component: 'rtcp',
      protocol: 'tcp',
      priority: 1_518_280_447,
      address: '192.0.2.7',
      port: 9,
      type: 'srflx',
      tcpType: 'active',
      relatedAddress: '10.0.0.1',
      relatedPort: 8,
      usernameFragment: 'uf',
    })
    expect(candidate.toJSON()).toEqual({
      candidate: line,
      sdpMid: 'data',
      sdpMLineIndex: null,
      usernameFragment: 'uf',
    })
    expect(new RTCIceCandidate({ candidate: 'nonsense', sdpMLineIndex: 0 }).address).toBeNull()
    expect(() => new RTCIceCandidate({ candidate: line })).toThrow(TypeError)
  })

  test('reads any text without a throw, and in no time', () => {
    fc.assert(fc.property(fc.string({ maxLength: 500 }), (text) => void candidateFields(`candidate:${text}`)))
    // Of the processor: who else has it in between is no matter.
    const start = process.cpuUsage()
    expect(candidateFields(`candidate:1 1 udp 1 ::1 1 typ host${' a'.repeat(100_000)}`)).toBeNull()
    expect(candidateFields(`candidate:1 1 udp 1 ::1 1 typ host${'  '.repeat(900)}x`)).toBeNull()
    expect(process.cpuUsage(start).user).toBeLessThan(500_000)
  })
})
