import { describe, expect, test } from '@jest/globals'
import { toHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  AccessToken,
  Data,
  EcnCheck,
  ErrorCode,
  Icmp,
  Lifetime,
  MessageBuilder,
  MessageClass,
  Method,
  PasswordAlgorithm,
  PasswordAlgorithms,
  Priority,
  shortTermKey,
  Software,
  StunMessage,
  TransactionTransmitCounter,
  UnknownAttributes,
  Username,
  XorMappedAddress,
} from '../src/index.ts'
import { decode, otherAddress, request, serverAddress } from './pair.ts'

const key = shortTermKey('secret')

describe('the builder', () => {
  test('adds nothing behind integrity', () => {
    const signed = request().sign(nodeCrypto, key)
    expect(() => signed.add(Software, 'late')).toThrow(expect.objectContaining({ code: 'sealed' }))
  })

  test('writes no message that is too large', () => {
    const large = (): MessageBuilder => request().add(Data, new Uint8Array(60_000))
    expect(StunMessage.decode(large().finish())?.get(Data)).toHaveLength(60_000)
    const tooLarge = (): MessageBuilder => large().add(Data, new Uint8Array(6_000))
    for (const write of [
      () => tooLarge().build(),
      () => tooLarge().finish(),
      () => tooLarge().sign(nodeCrypto, key).build(),
    ])
      expect(write).toThrow(expect.objectContaining({ code: 'too-large' }))
    expect(() => request().add(Data, new Uint8Array(65_536))).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
  })

  test('refuses values that do not fit', () => {
    const refused: (() => unknown)[] = [
      () => request().add(Priority, -1),
      () => request().add(EcnCheck, { isValid: true, codepoint: 4 }),
      () => request().add(TransactionTransmitCounter, { requests: 256, responses: 0 }),
      () => request().add(AccessToken, new Uint8Array(0)),
      () => request().add(Lifetime, 2 ** 32),
      () => request().add(Username, 'x'.repeat(513)),
      () => request().add(Icmp, { type: 128, code: 0, data: 0 }),
      () => request().add(Icmp, { type: 3, code: 512, data: 0 }),
      () => request().add(Icmp, { type: 3, code: 4, data: -1 }),
      () => request().add(UnknownAttributes, [1, 0x1_0000]),
      () => request().add(PasswordAlgorithm, 0x1_0000),
      () => request().add(PasswordAlgorithms, [-1]),
      () => request().add(PasswordAlgorithms, []),
      () => request().add(ErrorCode, { code: 299, reason: '' }),
      () => request().add(ErrorCode, { code: 700, reason: '' }),
      () => new MessageBuilder(0x1000, MessageClass.request, new Uint8Array(12)),
      () => new MessageBuilder(1, MessageClass.request, new Uint8Array(11)),
    ]
    for (const call of refused) expect(call).toThrow(expect.objectContaining({ code: 'invalid-value' }))
    expect(() => request().add(XorMappedAddress, { ...serverAddress, address: 'host' })).toThrow(
      expect.objectContaining({ code: 'invalid-address' }),
    )
    expect(() => request().add(XorMappedAddress, { ...serverAddress, port: 70_000 })).toThrow(
      expect.objectContaining({ code: 'invalid-address' }),
    )
  })

  test('answers a request with its method and transaction', () => {
    const asked = decode(
      new MessageBuilder(Method.refresh, MessageClass.request, new Uint8Array(12).fill(7)).finish(),
    )
    const success = decode(
      MessageBuilder.success(asked).addIf(Lifetime, 600).addIf(Software, undefined).finish(),
    )
    expect(success).toMatchObject({ method: Method.refresh, class: MessageClass.successResponse })
    expect(success.transactionId).toEqual(asked.transactionId)
    expect(success.get(Lifetime)).toBe(600)
    const error = decode(MessageBuilder.error(asked, 437).finish())
    expect(error.get(ErrorCode)).toEqual({ code: 437, reason: 'Allocation Mismatch' })
    expect(decode(MessageBuilder.error(asked, 437, 'no').finish()).get(ErrorCode)?.reason).toBe('no')
    expect(decode(MessageBuilder.error(asked, 599).finish()).get(ErrorCode)).toEqual({
      code: 599,
      reason: 'Error',
    })
  })

  test('is as it was where an attribute is refused', () => {
    const builder = request().add(XorMappedAddress, otherAddress)
    const before = builder.length
    expect(() => builder.add(Username, 'x'.repeat(513))).toThrow()
    expect(() => builder.add(UnknownAttributes, [1, -1])).toThrow()
    expect(builder.length).toBe(before)
    expect([...decode(builder.finish()).attributes()].map(({ type }) => type)).toEqual([
      XorMappedAddress.type,
    ])
  })

  test('takes nothing behind its end: the bytes are their owner’s', () => {
    const sealed: unknown = expect.objectContaining({ code: 'sealed' })
    const whole = request().sign(nodeCrypto, key, 'sha1').sign(nodeCrypto, key, 'sha256')
    expect(() => whole.sign(nodeCrypto, key, 'sha256')).toThrow(sealed)
    expect(() => whole.sign(nodeCrypto, key, 'sha1')).toThrow(sealed)
    const bytes = whole.finish()
    const before = toHex(bytes)
    for (const late of [
      () => whole.finish(),
      () => whole.sign(nodeCrypto, key),
      () => whole.add(Username, 'late'),
    ])
      expect(late).toThrow(sealed)
    expect([toHex(bytes), toHex(whole.build())]).toEqual([before, before])
    const once = request().sign(nodeCrypto, key)
    expect(() => once.sign(nodeCrypto, key)).toThrow(sealed)
    expect(toHex(once.build())).toHaveLength(2 * (20 + 24))
    expect(() => once.finish()).toThrow(sealed)
  })

  test('is one message: building again gives the same bytes', () => {
    const builder = request().add(XorMappedAddress, otherAddress)
    expect(toHex(builder.build())).toBe(toHex(builder.build()))
    expect(builder.length).toBe(builder.build().length)
  })
})
