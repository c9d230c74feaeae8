import { generateKeyPairSync, webcrypto } from 'node:crypto'

import { concatBytes, fromHex, toUtf8 } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { nodeCrypto } from '../src/node/index.ts'
import { algorithms, bits, der, integer, octets, pkcs8, sequence, spki } from './keys.ts'
import { fault, nobleCrypto, providers } from './providers.ts'
import { signatureVectors } from './vectors/signature.ts'

const vectorOf = (kind: string) => {
  const vector = signatureVectors.find((vector) => vector.kind === kind)
  if (vector === undefined) throw new Error(`no vector of ${kind}`)
  return { ...vector, privateKey: fromHex(vector.privateKey), publicKey: fromHex(vector.publicKey) }
}

const [p256, p384, ed25519] = [vectorOf('ec-p256'), vectorOf('ec-p384'), vectorOf('ed25519')]
const keys = [p256, p384, ed25519]
const p256Order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

const p384Order = fromHex(
  'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
)

/** The greatest scalar. */
const last = (order: Uint8Array): Uint8Array =>
  concatBytes(order.subarray(0, -1), Uint8Array.of(order.at(-1)! - 1))

const point = concatBytes(Uint8Array.of(4), p256.publicKey)
const compressed = concatBytes(Uint8Array.of(2 + (point.at(-1)! & 1)), p256.publicKey.subarray(0, 32))
const offCurve = p256.publicKey.slice()
offCurve[63]! ^= 1

/** All points of edwards25519 whose order divides 8, in every form that RFC 8032 or a lenient reader takes. */
const smallOrder = [
  `01${'00'.repeat(31)}`,
  `01${'00'.repeat(30)}80`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  `ec${'ff'.repeat(30)}7f`,
  'ff'.repeat(32).replace('ff', 'ec'),
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]

const publicFaults: [string, string, Uint8Array][] = [
  ['nothing', 'invalid-key', new Uint8Array(0)],
  ['text', 'invalid-key', toUtf8('-----BEGIN PUBLIC KEY-----')],
  ['bytes behind the key', 'invalid-key', concatBytes(spki('ec-p256', p256.publicKey), Uint8Array.of(0))],
  [
    'bytes inside behind the bit string',
    'invalid-key',
    sequence(algorithms['ec-p256'], bits(point), integer(0)),
  ],
  ['a private key', 'invalid-key', pkcs8('ec-p256', p256.privateKey)],
  ['no bit string', 'invalid-key', sequence(algorithms['ec-p256'])],
  ['an octet string', 'invalid-key', sequence(algorithms['ec-p256'], octets(point))],
  ['unused bits', 'invalid-key', sequence(algorithms['ec-p256'], der(3, Uint8Array.of(1), point))],
  ['an empty bit string', 'invalid-key', sequence(algorithms['ec-p256'], der(3))],
  ['a point off the curve', 'invalid-key', spki('ec-p256', offCurve)],
  ['a compressed point', 'invalid-key', sequence(algorithms['ec-p256'], bits(compressed))],
  ['infinity', 'invalid-key', sequence(algorithms['ec-p256'], bits(Uint8Array.of(0)))],
  ['a point of P-256 as one of P-384', 'invalid-key', sequence(algorithms['ec-p384'], bits(point))],
  ['31 bytes of Ed25519', 'invalid-key', spki('ed25519', ed25519.publicKey.subarray(1))],
  ['33 bytes of Ed25519', 'invalid-key', spki('ed25519', concatBytes(ed25519.publicKey, Uint8Array.of(0)))],
  ...smallOrder.map((point): [string, string, Uint8Array] => [
    `the point of small order ${point}`,
    'invalid-key',
    spki('ed25519', fromHex(point)),
  ]),
  ['a curve without a name', 'unsupported', sequence(fromHex('3009 0607 2a8648ce3d0201'), bits(point))],
  ['secp256k1', 'unsupported', sequence(fromHex('3010 0607 2a8648ce3d0201 0605 2b8104000a'), bits(point))],
  ['X25519', 'unsupported', sequence(fromHex('3005 0603 2b656e'), bits(ed25519.publicKey))],
  [
    'Ed25519 with parameters',
    'unsupported',
    sequence(fromHex('3007 0603 2b6570 0500'), bits(ed25519.publicKey)),
  ],
  ['an empty algorithm', 'unsupported', sequence(sequence(), bits(point))],
]

const scalar = (value: Uint8Array): Uint8Array => pkcs8('ec-p256', value)
const inEcPrivateKey = (...fields: Uint8Array[]): Uint8Array =>
  sequence(integer(0), algorithms['ec-p256'], octets(sequence(...fields)))

const privateFaults: [string, string, Uint8Array][] = [
  ['nothing', 'invalid-key', new Uint8Array(0)],
  ['bytes behind the key', 'invalid-key', concatBytes(scalar(p256.privateKey), Uint8Array.of(0))],
  ['a public key', 'invalid-key', spki('ec-p256', p256.publicKey)],
  ['a scalar of zero', 'invalid-key', scalar(new Uint8Array(32))],
  ['a scalar of n', 'invalid-key', scalar(p256Order)],
  ['a scalar beyond n', 'invalid-key', scalar(new Uint8Array(32).fill(0xff))],
  ['a scalar of n on P-384', 'invalid-key', pkcs8('ec-p384', p384Order)],
  ['a short scalar', 'invalid-key', scalar(new Uint8Array(31).fill(1))],
  ['a scalar that is padded', 'invalid-key', scalar(concatBytes(Uint8Array.of(0), p256.privateKey))],
  ['no ECPrivateKey', 'invalid-key', sequence(integer(0), algorithms['ec-p256'], octets(p256.privateKey))],
  ['an ECPrivateKey of version 2', 'invalid-key', inEcPrivateKey(integer(2), octets(p256.privateKey))],
  [
    'a seed that is not wrapped',
    'invalid-key',
    sequence(integer(0), algorithms.ed25519, octets(ed25519.privateKey)),
  ],
  ['a seed of 31 bytes', 'invalid-key', pkcs8('ed25519', ed25519.privateKey.subarray(1))],
  [
    'an ECPrivateKey of a long version',
    'invalid-key',
    inEcPrivateKey(integer(1, 0), octets(p256.privateKey)),
  ],
  [
    'bytes behind the ECPrivateKey',
    'invalid-key',
    sequence(
      integer(0),
      algorithms['ec-p256'],
      octets(sequence(integer(1), octets(p256.privateKey)), Uint8Array.of(0)),
    ),
  ],
  [
    'a version of two bytes',
    'invalid-key',
    sequence(integer(0, 0), algorithms.ed25519, octets(octets(ed25519.privateKey))),
  ],
  [
    'a field behind the attributes',
    'invalid-key',
    sequence(integer(0), algorithms.ed25519, octets(octets(ed25519.privateKey)), der(0xa0), integer(0)),
  ],
  ['a fourth field', 'invalid-key', sequence(integer(0), algorithms['ec-p256'], octets(), integer(0))],
  [
    'PKCS#8 of version 1',
    'unsupported',
    sequence(integer(1), algorithms.ed25519, octets(octets(ed25519.privateKey))),
  ],
  [
    'X25519',
    'unsupported',
    sequence(integer(0), fromHex('3005 0603 2b656e'), octets(octets(ed25519.privateKey))),
  ],
]

describe.each(providers)('the $name provider', ({ provider }) => {
  test.each(publicFaults)('refuses as a public key: %s', (_, code, bytes) => {
    expect(fault(() => provider.importPublicKey(bytes))).toBe(code)
  })

  test.each(privateFaults)('refuses as a private key: %s', (_, code, bytes) => {
    expect(fault(() => provider.importPrivateKey(bytes))).toBe(code)
  })

  test.each(keys)('refuses a $kind key that is cut anywhere', ({ kind, publicKey, privateKey }) => {
    const [publicBytes, privateBytes] = [spki(kind, publicKey), pkcs8(kind, privateKey)]
    for (let length = 0; length < publicBytes.length; length++)
      expect(fault(() => provider.importPublicKey(publicBytes.subarray(0, length)))).toBe('invalid-key')
    for (let length = 0; length < privateBytes.length; length++)
      expect(fault(() => provider.importPrivateKey(privateBytes.subarray(0, length)))).toBe('invalid-key')
  })

  test('leaves the bytes of a key as they were, a Buffer’s too', () => {
    const bytes = Buffer.from(spki('ed25519', fromHex(smallOrder[1] ?? '')))
    const before = bytes.toString('hex')
    expect(fault(() => provider.importPublicKey(bytes))).toBe('invalid-key')
    expect(bytes.toString('hex')).toBe(before)
  })

  test('refuses lengths that are not DER', () => {
    const valid = spki('ec-p256', p256.publicKey)
    const body = valid.subarray(2)
    for (const header of ['3081', '308200', '30830000', '3084000000'])
      expect(fault(() => provider.importPublicKey(concatBytes(fromHex(header), valid.subarray(1))))).toBe(
        'invalid-key',
      )
    const indefinite = concatBytes(fromHex('3080'), body, fromHex('0000'))
    expect(fault(() => provider.importPublicKey(indefinite))).toBe('invalid-key')
  })

  test('reads what OpenSSL and WebCrypto write', async () => {
    const pairs = [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      generateKeyPairSync('ed25519'),
    ]
    const exported = pairs.map(({ privateKey, publicKey }) => ({
      pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }),
      spki: publicKey.export({ type: 'spki', format: 'der' }),
    }))
    const web = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    exported.push({
      pkcs8: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', web.privateKey)),
      spki: Buffer.from(await webcrypto.subtle.exportKey('spki', web.publicKey)),
    })
    const kinds = exported.map(({ pkcs8, spki }) => [
      provider.importPrivateKey(pkcs8).kind,
      provider.importPublicKey(spki).kind,
    ])
    expect(kinds.map(([kind]) => kind)).toEqual(['ec-p256', 'ec-p384', 'ed25519', 'ec-p256'])
    for (const [privateKind, publicKind] of kinds) expect(privateKind).toBe(publicKind)
  })

  test.each([
    ['ec-p256', p256Order],
    ['ec-p384', p384Order],
  ] as const)('takes the greatest scalar of %s', (kind, order) => {
    expect(provider.importPrivateKey(pkcs8(kind, last(order))).kind).toBe(kind)
  })

  test('passes over attributes, as RFC 5208 has them', () => {
    const inner = octets(sequence(integer(1), octets(p256.privateKey)))
    const withAttributes = sequence(integer(0), algorithms['ec-p256'], inner, der(0xa0))
    expect(provider.importPrivateKey(withAttributes).kind).toBe('ec-p256')
  })
})

/** A key with some bytes replaced, dropped or doubled. */
const mutated = (original: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 2 })), {
      minLength: 1,
      maxLength: 3,
    })
    .map((changes) => {
      const bytes = [...original]
      for (const [at, value, kind] of changes)
        if (kind === 0) bytes[at] = value
        else bytes.splice(at, kind - 1, ...(kind === 1 ? [value] : []))
      return Uint8Array.from(bytes)
    })

describe('fuzz', () => {
  const expected = ['no error', 'invalid-key', 'unsupported']

  test('random bytes are never a key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => {
        for (const { provider } of providers) {
          expect(['invalid-key', 'unsupported']).toContain(fault(() => provider.importPublicKey(bytes)))
          expect(['invalid-key', 'unsupported']).toContain(fault(() => provider.importPrivateKey(bytes)))
        }
      }),
    )
  })

  test.each(keys)(
    'mutated $kind keys: both providers take and refuse the same',
    ({ kind, publicKey, privateKey }) => {
      fc.assert(
        fc.property(
          mutated(spki(kind, publicKey)),
          mutated(pkcs8(kind, privateKey)),
          (publicBytes, privateBytes) => {
            const outcome = fault(() => nodeCrypto.importPublicKey(publicBytes))
            expect(expected).toContain(outcome)
            expect(fault(() => nobleCrypto.importPublicKey(publicBytes))).toBe(outcome)
            const privateOutcome = fault(() => nodeCrypto.importPrivateKey(privateBytes))
            expect(expected).toContain(privateOutcome)
            expect(fault(() => nobleCrypto.importPrivateKey(privateBytes))).toBe(privateOutcome)
          },
        ),
      )
    },
  )
})
