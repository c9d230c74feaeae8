import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'
import {
  authenticate,
  type AuthenticatedMessage,
  crc32,
  MessageBuilder,
  MessageClass,
  MetaDtlsInStun,
  MetaDtlsInStunAcknowledgement,
  Method,
  opaqueAttribute,
  Priority,
  shortTermKey,
  StunMessage,
  Username,
} from '@purertc/stun'

import { DtlsInStun } from '../src/index.ts'
import { scripted } from './support/scripted-world.ts'

const key = shortTermKey('password of a session')
const record = (fill: number, length = 60): Uint8Array => new Uint8Array(length).fill(fill).fill(22, 0, 1)

/** What an authenticated check of the peer's looks like that carries this. */
function check(add: (message: MessageBuilder) => void = () => undefined): AuthenticatedMessage {
  const message = new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12))
  add(message)
  const decoded = StunMessage.decode(message.sign(nodeCrypto, key).finish())
  const proven = decoded === null ? null : authenticate(nodeCrypto, decoded, key)
  if (proven === null) throw new Error('the message is not authentic')
  return proven
}

/** What a check of ours carries. */
function attached(embedding: DtlsInStun, room = 0) {
  const message = check((builder) => {
    if (room > 0) builder.add(opaqueAttribute(0xc0ff, 'FILLER'), new Uint8Array(room))
    embedding.attach(builder)
  })
  return { datagram: message.get(MetaDtlsInStun), checksums: message.get(MetaDtlsInStunAcknowledgement) }
}

function embeddingOf(phase: 'offered' | 'agreed' | 'refused') {
  const received: Uint8Array[] = []
  const embedding = new DtlsInStun((_now, datagram) => received.push(datagram))
  if (phase === 'agreed') embedding.agree()
  if (phase === 'refused') embedding.refuse()
  return { embedding, received }
}

describe('what checks carry', () => {
  test('is one datagram at a time, in turns, until it is acknowledged', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.beginFlight()
    for (const fill of [1, 2, 3]) embedding.keep(record(fill), false)
    const fills = Array.from({ length: 4 }, () => attached(embedding).datagram?.[1])
    expect(new Set(fills.slice(0, 3))).toEqual(new Set([1, 2, 3]))
    embedding.read(check((message) => message.add(MetaDtlsInStunAcknowledgement, [crc32(record(2))])))
    const left = Array.from({ length: 4 }, () => attached(embedding).datagram?.[1])
    expect(new Set(left)).toEqual(new Set([1, 3]))
    expect(embedding.statistics).toMatchObject({ datagramsSent: 8, acknowledged: 1 })
  })

  test('is the present flight alone, and what the path took goes last', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.keep(record(1), false)
    embedding.beginFlight()
    embedding.keep(record(2), true)
    embedding.keep(record(3), false)
    expect(attached(embedding).datagram?.[1]).toBe(3)
    expect(embedding.takeUnsent()).toEqual([])
    expect(new Set([1, 2, 3].map(() => attached(embedding).datagram?.[1]))).toEqual(new Set([2, 3]))
  })

  test('are the last four checksums, of embedded and of other datagrams', () => {
    const { embedding } = embeddingOf('agreed')
    expect(attached(embedding).checksums).toEqual([])
    for (const fill of [1, 2, 3])
      embedding.read(check((message) => message.add(MetaDtlsInStun, record(fill))))
    for (const fill of [3, 4, 5]) embedding.acknowledge(record(fill))
    embedding.acknowledge(Uint8Array.of(0x80, 1))
    expect(attached(embedding).checksums).toEqual([2, 3, 4, 5].map((fill) => crc32(record(fill))))
  })

  test.each(['offered', 'refused'] as const)('is nothing while the option is %s', (phase) => {
    const { embedding } = embeddingOf(phase)
    embedding.beginFlight()
    embedding.keep(record(1), false)
    expect(attached(embedding)).toEqual({ datagram: undefined, checksums: undefined })
  })

  test('is nothing that would make a check too large: it waits for a path', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.keep(record(1, 900), false)
    expect(attached(embedding, 300).datagram).toBeUndefined()
    expect(embedding.takeUnsent()).toHaveLength(1)
    expect(attached(embedding, 100).datagram).toHaveLength(900)
  })

  test('ends at 14,600 bytes that nobody answers, until somebody does', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.keep(record(1, 1_000), false)
    const sent = Array.from({ length: 100 }, () => attached(embedding).datagram).filter(
      (datagram) => datagram !== undefined,
    )
    expect(sent).toHaveLength(14)
    embedding.read(check((message) => message.add(MetaDtlsInStunAcknowledgement, [])))
    expect(attached(embedding).datagram).toBeDefined()
  })

  test('is the end of the flight after the handshake, and then nothing', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.complete()
    embedding.keep(record(1), true)
    expect(attached(embedding).datagram).toBeDefined()
    embedding.read(check((message) => message.add(MetaDtlsInStunAcknowledgement, [crc32(record(1))])))
    expect(attached(embedding)).toEqual({ datagram: undefined, checksums: undefined })
    expect(embedding.isActive).toBe(false)
  })

  test('a peer that still sends after our end is answered', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.complete()
    embedding.read(check((message) => message.add(MetaDtlsInStun, record(7))))
    expect(attached(embedding).checksums).toEqual([crc32(record(7))])
    embedding.read(check())
    expect(embedding.isActive).toBe(false)
  })
})

describe('what a peer may not do', () => {
  test('use the attributes though its description lacks the option', () => {
    const { embedding } = embeddingOf('refused')
    expect(embedding.read(check((message) => message.add(MetaDtlsInStun, record(1))))).toBeNull()
    embedding.read(check((message) => message.add(MetaDtlsInStunAcknowledgement, [])))
    embedding.read(check())
    expect(embedding.statistics).toMatchObject({
      datagramsReceived: 0,
      discarded: { 'not-negotiated': 2 },
    })
  })

  test('embed what is no DTLS; an empty value is none at all', () => {
    const { embedding } = embeddingOf('agreed')
    for (const first of [0, 1, 19, 64, 128, 255])
      expect(embedding.read(check((m) => m.add(MetaDtlsInStun, Uint8Array.of(first, 0, 0))))).toBeNull()
    expect(embedding.read(check((message) => message.add(MetaDtlsInStun, new Uint8Array())))).toBeNull()
    expect(embedding.statistics.discarded).toEqual({ 'not-dtls': 6 })
    expect(attached(embedding).checksums).toEqual([])
  })

  test('have a datagram handled twice', () => {
    const { embedding } = embeddingOf('agreed')
    const message = check((builder) => builder.add(MetaDtlsInStun, record(1)))
    expect(embedding.read(message)).toEqual(record(1))
    expect(embedding.read(message)).toBeNull()
    expect(embedding.statistics.discarded).toEqual({ repeated: 1 })
  })

  test('acknowledge in halves, or what was never sent', () => {
    const { embedding } = embeddingOf('agreed')
    embedding.keep(record(1), false)
    const raw = opaqueAttribute(MetaDtlsInStunAcknowledgement.type, 'raw')
    embedding.read(check((message) => message.add(raw, new Uint8Array(6))))
    embedding.read(
      check((message) =>
        message.add(
          MetaDtlsInStunAcknowledgement,
          Array.from({ length: 10_000 }, (_, i) => i),
        ),
      ),
    )
    expect(embedding.statistics).toMatchObject({ acknowledged: 0, discarded: { malformed: 1 } })
    expect(attached(embedding).datagram).toEqual(record(1))
  })

  test('anything else: 2,000 messages with random values leave it in order', () => {
    const random = new Random(9_147)
    for (const phase of ['offered', 'agreed', 'refused'] as const) {
      const { embedding, received } = embeddingOf(phase)
      for (let i = 0; i < 700; i++) {
        const types = [MetaDtlsInStun.type, MetaDtlsInStunAcknowledgement.type]
        const type = types[random.int(2)] ?? 0
        const value = Uint8Array.from({ length: random.int(40) }, () => random.int(256))
        const datagram = embedding.read(check((message) => message.add(opaqueAttribute(type, 'raw'), value)))
        if (datagram !== null) embedding.deliver(0 as never, datagram)
        if (random.int(10) === 0) embedding.keep(value, false)
        expect(attached(embedding).checksums?.length ?? 0).toBeLessThanOrEqual(4)
      }
      for (const [first = 0] of received) expect(first >= 20 && first <= 63).toBe(true)
    }
  })
})

describe('an agent', () => {
  test('hands on what an authentic check carries, answers with what is said to it, and ignores forgeries', () => {
    const received: Uint8Array[] = []
    const embedding: DtlsInStun = new DtlsInStun((_now, datagram) => {
      received.push(datagram)
      embedding.keep(record(9), false)
    })
    embedding.agree()
    const { world, agent, script, to } = scripted('controlled', { dtlsInStun: embedding })
    const { usernameFragment, password } = agent.agent.localCredentials
    const build = (key: string, fill: number): Uint8Array =>
      new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12).fill(fill))
        .add(Username, `${usernameFragment}:${script.credentials.usernameFragment}`)
        .add(Priority, 1_862_270_975)
        .add(MetaDtlsInStun, record(fill))
        .sign(nodeCrypto, shortTermKey(key))
        .finish()
    script.send(to, build('not the password at all', 1))
    world.sim.advance(1_000)
    expect(received).toEqual([])
    script.send(to, build(password, 2))
    world.sim.advance(200)
    expect(received).toEqual([record(2)])
    const answer = script.responses.find((message) => message.class === MessageClass.successResponse)
    expect(answer?.get(MetaDtlsInStun)).toEqual(record(9))
    expect(answer?.get(MetaDtlsInStunAcknowledgement)).toEqual([crc32(record(2))])
    expect(agent.agent.discarded.snapshot()).toMatchObject({ unauthenticated: 1 })
  })
})
