import { describe, expect, test } from '@jest/globals'
import { Reader, toHex, Writer } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import * as stun from '../src/index.ts'

const { MessageBuilder, StunMessage } = stun

const transactionId = Uint8Array.from({ length: 12 }, (_, i) => 0xa0 + i)
const address: fc.Arbitrary<stun.TransportAddress> = fc
  .tuple(
    fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
    fc.nat(65_535),
  )
  .map(([bytes, port]) => stun.transportAddress(stun.formatIpAddress(bytes), port))
const u32 = fc.nat(0xffff_ffff)
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength: maxLength / 4 })
const bytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength })
const family = fc.constantFrom('IPv4', 'IPv6')
const u16s = fc.array(fc.nat(0xffff), { maxLength: 40 })
const code = fc.integer({ min: 300, max: 699 })

const UNUSED_KEY = new Uint8Array(20).fill(0xff)

/** Every codec with values that it must carry. */
const cases: [stun.AttributeCodec<unknown>, fc.Arbitrary<unknown>][] = [
  [stun.MappedAddress, address],
  [stun.AlternateServer, address],
  [stun.ResponseOrigin, address],
  [stun.OtherAddress, address],
  [stun.XorMappedAddress, address],
  [stun.XorPeerAddress, address],
  [stun.XorRelayedAddress, address],
  [stun.Username, text(512)],
  [stun.Userhash, bytes(32)],
  [stun.Realm, text(763)],
  [stun.Nonce, text(763)],
  [stun.MessageIntegrity, bytes(20)],
  [stun.MessageIntegritySha256, bytes(32)],
  [stun.PasswordAlgorithm, fc.nat(0xffff)],
  [stun.PasswordAlgorithms, fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 5 })],
  [stun.ErrorCode, fc.record({ code, reason: text(763) }, { noNullPrototype: true })],
  [stun.UnknownAttributes, u16s],
  [stun.Software, text(763)],
  [stun.AlternateDomain, text(255)],
  [stun.Fingerprint, bytes(4)],
  [stun.Priority, u32],
  [stun.UseCandidate, fc.constant(true)],
  [stun.IceControlled, u64],
  [stun.IceControlling, u64],
  [stun.Nomination, u32],
  [stun.MetaDtlsInStun, bytes(0, 300)],
  [stun.MetaDtlsInStunAcknowledgement, fc.array(u32, { maxLength: 8 })],
  [stun.ChangeRequest, fc.record({ ip: fc.boolean(), port: fc.boolean() }, { noNullPrototype: true })],
  [stun.ResponsePort, fc.nat(0xffff)],
  [stun.Padding, bytes(0, 300)],
  [stun.ChannelNumber, fc.nat(0xffff)],
  [stun.Lifetime, u32],
  [stun.Data, bytes(0, 300)],
  [stun.RequestedTransport, fc.nat(0xff)],
  [stun.RequestedAddressFamily, family],
  [stun.AdditionalAddressFamily, family],
  [stun.AddressErrorCode, fc.record({ family, code, reason: text(763) }, { noNullPrototype: true })],
  [stun.EvenPort, fc.record({ reserve: fc.boolean() }, { noNullPrototype: true })],
  [stun.DontFragment, fc.constant(true)],
  [stun.ReservationToken, bytes(8)],
  [stun.Icmp, fc.record({ type: fc.nat(127), code: fc.nat(511), data: u32 }, { noNullPrototype: true })],
  [stun.ConnectionId, u32],
  [stun.MobilityTicket, bytes(0, 300)],
  [stun.AccessToken, bytes(1, 300)],
  [stun.ThirdPartyAuthorization, text(255)],
  [
    stun.TransactionTransmitCounter,
    fc.record({ requests: fc.nat(255), responses: fc.nat(255) }, { noNullPrototype: true }),
  ],
  [stun.EcnCheck, fc.record({ isValid: fc.boolean(), codepoint: fc.nat(3) }, { noNullPrototype: true })],
]

describe('every codec', () => {
  test('is in the list', () => {
    const codecs = Object.values(stun as Record<string, unknown>).filter(
      (value) => typeof value === 'object' && value !== null && 'encode' in value,
    )
    expect(new Set(cases.map(([codec]) => codec))).toEqual(new Set(codecs))
  })

  test.each(cases.map(([codec, values]) => ({ name: codec.name, codec, values })))(
    '$name: what is written is read again, and written the same',
    ({ codec, values }) => {
      fc.assert(
        fc.property(values, (value) => {
          const wire = encode(codec, value)
          const decoded = decodeValue(codec, wire)
          expect(decoded).toEqual(value)
          expect(toHex(encode(codec, decoded))).toBe(toHex(wire))
        }),
        { numRuns: 100 },
      )
    },
  )

  test.each(cases.map(([codec]) => ({ name: codec.name, codec })))(
    '$name: any bytes are read as undefined, or as something that can be written',
    ({ codec }) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), (value) => {
          const message = decodeMessage(
            new MessageBuilder(1, 0, transactionId)
              .add(stun.opaqueAttribute(codec.type, codec.name), value)
              .build(),
          )
          const decoded = message?.get(codec)
          if (decoded !== undefined) expect(decodeValue(codec, encode(codec, decoded))).toEqual(decoded)
        }),
        { numRuns: 200 },
      )
    },
  )
})

describe('messages', () => {
  test('10,000 random and mutated ones: null, or the same again after a round trip', () => {
    const random = new Random(8489)
    const seeds = corpus()
    let decoded = 0
    for (let i = 0; i < 10_000; i++) {
      const wire = i % 4 === 0 ? noise(random) : mutate(random, seeds[random.int(seeds.length)]!)
      if (exercise(wire)) decoded++
    }
    // Else the mutations were all refused at the door and nothing was tested.
    expect(decoded).toBeGreaterThan(1_000)
  })

  test('attributes in any number and order survive', () => {
    const attribute = fc
      .integer({ min: 0, max: cases.length - 1 })
      .filter(
        (i) =>
          ![stun.Fingerprint.type, stun.MessageIntegrity.type, stun.MessageIntegritySha256.type].includes(
            cases[i]![0].type,
          ),
      )
      .chain((i) => cases[i]![1].map((value) => ({ codec: cases[i]![0], value: value })))
    fc.assert(
      fc.property(
        fc.array(attribute, { maxLength: 12 }),
        fc.boolean(),
        fc.boolean(),
        (attributes, isSigned, hasFingerprint) => {
          const builder = new MessageBuilder(stun.Method.allocate, stun.MessageClass.request, transactionId)
          for (const { codec, value } of attributes) builder.add(codec, value)
          const key = Uint8Array.of(1, 2, 3)
          if (isSigned) builder.sign(nodeCrypto, key)
          const message = decodeMessage(hasFingerprint ? builder.finish() : builder.build())
          if (message === null) throw new Error('not well-formed')
          expect(stun.authenticate(nodeCrypto, message, key) !== null).toBe(isSigned)
          expect([...message.attributes()].map(({ type }) => type)).toEqual(
            attributes.map(({ codec }) => codec.type),
          )
          for (const { codec } of attributes)
            expect(message.getAll(codec)).toEqual(
              attributes.filter((other) => other.codec === codec).map(({ value }) => value),
            )
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** Decodes, reads everything, rebuilds, and compares; false where the bytes are no message. */
function exercise(wire: Uint8Array): boolean {
  const message = decodeMessage(wire)
  if (message === null) return false
  for (const [codec] of cases) {
    const value = message.get(codec)
    if ((value === undefined) !== (message.isMalformed(codec) || !message.has(codec))) fail(wire, codec.name)
  }
  message.unknownComprehensionRequired(new Set())
  if (stun.authenticate(nodeCrypto, message, UNUSED_KEY) !== null) fail(wire, 'authentic with any key')
  const builder = new MessageBuilder(message.method, message.class, message.transactionId)
  for (const { type, value } of message.attributes()) builder.add(stun.opaqueAttribute(type, 'raw'), value)
  const again = decodeMessage(builder.finish())
  if (again === null || describeMessage(again) !== describeMessage(message))
    fail(wire, 'changed by a round trip')
  return true
}

/** Faster than an expectation each: there are hundreds of thousands. */
function fail(wire: Uint8Array, what: string): never {
  throw new Error(`${what}: ${toHex(wire)}`)
}

function describeMessage(message: stun.StunMessage): string {
  const attributes = Array.from(message.attributes(), ({ type, value }) => `${type} ${toHex(value)}`)
  return [message.method, message.class, toHex(message.transactionId), ...attributes].join()
}

function corpus(): Uint8Array[] {
  const sampled = fc.sample(
    fc.record(Object.fromEntries(cases.map(([codec, values]) => [codec.name, values]))),
    {
      numRuns: 20,
      seed: 5769,
    },
  )
  return sampled.map((values, i) => {
    const builder = new MessageBuilder(stun.Method.binding, (i & 3) as stun.MessageClass, transactionId)
    for (const [n, [codec]] of cases.entries())
      if ((n + i) % 7 === 0 && codec.type !== stun.Fingerprint.type) builder.add(codec, values[codec.name])
    if (i % 2 === 0) builder.sign(nodeCrypto, Uint8Array.of(i), i % 4 === 0 ? 'sha1' : 'sha256')
    return i % 3 === 0 ? builder.finish() : builder.build()
  })
}

function noise(random: Random): Uint8Array {
  const wire = new Uint8Array(random.int(120))
  random.fill(wire)
  if (wire.length >= 20 && random.chance(0.9)) {
    wire[0]! &= 0x3f
    wire.set([0x21, 0x12, 0xa4, 0x42], 4)
    wire[2] = 0
    wire[3] = wire.length - 20
  }
  return wire
}

/** Flips, cuts, and grows; the length field is put right most of the time, so that the attributes are reached. */
function mutate(random: Random, seed: Uint8Array): Uint8Array {
  let wire = seed.slice()
  if (random.chance(0.2)) wire = wire.slice(0, random.int(wire.length + 1))
  if (random.chance(0.1)) wire = Uint8Array.from([...wire, ...new Uint8Array(4 * random.int(4))])
  for (let flips = random.int(4); flips > 0 && wire.length > 0; flips--)
    wire[random.int(wire.length)]! ^= 1 << random.int(8)
  if (wire.length >= 20 && random.chance(0.7)) {
    wire = wire.slice(0, wire.length & ~3)
    wire[2] = (wire.length - 20) >> 8
    wire[3] = wire.length - 20
  }
  return wire
}

function decodeMessage(wire: Uint8Array): stun.StunMessage | null {
  return StunMessage.decode(wire)
}

function encode<T>(codec: stun.AttributeCodec<T>, value: T): Uint8Array {
  const writer = new Writer()
  codec.encode(writer, value, transactionId)
  return writer.finish()
}

function decodeValue<T>(codec: stun.AttributeCodec<T>, wire: Uint8Array): T {
  const reader = new Reader(wire)
  const value = codec.decode(reader, transactionId)
  reader.done()
  return value
}
