import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import type { Base } from '../src/base.ts'
import type { IceCandidate } from '../src/candidate.ts'
import { CheckList } from '../src/check-list.ts'
import { Pair } from '../src/pair.ts'
import { Role } from '../src/role.ts'
import { address } from './support/peer.ts'

const role = new Role(nodeCrypto, 'controlling')
const base: Base = {
  address: address('10.0.0.1', 1),
  preference: 65_535,
  isRelay: false,
  tcpType: undefined,
  send: () => {},
  favour: () => {},
}

function pairOf(foundation: string, priority: number): Pair {
  const remoteAddress = address('10.0.1.1', priority)
  const candidate = (own: string): IceCandidate => ({
    foundation: own,
    component: 1,
    transport: 'udp',
    priority,
    address: '10.0.1.1',
    port: priority,
    type: 'host',
  })
  return new Pair(
    { base, candidate: candidate('1'), address: base.address },
    { candidate: candidate(foundation), address: remoteAddress, learnedFrom: undefined },
    role,
  )
}

function listOf(limit: number, ...pairs: Pair[]): CheckList {
  const list = new CheckList(limit)
  for (const pair of pairs) list.add(pair)
  return list
}

const states = (list: CheckList) => list.pairs.map(({ state }) => state)

describe('the check list, RFC 8445 §6.1', () => {
  test('best first; of each foundation one pair waits', () => {
    const list = listOf(10, pairOf('a', 1), pairOf('b', 3), pairOf('a', 2), pairOf('b', 4))
    expect(list.pairs.map(({ remote }) => remote.priority)).toEqual([4, 3, 2, 1])
    expect(states(list)).toEqual(['frozen', 'waiting', 'frozen', 'waiting'])
  })

  test('waiting ones are next, best first; frozen ones only when nothing of their foundation is on its way', () => {
    const [a1, a2, b3, b4] = [pairOf('a', 1), pairOf('a', 2), pairOf('b', 3), pairOf('b', 4)]
    const list = listOf(10, a1, a2, b3, b4)
    expect([list.next(), list.next(), list.next()]).toEqual([b3, a1, null])
    expect(list.hasNext).toBe(false)
    list.failed(b3)
    expect(list.hasNext).toBe(true)
    expect(list.next()).toBe(b4)
  })

  test('a success thaws its foundation, RFC 8445 §7.2.5.3.3, also for pairs that come later', () => {
    const [a1, a2] = [pairOf('a', 1), pairOf('a', 2)]
    const list = listOf(10, a1, a2)
    expect(list.next()).toBe(a1)
    list.succeeded(a1)
    expect(a2.state).toBe('waiting')
    const a3 = pairOf('a', 3)
    list.add(a3)
    expect(a3.state).toBe('waiting')
  })

  test('triggered pairs come first, in their order, each once, RFC 8445 §6.1.4.2', () => {
    const pairs = [1, 2, 3, 4].map((priority) => pairOf(`${priority}`, priority))
    const list = listOf(10, ...pairs)
    list.failed(pairs[1]!)
    list.trigger(pairs[0]!)
    list.trigger(pairs[1]!)
    list.trigger(pairs[0]!)
    expect([list.next(), list.next(), list.next(), list.next(), list.next()]).toEqual([
      pairs[0],
      pairs[1],
      pairs[3],
      pairs[2],
      null,
    ])
  })

  test('a triggered pair that succeeds meanwhile is not checked again', () => {
    const pair = pairOf('a', 1)
    const list = listOf(10, pair)
    list.trigger(pair)
    list.succeeded(pair)
    expect(list.next()).toBeNull()
  })

  test('a full list gives up a failed pair, else its worst unchecked one for a better one', () => {
    const pairs = [5, 6, 7].map((priority) => pairOf(`${priority}`, priority))
    const list = listOf(3, ...pairs)
    expect(list.add(pairOf('x', 4))).toBe(false)
    expect(list.add(pairOf('y', 8))).toBe(true)
    expect(list.pairs.map(({ remote }) => remote.priority)).toEqual([8, 7, 6])
    list.failed(pairs[2]!)
    expect(list.add(pairOf('z', 1))).toBe(true)
    expect(list.pairs.map(({ remote }) => remote.priority)).toEqual([8, 6, 1])
  })

  test('a pair that the peer has checked displaces any unchecked one, but none that works or is being checked', () => {
    const pairs = [5, 6].map((priority) => pairOf(`${priority}`, priority))
    const list = listOf(2, ...pairs)
    expect(list.add(pairOf('x', 1), true)).toBe(true)
    expect(list.pairs.map(({ remote }) => remote.priority)).toEqual([6, 1])
    list.succeeded(list.next()!)
    list.next()
    expect(list.add(pairOf('y', 9), true)).toBe(false)
  })

  test('knows when it is finished, and whether a better pair may still succeed', () => {
    const [worse, better] = [pairOf('a', 1), pairOf('b', 2)]
    const list = listOf(10, worse, better)
    expect(list.activeCount).toBe(2)
    list.succeeded(worse)
    expect(list.isFinished).toBe(false)
    expect(list.hasBetterThan(worse)).toBe(true)
    list.failed(better)
    expect(list.isFinished).toBe(true)
    expect(list.hasBetterThan(worse)).toBe(false)
    expect(list.activeCount).toBe(0)
  })
})
