import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import { addressScope, isUnicast } from '../src/address-scope.ts'
import { connectionState } from '../src/connection-state.ts'
import { checkCredentials, generateCredentials } from '../src/credentials.ts'
import { Foundations } from '../src/foundation.ts'
import { SocketBase } from '../src/base.ts'
import { IceError, parseServerUrl, type TcpType } from '../src/index.ts'
import { Outbox } from '../src/outbox.ts'
import { agreedPacing, Pacer } from '../src/pacer.ts'
import { Role } from '../src/role.ts'
import { address, ms } from './support/peer.ts'

describe('Role', () => {
  test('of two agents with the same role exactly one gives way, unless the tie-breakers are equal', () => {
    for (const initial of ['controlling', 'controlled'] as const)
      for (let i = 0; i < 50; i++) {
        const [a, b] = [new Role(nodeCrypto, initial), new Role(nodeCrypto, initial)]
        const outcomes = [a.resolve(initial, b.tieBreaker), b.resolve(initial, a.tieBreaker)]
        expect(outcomes.sort()).toEqual(['rejected', 'switched'])
        expect(a.current).not.toBe(b.current)
        expect([a.isControlling, b.isControlling]).toContain(true)
      }
  })

  test('equal tie-breakers: the rejection makes the other draw anew', () => {
    const zeros = { ...nodeCrypto, randomFill: (into: Uint8Array) => void into.fill(0) }
    const [a, b] = [new Role(zeros, 'controlling'), new Role(nodeCrypto, 'controlling')]
    expect(a.resolve('controlling', 0n)).toBe('rejected')
    const before = b.tieBreaker
    expect(b.yield('controlling')).toBe(true)
    expect(b.current).toBe('controlled')
    expect(b.tieBreaker).not.toBe(before)
  })

  test('a 487 to a request of before the switch changes nothing', () => {
    const role = new Role(nodeCrypto, 'controlling')
    expect(role.yield('controlling')).toBe(true)
    expect(role.yield('controlling')).toBe(false)
    expect(role.current).toBe('controlled')
  })

  test('different roles are no conflict', () => {
    expect(new Role(nodeCrypto, 'controlling').resolve('controlled', 0n)).toBe('none')
  })
})

describe('Pacer', () => {
  test('starts at once, then one transaction an interval, and sleeps when there is no work', () => {
    const pacer = new Pacer(50)
    let work = 3
    const started: number[] = []
    const run = (now: number): void =>
      pacer.run(
        ms(now),
        () => work > 0,
        () => work > 0 && (work--, started.push(now) > 0),
      )
    run(100)
    expect(pacer.nextTimeout).toBe(150)
    run(120)
    run(150)
    run(200)
    expect(started).toEqual([100, 150, 200])
    expect(pacer.nextTimeout).toBe(Infinity)
    work = 1
    run(210)
    expect(pacer.nextTimeout).toBe(250)
  })
})

describe('Ta of both ends, RFC 8445 §14.2', () => {
  test.each([
    [50, undefined, 50],
    [20, undefined, 50],
    [20, 30, 30],
    [100, 20, 100],
    [50, 200, 200],
  ])('ours %s, theirs %s: %i ms', (ours, theirs, agreed) => {
    expect(agreedPacing(ours, theirs)).toBe(agreed)
    const pacer = new Pacer(ours)
    const started: number[] = []
    const run = (now: number): void =>
      pacer.run(
        ms(now),
        () => true,
        () => started.push(now) > 0,
      )
    pacer.agree(theirs)
    for (let now = 0; now <= 1_000; now++) run(now)
    expect(started[1]! - started[0]!).toBe(agreed)
    expect(started).toHaveLength(Math.floor(1_000 / agreed) + 1)
  })
})

describe('Outbox', () => {
  test('lets callbacks call back, and keeps the order', () => {
    const outbox = new Outbox()
    const log: string[] = []
    outbox.enter()
    outbox.post(() => {
      log.push('first')
      outbox.enter()
      outbox.post(() => log.push('third'))
      outbox.leave()
      log.push('first again')
    })
    outbox.post(() => log.push('second'))
    expect(log).toEqual([])
    outbox.leave()
    expect(log).toEqual(['first', 'first again', 'second', 'third'])
  })
})

describe('credentials', () => {
  test('are ice-chars of the right length, and differ', () => {
    const all = Array.from({ length: 100 }, () => generateCredentials(nodeCrypto))
    for (const credentials of all) {
      expect(credentials.usernameFragment).toMatch(/^[0-9A-Za-z+/]{4,256}$/)
      expect(credentials.password).toMatch(/^[0-9A-Za-z+/]{22,256}$/)
      checkCredentials(credentials, 'ours')
    }
    expect(new Set(all.map(({ password }) => password)).size).toBe(100)
  })

  test.each([
    { usernameFragment: 'abc', password: 'p'.repeat(22) },
    { usernameFragment: 'abcd', password: 'p'.repeat(21) },
    { usernameFragment: 'ab:d', password: 'p'.repeat(22) },
    { usernameFragment: 'a'.repeat(257), password: 'p'.repeat(22) },
  ])('%j are refused', (credentials) => {
    for (const whose of ['ours', 'theirs'] as const)
      expect(() => checkCredentials(credentials, whose)).toThrow(IceError)
  })

  test('a peer’s fragment may have 256 ice-chars, our own 32 (RFC 8839 §5.4)', () => {
    const of = (length: number) => ({ usernameFragment: 'f'.repeat(length), password: 'p'.repeat(256) })
    checkCredentials(of(256), 'theirs')
    checkCredentials(of(32), 'ours')
    expect(() => checkCredentials(of(33), 'ours')).toThrow(
      expect.objectContaining({ code: 'invalid-credentials' }),
    )
  })
})

describe('Foundations', () => {
  test('are equal for equal type, base and server alone', () => {
    const foundations = new Foundations()
    const baseOf = (text: string, tcpType?: TcpType): SocketBase =>
      new SocketBase({ id: 0, address: address(text, 1), ...(tcpType && { tcpType }) }, 0, () => {})
    const base = baseOf('10.0.0.1')
    const host = foundations.of('host', base)
    expect(foundations.of('host', baseOf('10.0.0.1'))).toBe(host)
    expect(foundations.of('host', baseOf('10.0.0.2'))).not.toBe(host)
    expect(foundations.of('host', baseOf('10.0.0.1', 'passive'))).not.toBe(host)
    const first = foundations.of('srflx', base, '198.51.100.1')
    expect(foundations.of('srflx', base, '198.51.100.2')).not.toBe(first)
    expect(foundations.of('relay', base, '198.51.100.1')).not.toBe(first)
  })
})

describe('addresses', () => {
  test.each([
    ['127.0.0.1', 'loopback', true],
    ['::1', 'loopback', true],
    ['fe80::1', 'link', true],
    ['febf::1', 'link', true],
    ['169.254.1.1', 'global', true],
    ['192.168.1.1', 'global', true],
    ['2001:db8::1', 'global', true],
    ['fd00::1', 'global', true],
    ['0.0.0.0', 'global', false],
    ['0.1.2.3', 'global', false],
    ['224.0.0.1', 'global', false],
    ['255.255.255.255', 'global', false],
    ['::', 'global', false],
    ['::1.2.3.4', 'global', false],
    ['::ffff:1.2.3.4', 'global', false],
    ['ff02::1', 'global', false],
    ['host.local', 'global', false],
  ] as const)('%s: scope %s, unicast: %s', (text, scope, unicast) => {
    expect(addressScope(text)).toBe(scope)
    expect(isUnicast(text)).toBe(unicast)
  })
})

describe('parseServerUrl', () => {
  test.each([
    [
      'stun:stun.example.org',
      { kind: 'stun', host: 'stun.example.org', port: 3478, transport: 'udp', isSecure: false },
    ],
    [
      'stun:198.51.100.1:19302',
      { kind: 'stun', host: '198.51.100.1', port: 19302, transport: 'udp', isSecure: false },
    ],
    [
      'turn:[2001:db8::1]:3479',
      { kind: 'turn', host: '2001:db8::1', port: 3479, transport: 'udp', isSecure: false },
    ],
    [
      'TURN:turn.example.org?transport=udp',
      { kind: 'turn', host: 'turn.example.org', port: 3478, transport: 'udp', isSecure: false },
    ],
    [
      'turn:turn.example.org?transport=tcp',
      { kind: 'turn', host: 'turn.example.org', port: 3478, transport: 'tcp', isSecure: false },
    ],
    [
      'turns:turn.example.org',
      { kind: 'turn', host: 'turn.example.org', port: 5349, transport: 'tcp', isSecure: true },
    ],
    [
      'stuns:stun.example.org',
      { kind: 'stun', host: 'stun.example.org', port: 5349, transport: 'tcp', isSecure: true },
    ],
  ] as const)('%s', (url, expected) => {
    expect(parseServerUrl(url)).toEqual(expected)
  })

  test.each([
    '',
    'http://example.org',
    'stun:',
    'stun://example.org',
    'stun:example.org:0',
    'stun:example.org:65536',
    'stun:example.org?transport=udp',
    'turn:example.org?transport=sctp',
    'turn:[example.org]',
    'turn:user@example.org',
  ])('%j is refused', (url) => {
    expect(() => parseServerUrl(url)).toThrow(expect.objectContaining({ code: 'invalid-url' }))
  })

  test('any text parses or throws IceError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseServerUrl(`turn:${text}`).port).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(IceError)
        }
      }),
    )
  })
})

describe('connectionState', () => {
  const facts = { isClosed: false, hasFailed: false, route: null, hasStarted: false, isComplete: false }

  test('follows the facts', () => {
    expect(connectionState(facts, 'new')).toBe('new')
    expect(connectionState({ ...facts, hasStarted: true }, 'new')).toBe('checking')
    expect(connectionState({ ...facts, hasStarted: true }, 'connected')).toBe('disconnected')
    expect(connectionState({ ...facts, hasFailed: true }, 'checking')).toBe('failed')
    expect(connectionState({ ...facts, hasFailed: true, isClosed: true }, 'failed')).toBe('closed')
  })
})
