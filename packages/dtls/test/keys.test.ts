import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { concatBytes, fromHex, toUtf8 } from '@purertc/bytes'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { nodeCrypto } from '@purertc/crypto/node'

import { Transcript } from '../src/handshake/transcript.ts'
import { KeySchedule } from '../src/dtls12/keys/key-schedule.ts'
import { prf } from '../src/dtls12/keys/prf.ts'
import { cipherSuites } from '../src/protocol/cipher-suite.ts'
import { RecordHeader } from '../src/record/record-header.ts'
import { prfVectors } from './vectors/prf.ts'

const noble = createNobleCrypto((into) => nodeCrypto.randomFill(into))

describe.each([nodeCrypto, noble])('the PRF of TLS 1.2 with $name', (crypto) => {
  test.each(prfVectors)('$hash', ({ hash, secret, label, seed, output }) => {
    expect(prf(crypto, hash, secret, label, [seed], output.length)).toEqual(output)
  })

  test('gives the same bytes whatever the length', () => {
    const [vector] = prfVectors
    if (vector === undefined) throw new Error('no vector')
    for (const length of [1, 31, 32, 33, 64, 65])
      expect(prf(crypto, vector.hash, vector.secret, vector.label, [vector.seed], length)).toEqual(
        vector.output.slice(0, length),
      )
  })
})

describe('the key schedule', () => {
  const [suite] = cipherSuites
  if (suite === undefined) throw new Error('no suite')
  const client = new Uint8Array(32).fill(1)
  const server = new Uint8Array(32).fill(2)
  const premaster = new Uint8Array(32).fill(3)
  const transcript = new Transcript()
  transcript.add(1, 0, fromHex('aabb'))
  const keys = KeySchedule.extended(nodeCrypto, suite, { client, server }, premaster, transcript)

  /** P_SHA256 written once more, straight from RFC 5246 §5. */
  const slowPrf = (secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array => {
    const hmac = (data: Uint8Array): Uint8Array => createHmac('sha256', secret).update(data).digest()
    const fullSeed = concatBytes(toUtf8(label), seed)
    let a = fullSeed
    let output: Uint8Array = new Uint8Array(0)
    while (output.length < length) {
      a = hmac(a)
      output = concatBytes(output, hmac(concatBytes(a, fullSeed)))
    }
    return output.slice(0, length)
  }

  // RFC 7627 §4: the messages so far, each with the header of an unfragmented message.
  const sessionHash = nodeCrypto.hash('sha256', fromHex('01 000002 0000 000000 000002 aabb'))
  const master = slowPrf(premaster, 'extended master secret', sessionHash, 48)

  test('derives what RFC 7627 and RFC 5246 say for verify_data', () => {
    const later = new Transcript()
    later.add(1, 0, fromHex('aabb'))
    later.add(2, 0, fromHex('cc'))
    const hash = nodeCrypto.hash('sha256', later.view())
    expect(keys.verifyData('client', later)).toEqual(slowPrf(master, 'client finished', hash, 12))
    expect(keys.verifyData('server', later)).toEqual(slowPrf(master, 'server finished', hash, 12))
  })

  test('derives what RFC 5705 says for exporters', () => {
    const seed = concatBytes(client, server)
    expect(keys.export('label', null, 40)).toEqual(slowPrf(master, 'label', seed, 40))
    const context = concatBytes(seed, fromHex('0003 010203'))
    expect(keys.export('label', fromHex('010203'), 40)).toEqual(slowPrf(master, 'label', context, 40))
  })

  test('cuts the key block as RFC 5246 §6.3 says', () => {
    const block = slowPrf(master, 'key expansion', concatBytes(server, client), 40)
    const { client: ofClient, server: ofServer } = keys.recordProtections({
      client: new Uint8Array(0),
      server: new Uint8Array(0),
    })
    const header = new RecordHeader()
    const cases = [
      { protection: ofClient, key: block.subarray(0, 16), iv: block.subarray(32, 36) },
      { protection: ofServer, key: block.subarray(16, 32), iv: block.subarray(36, 40) },
    ]
    for (const { protection, key, iv } of cases) {
      const record = new Uint8Array(100)
      const length = protection.protect(23, 0xfefd, 1, 5, toUtf8('data'), record, 0)
      expect(header.read(record, 0)).toBe(true)
      const nonce = concatBytes(iv, fromHex('0001 000000000005'))
      const aad = fromHex('0001 000000000005 17 fefd 0004')
      const content = new Uint8Array(4)
      const sealed = record.subarray(13 + 8, length)
      expect(nodeCrypto.createAead('aes-128-gcm', key).open(nonce, aad, sealed, content, 0)).toBe(4)
      expect(content).toEqual(toUtf8('data'))
    }
  })
})
