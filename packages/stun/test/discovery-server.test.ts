import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import {
  AlternateDomain,
  AlternateServer,
  ChangeRequest,
  DiscoveryAddresses,
  ErrorCode,
  MappedAddress,
  type MessageBuilder,
  opaqueAttribute,
  OtherAddress,
  Padding,
  ResponseOrigin,
  ResponsePort,
  type StunMessage,
  StunServer,
  type StunServerConfig,
  type TransportAddress,
  transportAddress,
  UnknownAttributes,
  XorMappedAddress,
} from '../src/index.ts'
import { decode, request } from './pair.ts'

const client = transportAddress('192.0.2.7', 4242)
const at = (address: 1 | 2, port: 1 | 2): TransportAddress =>
  transportAddress(`198.51.100.${address}`, 3477 + port)
const locals = [
  [at(1, 1), at(1, 2)],
  [at(2, 1), at(2, 2)],
] as const
const addresses = new DiscoveryAddresses<TransportAddress>(locals)
const discovery: StunServerConfig['discovery'] & object = (local, change) => addresses.other(local, change)

describe('RFC 5780 §6.1: the server with two addresses', () => {
  const ends = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const
  const changes = [
    { ip: false, port: false },
    { ip: false, port: true },
    { ip: true, port: false },
    { ip: true, port: true },
  ]

  test.each(ends.flatMap(([ip, port]) => changes.map((change) => ({ ip, port, change }))))(
    'table 1: asked at A$ip:P$port, change $change',
    ({ ip, port, change }) => {
      const local = locals[ip][port]
      const { answer, to, origin } = ask(request().add(ChangeRequest, change), { local })
      const expected =
        locals[change.ip ? ((1 - ip) as 0 | 1) : ip][change.port ? ((1 - port) as 0 | 1) : port]
      expect(origin).toBe(expected)
      expect(answer.get(ResponseOrigin)).toEqual(expected)
      expect(answer.get(OtherAddress)).toEqual(locals[(1 - ip) as 0 | 1][(1 - port) as 0 | 1])
      expect(to).toEqual(client)
    },
  )

  test('a plain request is told the origin, the other address and both forms of the mapped one', () => {
    const { answer, origin } = ask(request())
    expect(origin).toBe(locals[0][0])
    expect(answer.get(ResponseOrigin)).toEqual(locals[0][0])
    expect(answer.get(OtherAddress)).toEqual(locals[1][1])
    expect(answer.get(MappedAddress)).toEqual(client)
    expect(answer.get(XorMappedAddress)).toEqual(client)
  })

  test('RESPONSE-PORT leads the answer to another port of the same address', () => {
    const { answer, to } = ask(request().add(ResponsePort, 9_999))
    expect(to).toEqual({ ...client, port: 9_999 })
    expect(answer.get(XorMappedAddress)).toEqual(client)
  })

  test('an answer with PADDING is no larger than its request', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.boolean(),
        fc.constantFrom('', 'x'.repeat(50)),
        (length, fingerprint, software) => {
          const wire = request().add(Padding, new Uint8Array(length)).finish()
          const { answer } = ask(wire, { fingerprint, ...(software === '' ? {} : { software }) })
          expect(answer.get(XorMappedAddress)).toEqual(client)
          const plain = ask(request(), { fingerprint, ...(software === '' ? {} : { software }) }).answer
          expect(answer.wire.length).toBeLessThanOrEqual(Math.max(wire.length, plain.wire.length))
          if (length > 300) {
            expect(answer.wire.length).toBeGreaterThan(wire.length - 8)
            expect(answer.get(Padding)!.length % 4).toBe(0)
          }
        },
      ),
    )
  })

  test('behind a NAT of its own it tells its public addresses', () => {
    const advertise = ({ port }: TransportAddress): TransportAddress => transportAddress('203.0.113.1', port)
    const { answer, origin } = ask(request(), { advertise })
    expect(origin).toBe(locals[0][0])
    expect(answer.get(ResponseOrigin)?.address).toBe('203.0.113.1')
    expect(answer.get(OtherAddress)).toEqual(transportAddress('203.0.113.1', 3479))
  })

  test.each([
    ['RESPONSE-PORT with PADDING', request().add(ResponsePort, 9).add(Padding, new Uint8Array(8))],
    ['RESPONSE-PORT 0', request().add(ResponsePort, 0)],
    ['a RESPONSE-PORT of one byte', request().add(opaqueAttribute(0x27, 'X'), new Uint8Array(1))],
    ['a CHANGE-REQUEST of two bytes', request().add(opaqueAttribute(0x03, 'X'), new Uint8Array(2))],
  ])('%s is a bad request', (_case, builder) => {
    const { answer, to } = ask(builder)
    expect(answer.get(ErrorCode)?.code).toBe(400)
    expect(answer.has(OtherAddress)).toBe(false)
    expect(to).toEqual(client)
  })

  test.each([
    ['CHANGE-REQUEST', ChangeRequest.type, request().add(ChangeRequest, { ip: true, port: true })],
    ['RESPONSE-PORT', ResponsePort.type, request().add(ResponsePort, 9)],
    ['PADDING', Padding.type, request().add(Padding, new Uint8Array(8))],
  ])('without another address, %s is unknown: 420, and there is no OTHER-ADDRESS', (_case, type, builder) => {
    for (const config of [{ discovery: undefined }, { local: transportAddress('198.51.100.9', 1) }]) {
      const { answer, origin } = ask(builder.build(), config)
      expect(answer.get(ErrorCode)?.code).toBe(420)
      expect(answer.get(UnknownAttributes)).toEqual([type])
      expect(answer.has(OtherAddress) || answer.has(ResponseOrigin)).toBe(false)
      expect(origin).toBe(config.local ?? locals[0][0])
    }
  })

  test('what is unknown comes first, whatever else is asked for', () => {
    const builder = request()
      .add(ChangeRequest, { ip: true, port: true })
      .add(opaqueAttribute(0x7777, 'X'), new Uint8Array(4))
    const { answer, origin } = ask(builder)
    expect(answer.get(UnknownAttributes)).toEqual([0x7777])
    expect(origin).toBe(locals[0][0])
  })

  test('10,000 mutated requests: an answer is at most 548 bytes, or no larger than the request', () => {
    const random = new Random(5780)
    const seeds = [
      request().add(ChangeRequest, { ip: true, port: true }).add(Padding, new Uint8Array(800)).build(),
      request().add(ResponsePort, 4_000).build(),
      request().add(Padding, new Uint8Array(0)).build(),
    ]
    let answers = 0
    let largest = 0
    for (let i = 0; i < 10_000; i++) {
      const bytes = seeds[random.int(seeds.length)]!.slice()
      for (let flips = random.int(3); flips > 0; flips--)
        bytes[random.int(Math.min(bytes.length, 60))]! ^= 1 << random.int(8)
      const server = new StunServer(
        { crypto: nodeCrypto, discovery },
        {
          transmit: (_to, answer) => {
            answers++
            if (answer.length > bytes.length) largest = Math.max(largest, answer.length)
          },
        },
      )
      server.handleDatagram(Millis(0), client, locals[0][0], bytes)
    }
    expect(answers).toBeGreaterThan(3_000)
    expect(largest).toBeLessThanOrEqual(548)
  })
})

describe('RFC 8489 §10: a server that refers its clients', () => {
  test('names the other server and its domain, and nothing of RFC 5780', () => {
    const alternate = { ...transportAddress('198.51.100.50', 3478), domain: 'other.example.org' }
    const { answer } = ask(request(), { alternateServer: () => alternate })
    expect(answer.get(ErrorCode)).toEqual({ code: 300, reason: 'Try Alternate' })
    expect(answer.get(AlternateServer)).toEqual(transportAddress('198.51.100.50', 3478))
    expect(answer.get(AlternateDomain)).toBe('other.example.org')
    expect(answer.has(OtherAddress) || answer.has(ResponseOrigin)).toBe(false)
  })

  test.each([
    ['of the other family', transportAddress('2001:db8::1', 3478)],
    ['that is this one', transportAddress('198.51.100.1', 3478)],
  ])('keeps those that it would send to a server %s', (_case, alternate) => {
    const { answer } = ask(request(), { alternateServer: () => alternate })
    expect(answer.get(XorMappedAddress)).toEqual(client)
  })
})

test('the log sees what comes and what goes, well-formed messages alone', () => {
  const seen: string[] = []
  const server = new StunServer(
    { crypto: nodeCrypto, discovery },
    {
      transmit: () => undefined,
      observed: (direction, peer, bytes, local) =>
        seen.push(`${direction} ${peer.port} ${decode(bytes).class} ${local.port}`),
    },
  )
  server.handleDatagram(Millis(0), client, locals[0][0], new Uint8Array(20))
  const bytes = request().add(ChangeRequest, { ip: false, port: true }).finish()
  server.handleDatagram(Millis(0), client, locals[0][0], bytes)
  expect(seen).toEqual(['received 4242 0 3478', 'sent 4242 2 3479'])
})

function ask(
  asked: MessageBuilder | Uint8Array,
  options: Omit<StunServerConfig, 'crypto' | 'discovery'> & {
    local?: TransportAddress
    discovery?: undefined
  } = {},
): { answer: StunMessage; to: TransportAddress; origin: TransportAddress } {
  const { local = locals[0][0], ...config } = options
  const sent: { answer: StunMessage; to: TransportAddress; origin: TransportAddress }[] = []
  const isPlain = 'discovery' in options
  const server = new StunServer(
    { ...config, ...(isPlain ? {} : { discovery }), crypto: nodeCrypto } as StunServerConfig,
    { transmit: (to, bytes, origin) => sent.push({ answer: decode(bytes), to, origin }) },
  )
  const bytes = asked instanceof Uint8Array ? asked : asked.finish()
  server.handleDatagram(Millis(0), client, local, bytes)
  return sent[0]!
}
