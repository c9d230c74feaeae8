import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'

import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import {
  formatAddress,
  orderSrvRecords,
  parseStunUri,
  type SrvRecord,
  transportAddress,
} from '../src/index.ts'
import {
  createStunServer,
  discoverMappedAddress,
  type NameService,
  namesFrom,
  NodeStunClient,
  resolveServer,
  type ResolveOptions,
  systemNames,
} from '../src/node/index.ts'
import { stopClock } from '../../bytes/test/support/still-clock.ts'
import { UdpSocket } from '../src/node/udp-socket.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

describe('SRV records, RFC 2782', () => {
  const record = (name: string, priority: number, weight: number): SrvRecord => ({
    name,
    port: 1,
    priority,
    weight,
  })

  test('the lowest priority comes first', () => {
    const records = [record('c', 30, 9), record('a', 10, 0), record('b', 20, 5)]
    expect(orderSrvRecords(records, () => 0).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })

  test('within a priority each comes first as often as its weight says', () => {
    const random = new Random(1)
    const records = [record('heavy', 0, 75), record('light', 0, 25), record('none', 0, 0)]
    const first: Record<string, number> = { heavy: 0, light: 0, none: 0 }
    for (let i = 0; i < 4_000; i++) first[orderSrvRecords(records, () => random.next())[0]!.name]!++
    expect(first['heavy']! / 4_000).toBeCloseTo(0.75, 1)
    expect(first['light']! / 4_000).toBeCloseTo(0.25, 1)
    expect(first['none']).toBeGreaterThan(0)
  })

  test('each record comes once, whatever chance says', () => {
    const records = fc.array(
      fc.record({ name: fc.string(), port: fc.nat(65_535), priority: fc.nat(3), weight: fc.nat(65_535) }),
    )
    fc.assert(
      fc.property(
        records,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (records, random) => {
          const ordered = orderSrvRecords(records, () => random)
          expect(new Set(ordered)).toEqual(new Set(records))
          expect(ordered).toHaveLength(records.length)
          expect(ordered.map(({ priority }) => priority)).toEqual(
            records.map(({ priority }) => priority).sort(),
          )
        },
      ),
    )
  })
})

describe('RFC 8489 §8: where a server is', () => {
  const names: NameService = {
    srv: async (name) => RECORDS[name] ?? [],
    addresses: async (host, family) => {
      const addresses = HOSTS[host]
      if (addresses === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
      return addresses.filter(
        (address) => family === undefined || address.includes(':') === (family === 'IPv6'),
      )
    },
  }
  const find = async (text: string, options: Partial<ResolveOptions> = {}): Promise<string[]> => {
    const uri = parseStunUri(text)
    if (uri === null) throw new Error('no URI')
    const found = await resolveServer(uri, { protocol: 'udp', names, random: () => 0, ...options })
    return found.map((address) => formatAddress(address))
  }

  test.each([
    ['an address is itself', 'stun:192.0.2.1', {}, ['192.0.2.1:3478']],
    ['an IPv6 address with a port', 'stuns:[2001:db8::1]:1', {}, ['[2001:db8::1]:1']],
    [
      'the SRV records in their order',
      'stun:example.org',
      {},
      ['192.0.2.10:1000', '[2001:db8::10]:1000', '192.0.2.20:2000'],
    ],
    ['those of TCP', 'stun:example.org', { protocol: 'tcp' }, ['192.0.2.10:4000', '[2001:db8::10]:4000']],
    ['those of TLS', 'stuns:example.org', { protocol: 'tcp' }, ['192.0.2.20:5000']],
    ['those of DTLS', 'stuns:example.org', {}, ['192.0.2.20:6000']],
    ['those of behaviour discovery', 'stun:example.org', { service: 'stun-behavior' }, ['192.0.2.20:7000']],
    ['one family', 'stun:example.org', { family: 'IPv6' }, ['[2001:db8::10]:1000']],
    ['a given port is no matter of SRV', 'stun:example.org:9', {}, ['192.0.2.1:9']],
    ['no records: the host itself', 'stun:plain.example.org', {}, ['192.0.2.2:3478']],
    ['no records, TLS', 'stuns:plain.example.org', { protocol: 'tcp' }, ['192.0.2.2:5349']],
    ['a target that is gone is left out', 'stun:half.example.org', {}, ['192.0.2.20:2']],
  ] as const)('%s: %s', async (_case, text, options, expected) => {
    expect(await find(text, options)).toEqual(expected)
  })

  test.each([
    ['that has no such service', 'stun:none.example.org', {}, 'invalid-address'],
    ['that nobody knows', 'stun:unknown.example.org', {}, 'ENOTFOUND'],
    ['whose targets nobody knows', 'stun:gone.example.org', {}, 'ENOTFOUND'],
    ['without an address of the family', 'stun:plain.example.org', { family: 'IPv6' }, 'invalid-address'],
    ['that is an address of the other family', 'stun:192.0.2.1', { family: 'IPv6' }, 'invalid-address'],
  ] as const)('a domain %s is refused', async (_case, text, options, code) => {
    await expect(find(text, options)).rejects.toMatchObject({ code })
  })

  test('certificates are checked against the domain, not against the target', async () => {
    const uri = parseStunUri('stuns:example.org')!
    const [server] = await resolveServer(uri, { protocol: 'tcp', names, random: () => 0 })
    expect(server).toMatchObject({ domain: 'example.org' })
  })

  test('the system knows localhost', async () => {
    expect(await systemNames.addresses('localhost', 'IPv4')).toEqual(['127.0.0.1'])
  })
})

describe('with a name server', () => {
  test('a client finds its server by SRV and A records', async () => {
    const server = await createStunServer({ listen: [{ address: '127.0.0.1', port: 0 }] })
    open.push(server)
    const dns = await NameServer.start({
      'SRV _stun._udp.example.org': [srvData(1, 0, server.addresses[0]!.port, 'stun.example.org')],
      'A stun.example.org': [Uint8Array.of(127, 0, 0, 1)],
    })
    open.push(dns)
    const names = namesFrom(dns.resolver())
    expect(await discoverMappedAddress('stun:example.org', { names })).toMatchObject({ address: '127.0.0.1' })
    expect(dns.asked.slice(0, 1)).toEqual(['SRV _stun._udp.example.org'])
    expect(new Set(dns.asked.slice(1))).toEqual(new Set(['A stun.example.org', 'AAAA stun.example.org']))
    await expect(NodeStunClient.open('stun:unknown.org', { names })).rejects.toMatchObject({
      code: 'ENOTFOUND',
    })
    expect(dns.asked).toContain('SRV _stun._udp.unknown.org')
  })
})

describe('over UDP, where only an answer tells whether an address is good', () => {
  test('a client goes on to the next address, of the other family too, and stays there', async () => {
    const server = await createStunServer({ listen: [{ address: '127.0.0.1', port: 0 }] })
    const silent = [
      await UdpSocket.bind(transportAddress('::1', 0)),
      await UdpSocket.bind(transportAddress('127.0.0.2', 0)),
    ]
    open.push(server, ...silent)
    // Time stands still, but for those who are asked in vain.
    stopClock()
    const retransmit = { rto: 20, rc: 1, rm: 1 }
    for (const socket of silent)
      socket.start({
        received: () => {
          jest.advanceTimersByTime(retransmit.rto)
        },
        failed: () => undefined,
      })
    const places = [...silent.map(({ local }) => local), server.addresses[0]!]
    const names: NameService = {
      srv: async () =>
        places.map(({ address, port }, priority) => ({ name: address, port, priority, weight: 0 })),
      addresses: async (host) => [host],
    }
    const client = await NodeStunClient.open('stun:example.org', { names, retransmit })
    open.push(client)
    expect(client.server.address).toBe('::1')
    expect((await client.bind()).mapped.address).toBe('127.0.0.1')
    expect(client.server.address).toBe('127.0.0.1')
    expect((await client.bind()).server.address).toBe('127.0.0.1')
    await server.close()
    const asking = expect(client.bind()).rejects.toMatchObject({ code: 'timeout' })
    jest.advanceTimersByTime(60_000)
    await asking
  })
})

const RECORDS: Record<string, readonly SrvRecord[]> = {
  '_stun._udp.example.org': [
    { name: 'b.example.org', port: 2000, priority: 20, weight: 0 },
    { name: 'a.example.org', port: 1000, priority: 10, weight: 0 },
  ],
  '_stun._tcp.example.org': [{ name: 'a.example.org', port: 4000, priority: 1, weight: 1 }],
  '_stuns._tcp.example.org': [{ name: 'b.example.org', port: 5000, priority: 1, weight: 1 }],
  '_stuns._udp.example.org': [{ name: 'b.example.org', port: 6000, priority: 1, weight: 1 }],
  '_stun-behavior._udp.example.org': [{ name: 'b.example.org', port: 7000, priority: 1, weight: 1 }],
  '_stun._udp.half.example.org': [
    { name: 'unknown.example.org', port: 1, priority: 1, weight: 1 },
    { name: 'b.example.org', port: 2, priority: 2, weight: 1 },
  ],
  '_stun._udp.gone.example.org': [{ name: 'unknown.example.org', port: 1, priority: 1, weight: 1 }],
  '_stun._udp.none.example.org': [{ name: '.', port: 0, priority: 0, weight: 0 }],
}

const HOSTS: Record<string, readonly string[]> = {
  'example.org': ['192.0.2.1'],
  'plain.example.org': ['192.0.2.2'],
  'a.example.org': ['192.0.2.10', '2001:db8::10'],
  'b.example.org': ['192.0.2.20'],
}

/** Just enough DNS (RFC 1035): one question, answers from a table, else NXDOMAIN. */
class NameServer {
  readonly asked: string[] = []
  readonly #socket = createSocket('udp4')
  readonly #table: Record<string, readonly Uint8Array[]>

  private constructor(table: Record<string, readonly Uint8Array[]>) {
    this.#table = table
    this.#socket.on('message', (query, { port, address }) =>
      this.#socket.send(this.#answer(query), port, address),
    )
  }

  static async start(table: Record<string, readonly Uint8Array[]>): Promise<NameServer> {
    const server = new NameServer(table)
    await new Promise<void>((resolve) => void server.#socket.bind(0, '127.0.0.1', resolve))
    return server
  }

  resolver(): Resolver {
    const resolver = new Resolver()
    resolver.setServers([`127.0.0.1:${this.#socket.address().port}`])
    return resolver
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.#socket.close(() => resolve()))
  }

  #answer(query: Uint8Array): Uint8Array {
    const labels: string[] = []
    let at = 12
    for (; query[at]! > 0; at += 1 + query[at]!)
      labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + query[at]!)))
    const type = { 1: 'A', 28: 'AAAA', 33: 'SRV' }[query[at + 2]!] ?? 'other'
    const question = query.subarray(12, at + 5)
    this.asked.push(`${type} ${labels.join('.')}`)
    const records = this.#table[`${type} ${labels.join('.')}`] ?? []
    const header = [
      query[0]!,
      query[1]!,
      0x81,
      records.length === 0 ? 0x83 : 0x80,
      0,
      1,
      0,
      records.length,
      0,
      0,
      0,
      0,
    ]
    // A pointer to the question's name, its type, class IN, and a time to live of one minute.
    const bodies = records.map((data) => [
      0xc0,
      12,
      0,
      query[at + 2]!,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      data.length,
      ...data,
    ])
    return Uint8Array.from([...header, ...question, ...bodies.flat()])
  }
}

function srvData(priority: number, weight: number, port: number, target: string): Uint8Array {
  const name = target.split('.').flatMap((label) => [label.length, ...new TextEncoder().encode(label)])
  return Uint8Array.from([priority >>> 8, priority, weight >>> 8, weight, port >>> 8, port, ...name, 0])
}
