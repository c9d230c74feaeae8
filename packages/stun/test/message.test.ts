import { describe, expect, test } from '@jest/globals'
import { concatBytes, fromHex, toHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  type AttributeCodec,
  ErrorCode,
  Fingerprint,
  isStunDatagram,
  MessageBuilder,
  MessageClass,
  Method,
  opaqueAttribute,
  Priority,
  Realm,
  shortTermKey,
  Software,
  StunMessage,
  transportAddress,
  UseCandidate,
  Username,
  XorMappedAddress,
} from '../src/index.ts'
import { decode, request } from './pair.ts'

const key = shortTermKey('secret')
const unknown = (type: number): AttributeCodec<Uint8Array> => opaqueAttribute(type, `0x${type.toString(16)}`)

describe('the header', () => {
  test.each([
    [Method.binding, MessageClass.request, 0x0001],
    [Method.binding, MessageClass.indication, 0x0011],
    [Method.binding, MessageClass.successResponse, 0x0101],
    [Method.binding, MessageClass.errorResponse, 0x0111],
    [Method.channelBind, MessageClass.successResponse, 0x0109],
    [0xfff, MessageClass.request, 0x3eef],
    [0xfff, MessageClass.errorResponse, 0x3fff],
  ])('method %d and class %d make type %d', (method, messageClass, type) => {
    const wire = new MessageBuilder(method, messageClass, new Uint8Array(12)).build()
    expect((wire[0]! << 8) | wire[1]!).toBe(type)
    expect(decode(wire)).toMatchObject({ method, class: messageClass })
  })

  test('every method survives in every class', () => {
    for (let method = 0; method <= 0xfff; method++)
      for (const messageClass of Object.values(MessageClass)) {
        const message = decode(new MessageBuilder(method, messageClass, new Uint8Array(12)).build())
        if (message.method !== method || message.class !== messageClass)
          throw new Error(`${method} ${messageClass}`)
      }
  })

  test.each([
    ['empty', ''],
    ['19 bytes', '000100002112a4420000000000000000000000'],
    ['a first bit', '800100002112a442000000000000000000000000'],
    ['a second bit', '400100002112a442000000000000000000000000'],
    ['another cookie', '000100002112a443000000000000000000000000'],
    ['a length that is no multiple of four', '000100022112a4420000000000000000000000000000'],
    ['more length than bytes', '000100042112a442000000000000000000000000'],
  ])('%s: not STUN', (_case, hex) => {
    expect(isStunDatagram(fromHex(hex))).toBe(false)
    expect(StunMessage.decode(fromHex(hex))).toBeNull()
  })

  test('bytes behind the message: STUN, but no message', () => {
    const bytes = concatBytes(request().build(), new Uint8Array(4))
    expect(isStunDatagram(bytes)).toBe(true)
    expect(StunMessage.decode(bytes)).toBeNull()
  })

  test('what else comes to the port is not STUN: DTLS, RTP, ChannelData', () => {
    for (const first of [20, 22, 63, 64, 79, 128, 191, 255])
      expect(isStunDatagram(new Uint8Array(100).fill(first))).toBe(false)
  })
})

describe('attributes', () => {
  test('the first of a type counts, all can be had', () => {
    const message = decode(request().add(Software, 'a').add(Priority, 1).add(Software, 'b').finish())
    expect(message.get(Software)).toBe('a')
    expect(message.getAll(Software)).toEqual(['a', 'b'])
    expect(message.getAll(Realm)).toEqual([])
    expect(message.has(Priority)).toBe(true)
    expect(message.has(Realm)).toBe(false)
  })

  test('padding may hold anything', () => {
    const wire = request().add(Software, 'abcde').build()
    wire.fill(0xff, wire.length - 3)
    expect(decode(wire).get(Software)).toBe('abcde')
  })

  test('a value that cannot be read is undefined, and malformed', () => {
    for (const [codec, value] of [
      [Priority, '00'],
      [Priority, '0000000000'],
      [XorMappedAddress, '0003a147e112a643'],
      [XorMappedAddress, '0001a147e112a6'],
      [XorMappedAddress, '0002a147e112a643'],
      [Username, 'ff'],
      [UseCandidate, '00'],
      [ErrorCode, '00000200'],
      [ErrorCode, '00000463'.replace('63', '64')],
    ] as [AttributeCodec<unknown>, string][]) {
      const message = decode(request().add(unknown(codec.type), fromHex(value)).finish())
      expect([codec.name, message.get(codec), message.isMalformed(codec)]).toEqual([
        codec.name,
        undefined,
        true,
      ])
      expect(message.getAll(codec)).toEqual([])
    }
    expect(decode(request().finish()).isMalformed(Priority)).toBe(false)
  })

  test('one that reaches past the end: no message', () => {
    const wire = request().add(Software, 'abcd').build()
    wire[23] = 5
    expect(StunMessage.decode(wire)).toBeNull()
    expect(StunMessage.decode(fromHex('000100042112a442000000000000000000000000 80220001'))).toBeNull()
  })

  test('those below 0x8000 that nobody knows are listed once', () => {
    const message = decode(
      request()
        .add(unknown(0x7001), new Uint8Array(3))
        .add(unknown(0x9001), new Uint8Array(0))
        .add(Username, 'u')
        .add(unknown(0x7001), new Uint8Array(0))
        .add(unknown(0x0002), new Uint8Array(0))
        .sign(nodeCrypto, key)
        .finish(),
    )
    expect(message.unknownComprehensionRequired(new Set([Username.type]))).toEqual([0x7001, 0x0002])
    expect([...message.attributes()].map(({ type }) => type)).toEqual([
      0x7001, 0x9001, 0x0006, 0x7001, 0x0002,
    ])
  })

  test('of 16,000 of them 32 are listed', () => {
    const bytes = new Uint8Array(20 + 4 * 16_000)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, 0x0001)
    view.setUint16(2, bytes.length - 20)
    view.setUint32(4, 0x2112a442)
    for (let i = 0; i < 16_000; i++) view.setUint16(20 + 4 * i, 0x4000 + i)
    const listed = StunMessage.decode(bytes)?.unknownComprehensionRequired(new Set())
    expect(listed).toEqual(Array.from({ length: 32 }, (_, i) => 0x4000 + i))
  })

  test('a copy outlives the buffer', () => {
    const wire = request().add(Software, 'kept').finish()
    const copy = decode(wire).copy()
    wire.fill(0)
    expect(copy.get(Software)).toBe('kept')
    expect(toHex(copy.transactionId)).toBe('000102030405060708090a0b')
  })
})

describe('FINGERPRINT', () => {
  test('is checked, must be the last, and has four bytes', () => {
    const wire = request().add(Software, 'abcd').finish()
    expect(decode(wire).hasFingerprint).toBe(true)
    expect(decode(wire).get(Fingerprint)).toEqual(wire.subarray(-4))
    for (let at = 0; at < wire.length; at++) {
      const changed = wire.slice()
      changed[at]! ^= 0x10
      const message = StunMessage.decode(changed)
      // Only where its type was hit is it no FINGERPRINT any more.
      expect(message === null || (at >= wire.length - 8 && at < wire.length - 6)).toBe(true)
    }
    const followed = concatBytes(wire, fromHex('80220000'))
    followed[3]! += 4
    expect(StunMessage.decode(followed)).toBeNull()
    expect(StunMessage.decode(request().add(unknown(Fingerprint.type), new Uint8Array(8)).build())).toBeNull()
    expect(StunMessage.decode(request().add(unknown(Fingerprint.type), new Uint8Array(3)).build())).toBeNull()
  })
})

test('an IPv6 address reads the same again and again, from a Node Buffer too, whose slice() is no copy', () => {
  const address = transportAddress('2001:db8::1', 7_000)
  const bytes = request().add(XorMappedAddress, address).finish()
  const message = StunMessage.decode(Buffer.from(bytes))
  expect(message?.get(XorMappedAddress)).toEqual(address)
  expect(message?.getAll(XorMappedAddress)).toEqual([address])
  expect(message?.wire).toEqual(Buffer.from(bytes))
  const copy = message?.copy()
  message?.wire.fill(0)
  expect(copy?.get(XorMappedAddress)).toEqual(address)
})
