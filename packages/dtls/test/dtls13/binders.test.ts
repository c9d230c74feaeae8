import { expect, test } from '@jest/globals'
import { fromHex, toHex, toUtf8, Writer } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { hkdfExpand, hkdfExtract } from '../../src/dtls13/keys/hkdf.ts'
import { deriveTicketKey, makeBinder } from '../../src/dtls13/keys/key-schedule.ts'
import { cipherSuiteById } from '../../src/dtls13/cipher-suite.ts'

/** HKDF-Expand-Label of RFC 8446 §7.1 with any prefix, written once more. */
function expand(prefix: string, secret: Uint8Array, label: string, context: Uint8Array): Uint8Array {
  const name = toUtf8(prefix + label)
  const info = new Writer(64)
  info.u16(32)
  info.u8(name.length)
  info.bytes(name)
  info.u8(context.length)
  info.bytes(context)
  return hkdfExpand(nodeCrypto, 'sha256', secret, info.view(), 32)
}

/** The steps of RFC 8446 §4.2.11.2 from the key to the binder. */
function steps(
  prefix: string,
  label: string,
  psk: Uint8Array,
  hash: Uint8Array,
): Record<'early' | 'binderKey' | 'finishedKey' | 'binder', string> {
  const early = hkdfExtract(nodeCrypto, 'sha256', new Uint8Array(32), psk)
  const binderKey = expand(prefix, early, label, nodeCrypto.hash('sha256'))
  const finishedKey = expand(prefix, binderKey, 'finished', new Uint8Array(0))
  const binder = nodeCrypto.hmac('sha256', finishedKey, hash)
  return {
    early: toHex(early),
    binderKey: toHex(binderKey),
    finishedKey: toHex(finishedKey),
    binder: toHex(binder),
  }
}

// RFC 8448 §3 and §4.
const resumptionSecret = fromHex('7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c')
const psk = fromHex('4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3')
const binderHash = fromHex('63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14')

test('the secrets of a resumed handshake of RFC 8448 §4', () => {
  expect(toHex(expand('tls13 ', resumptionSecret, 'resumption', Uint8Array.of(0, 0)))).toBe(toHex(psk))
  expect(steps('tls13 ', 'res binder', psk, binderHash)).toEqual({
    early: '9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c',
    binderKey: '69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256',
    finishedKey: '5588673e72cb59c87d220caffe94f2dea9a3b1609f7d50e90a48227db9ed7eaa',
    binder: '3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d',
  })
})

test('the same steps with the labels of DTLS make its binders and tickets', () => {
  const suite = cipherSuiteById(0x1301)
  if (suite === undefined) throw new Error('no suite')
  for (const [origin, label] of [
    ['ticket', 'res binder'],
    ['external', 'ext binder'],
  ] as const)
    expect(toHex(makeBinder(nodeCrypto, 'sha256', origin, psk, binderHash))).toBe(
      steps('dtls13', label, psk, binderHash).binder,
    )
  expect(deriveTicketKey(nodeCrypto, suite, resumptionSecret, Uint8Array.of(7))).toEqual(
    expand('dtls13', resumptionSecret, 'resumption', Uint8Array.of(7)),
  )
})
