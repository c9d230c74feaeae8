import { createHmac } from 'node:crypto'

import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  ChannelNumber,
  ErrorCode,
  type MessageBuilder,
  MessageClass,
  Method,
  RequestedTransport,
  XorPeerAddress,
} from '@purertc/stun'

import {
  accountOf,
  formatMetrics,
  type RateLimits,
  sharedSecretPassword,
  timeLimitedCredentials,
  TurnError,
} from '../src/index.ts'
import { RateMeter } from '../src/server/rate-limit.ts'
import { ann, bob, peer, ServerBench } from './server-bench.ts'

const udp = (m: MessageBuilder): unknown => m.add(RequestedTransport, 17)

/** ChannelData on channel 0x4000. */
function data(length: number): Uint8Array {
  const bytes = new Uint8Array(4 + length)
  bytes.set([0x40, 0, length >> 8, length & 0xff])
  return bytes
}

function bound(bench: ServerBench): ServerBench {
  const code = bench
    .allocate()
    .codeOf(Method.channelBind, (m) => m.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer))
  expect(code).toBe(0)
  return bench
}

describe('a password that the host looks up', () => {
  function bench(): { bench: ServerBench; asked: string[] } {
    const asked: string[] = []
    const made = new ServerBench(
      { authenticate: () => undefined },
      {
        lookUpPassword: (username, realm) => asked.push(`${username}@${realm}`),
      },
    )
    return { bench: made, asked }
  }

  test('keeps the request waiting; then it is answered', () => {
    const { bench: b, asked } = bench()
    const request = b.request(Method.allocate, udp)
    b.deliver(request)
    // A retransmission waits no second time.
    b.deliver(request)
    expect(asked).toEqual(['ann@example.org'])
    expect(b.toClients).toEqual([])
    expect(b.server.load.waiting).toBe(1)
    b.server.passwordFound(b.now, 'ann', 'secret')
    expect(b.reply().class).toBe(MessageClass.successResponse)
    expect(b.toClients).toEqual([])
    expect(b.server.load).toMatchObject({ allocations: 1, waiting: 0, connections: 0 })
  })

  test('that is nobody’s, or not the one that was used, is 401', () => {
    for (const password of [null, 'other']) {
      const { bench: b } = bench()
      b.deliver(b.request(Method.allocate, udp))
      b.server.passwordFound(b.now, 'ann', password)
      expect(b.reply().get(ErrorCode)?.code).toBe(401)
      expect(b.server.load.allocations).toBe(0)
    }
  })

  test('that nobody can tell leaves the request unanswered; the next one asks again', () => {
    const { bench: b, asked } = bench()
    b.deliver(b.request(Method.allocate, udp))
    b.server.passwordFound(b.now, 'ann', undefined)
    expect(b.toClients).toEqual([])
    b.deliver(b.request(Method.allocate, udp))
    expect(asked).toHaveLength(2)
  })

  test('is not asked for by whom has not proven an address: no nonce, a stale one, another’s', () => {
    const { bench: b, asked } = bench()
    b.deliver(b.request(Method.allocate, udp, ann, { without: 'nonce' }))
    expect(b.reply().get(ErrorCode)?.code).toBe(400)
    b.deliver(b.request(Method.allocate, udp, ann, { nonce: 'forged' }))
    expect(b.reply().get(ErrorCode)?.code).toBe(438)
    const others = b.nonce(bob)
    b.deliver(b.request(Method.allocate, udp, ann, { nonce: others }))
    expect(b.reply().get(ErrorCode)?.code).toBe(438)
    const old = b.nonce(ann)
    b.advance(601_000)
    b.deliver(b.request(Method.allocate, udp, ann, { nonce: old }))
    expect(b.reply().get(ErrorCode)?.code).toBe(438)
    expect(asked).toEqual([])
    expect(b.server.load.waiting).toBe(0)
  })

  test('of one that never comes fills no memory, and is asked for again after ten seconds', () => {
    const { bench: b, asked } = bench()
    for (let i = 0; i < 70; i++) b.deliver(b.request(Method.allocate, udp))
    expect(b.server.load.waiting).toBe(64)
    expect(b.server.discarded.get('busy')).toBe(6)
    expect(asked).toHaveLength(1)
    b.advance(10_000)
    b.deliver(b.request(Method.allocate, udp))
    expect(b.server.load.waiting).toBe(1)
    expect(asked).toHaveLength(2)
    b.server.close()
    expect(b.server.load.waiting).toBe(0)
    b.server.passwordFound(b.now, 'ann', 'secret')
    expect(b.server.load.allocations).toBe(0)
  })

  test('may come within the question', () => {
    const b: ServerBench = new ServerBench(
      { authenticate: () => undefined },
      {
        lookUpPassword: (username) => b.server.passwordFound(b.now, username, 'secret'),
      },
    )
    expect(b.codeOf(Method.allocate, udp)).toBe(0)
  })
})

describe('time-limited credentials', () => {
  test('are what coturn’s --use-auth-secret makes of them', () => {
    const { username, password } = timeLimitedCredentials(nodeCrypto, 'north', 'ann', 1_800_000_000.9)
    expect(username).toBe('1800000000:ann')
    expect(password).toBe(createHmac('sha1', 'north').update('1800000000:ann').digest('base64'))
    expect(sharedSecretPassword(nodeCrypto, 'north', username, 1_799_999_999)).toBe(password)
  })

  test('end when their time has come; a name without one is nobody’s', () => {
    const of = (name: string): string | null => sharedSecretPassword(nodeCrypto, 'north', name, 1_000)
    expect(of('1000:ann')).toBeNull()
    expect(of('999')).toBeNull()
    expect(of('1001')).not.toBeNull()
    for (const name of [
      '',
      'ann',
      ':ann',
      'ann:2000',
      '-2000:ann',
      '1e9:ann',
      '2000 :ann',
      '2000ann',
      ' 2000',
    ])
      expect(of(name)).toBeNull()
  })

  test('of one user count for one account', () => {
    expect(accountOf('1001:ann:b')).toBe('ann:b')
    expect(accountOf('1001')).toBe('1001')
    expect(accountOf('ann')).toBe('ann')
    const users = (name: string): string | null => sharedSecretPassword(nodeCrypto, 'north', name, 0)
    const bench = new ServerBench({ authenticate: users, account: accountOf, allocationsPerUser: 1 })
    const codes = [1_001, 1_002].map((end, i) => {
      const credentials = timeLimitedCredentials(nodeCrypto, 'north', 'ann', end)
      return bench.codeOf(Method.allocate, udp, i === 0 ? ann : bob, credentials)
    })
    expect(codes).toEqual([0, 486])
  })
})

describe('limits', () => {
  test('a meter lets a second’s worth through at once, and then its rate', () => {
    const meter = new RateMeter({ bytesPerSecond: 10_000, packetsPerSecond: 50 })
    const passed = (at: number, count: number, size: number): number => {
      let passing = 0
      for (let i = 0; i < count; i++) if (meter.take(Millis(at), size)) passing++
      return passing
    }
    expect(passed(0, 1_000, 10)).toBe(50)
    expect(passed(100, 1_000, 10)).toBe(5)
    expect(passed(5_000, 1_000, 1_000)).toBe(10)
    expect(passed(5_500, 1_000, 1_000)).toBe(5)
    // A datagram larger than the limit passes, and is paid for.
    expect(passed(7_000, 10, 65_000)).toBe(1)
    expect(passed(8_000, 10, 1)).toBe(0)
    expect(passed(12_000, 10, 1)).toBe(0)
    expect(passed(14_000, 10, 1)).toBe(10)
  })

  test.each<[string, RateLimits]>([
    ['packets', { packetsPerSecond: 3 }],
    ['bytes', { bytesPerSecond: 300 }],
  ])('of %s hold for a user over all allocations, in each direction', (_name, userLimits) => {
    const bench = bound(new ServerBench({ userLimits }))
    for (let i = 0; i < 10; i++) bench.deliver(data(100))
    expect(bench.toPeers).toHaveLength(3)
    bench.toClients.length = 0
    for (let i = 0; i < 10; i++) bench.server.relayReceived(bench.now, 1, peer, new Uint8Array(100))
    expect(bench.toClients).toHaveLength(3)
    expect(bench.server.discarded.get('over-limit')).toBe(14)
    expect(bench.server.allocations[0]).toMatchObject({
      toPeers: { datagrams: 3, bytes: 300 },
      toClient: { datagrams: 3, bytes: 300 },
    })
    bench.advance(1_000)
    bench.deliver(data(100))
    expect(bench.toPeers).toHaveLength(4)
  })

  test('may differ from user to user, and there is one for all', () => {
    const userLimits = (name: string): RateLimits | undefined =>
      name === 'bob' ? { packetsPerSecond: 1 } : undefined
    const bench = bound(new ServerBench({ userLimits, totalLimits: { packetsPerSecond: 5 } }))
    for (let i = 0; i < 10; i++) bench.deliver(data(1))
    expect(bench.toPeers).toHaveLength(5)
  })

  test('that are none are refused', () => {
    for (const packetsPerSecond of [0, -1, NaN]) {
      expect(() => new ServerBench({ userLimits: { packetsPerSecond } })).toThrow(TurnError)
      expect(() => new ServerBench({ totalLimits: { packetsPerSecond } })).toThrow(TurnError)
    }
    expect(() => new ServerBench({ totalLimits: { bytesPerSecond: Infinity } })).not.toThrow()
  })
})

describe('an operator', () => {
  test('hears what is dropped, why, and whose it was', () => {
    const heard: unknown[] = []
    const bench = bound(
      new ServerBench(
        {},
        {
          discarded: (reason, from, length, allocation) =>
            heard.push([reason, from.address, length, allocation?.username ?? null]),
        },
      ),
    )
    bench.deliver(data(4), bob)
    bench.deliver(Uint8Array.of(0xff))
    bench.server.relayReceived(bench.now, 1, bob, new Uint8Array(9))
    expect(heard).toEqual([
      ['no-allocation', bob.address, 8, null],
      ['malformed', ann.address, 1, 'ann'],
      ['no-permission', bob.address, 9, 'ann'],
    ])
  })

  test('drains a server: what is there goes on, and nothing new begins', () => {
    const bench = bound(new ServerBench())
    bench.server.drain()
    expect(bench.codeOf(Method.allocate, udp, bob)).toBe(508)
    expect(bench.codeOf(Method.refresh)).toBe(0)
    bench.deliver(data(3))
    expect(bench.toPeers).toHaveLength(1)
  })

  test('reads figures as Prometheus does', () => {
    const bench = bound(new ServerBench())
    bench.deliver(data(10))
    bench.deliver(data(10), bob)
    const text = formatMetrics(bench.server.metrics())
    expect(text).toContain('# TYPE turn_allocations gauge\nturn_allocations 1\n')
    expect(text).toContain('turn_relayed_bytes_total{direction="to-peers"} 10\n')
    expect(text).toContain('turn_discarded_total{reason="no-allocation"} 1\n')
    expect(text).toContain('turn_answers_total{code="401"} ')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"\})? \d+)$/)
  })

  test('labels cannot break the format', () => {
    const samples = [{ labels: { name: 'a"b\\c\nd' }, value: 1 }]
    expect(formatMetrics([{ name: 'x', help: 'y\nz', type: 'counter', samples }])).toBe(
      '# HELP x y\\nz\n# TYPE x counter\nx{name="a\\"b\\\\c\\nd"} 1\n',
    )
  })
})
