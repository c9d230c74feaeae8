import { describe, expect, test } from '@jest/globals'
import { fromUtf8, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { ProtocolVersion, SrtpProfile } from '../../src/index.ts'
import { clientCertificate, Pair, type PairOptions, serverCertificate } from '../pair.ts'

const { dtls12, dtls13 } = ProtocolVersion
const versions = { min: dtls12, max: dtls13 }

const pairOf = (options: PairOptions = {}): Pair =>
  new Pair({
    ...options,
    client: { versions, ...options.client },
    server: { versions, cookie: 'verified-path', ...options.server },
  })

describe('a handshake of DTLS 1.3', () => {
  test('takes one round trip for the client, and half of one more for the server', () => {
    const pair = pairOf().handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBe(1_000 + 3 * 20)
    for (const end of [pair.client, pair.server]) {
      expect(end.session?.version).toBe(dtls13)
      expect(end.session?.cipherSuite.name).toBe('TLS_AES_128_GCM_SHA256')
      expect(end.session?.group?.name).toBe('x25519mlkem768')
      expect(end.association.discarded.snapshot()).toEqual({})
    }
    expect(pair.client.session?.peerCertificate).toEqual(serverCertificate.der)
    expect(pair.server.session?.peerCertificate).toEqual(clientCertificate.der)
  })

  test('leaves no timer when the last flight is acknowledged', () => {
    const pair = pairOf().handshake()
    expect(pair.client.association.nextTimeout).toBeLessThan(Infinity)
    pair.sim.advance(20)
    expect(pair.client.association.nextTimeout).toBe(Infinity)
    expect(pair.server.association.nextTimeout).toBe(Infinity)
  })

  test('carries data in both directions', () => {
    const pair = pairOf().handshake()
    const sizes = [0, 1, 1_200, 16_384]
    for (const size of sizes) {
      pair.client.association.send(pair.sim.now, new Uint8Array(size).fill(1))
      pair.server.association.send(pair.sim.now, new Uint8Array(size).fill(2))
    }
    pair.sim.advance(100)
    expect(pair.server.messages).toEqual(sizes.map((size) => new Uint8Array(size).fill(1)))
    expect(pair.client.messages).toEqual(sizes.map((size) => new Uint8Array(size).fill(2)))
  })

  test('can be followed by data from the callbacks', () => {
    const pair = pairOf()
    pair.server.onConnected = () => pair.server.association.send(pair.sim.now, toUtf8('welcome'))
    pair.client.onConnected = () => pair.client.association.send(pair.sim.now, toUtf8('hello'))
    pair.handshake().sim.advance(100)
    expect(pair.client.messages.map(fromUtf8)).toEqual(['welcome'])
    expect(pair.server.messages.map(fromUtf8)).toEqual(['hello'])
  })

  test.each(['x25519mlkem768', 'x25519', 'p-256', 'p-384'] as const)('agrees on %s', (group) => {
    const pair = pairOf({ client: { groups: [group] } }).handshake()
    expect(pair.client.session?.group?.name).toBe(group)
    expect(pair.server.session?.group?.name).toBe(group)
  })

  test('uses the key shares that a client has prepared, and a server prepares none', () => {
    let made = 0
    const crypto: CryptoProvider = {
      ...nodeCrypto,
      createKeyExchange: (group) => (made++, nodeCrypto.createKeyExchange(group)),
    }
    const pair = pairOf({ crypto })
    pair.client.association.prepare()
    pair.client.association.prepare()
    pair.server.association.prepare()
    expect(made).toBe(2)
    pair.handshake()
    expect(pair.isConnected).toBe(true)
    pair.client.association.prepare()
    expect(made).toBe(2)
  })

  test('asks for a share that the client did not send', () => {
    const pair = pairOf({ server: { groups: ['p-384', 'p-256'] } }).handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.client.session?.group?.name).toBe('p-384')
    expect(pair.sim.now).toBe(1_000 + 5 * 20)
  })

  test('exports the same keying material on both ends', () => {
    const { client, server } = pairOf().handshake()
    const ours = client.session?.exportKeyingMaterial('EXTRACTOR-dtls_srtp', null, 60)
    expect(ours).toHaveLength(60)
    expect(server.session?.exportKeyingMaterial('EXTRACTOR-dtls_srtp', null, 60)).toEqual(ours)
    expect(client.session?.exportKeyingMaterial('EXTRACTOR-dtls_srtp', new Uint8Array(0), 60)).toEqual(ours)
    expect(client.session?.exportKeyingMaterial('EXTRACTOR-dtls_srtp', Uint8Array.of(1), 60)).not.toEqual(
      ours,
    )
    expect(() => client.session?.exportKeyingMaterial('EXTRACTOR-dtls_srtp', null, 8_161)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  test('agrees on an SRTP profile', () => {
    const { client, server } = pairOf({
      client: { srtpProfiles: [SrtpProfile.aeadAes128Gcm, SrtpProfile.aes128CmHmacSha1_80] },
      server: { srtpProfiles: [SrtpProfile.aes128CmHmacSha1_80] },
    }).handshake()
    expect(client.session?.srtpProfile).toBe(SrtpProfile.aes128CmHmacSha1_80)
    expect(server.session?.srtpProfile).toBe(SrtpProfile.aes128CmHmacSha1_80)
  })

  test.each([256, 576, 1_200, 1_500])('never sends more than an MTU of %i', (mtu) => {
    const pair = pairOf({ client: { mtu }, server: { mtu }, conditions: { latency: 20, mtu } }).handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.toServer.dropped + pair.toClient.dropped).toBe(0)
  })

  test('closes in order', () => {
    const pair = pairOf().handshake()
    pair.client.association.close(pair.sim.now)
    pair.sim.advance(100)
    expect(pair.server.reason).toEqual({ kind: 'close-notify' })
  })
})

describe('versions', () => {
  const only12 = { versions: { min: dtls12, max: dtls12 } }
  const only13 = { versions: { min: dtls13, max: dtls13 } }

  test.each([
    ['a client of 1.2', only12, {}],
    ['a server of 1.2', {}, only12],
    ['both of 1.2', only12, only12],
  ])('%s is answered in 1.2', (_name, client, server) => {
    const pair = pairOf({ client, server }).handshake()
    expect(pair.client.session?.version).toBe(dtls12)
    expect(pair.server.session?.version).toBe(dtls12)
  })

  test.each([
    ['client', only13, only12],
    ['server', only12, only13],
  ])('a %s that insists on 1.3 gets nothing less', (_name, client, server) => {
    const pair = pairOf({ client, server }).handshake()
    expect(pair.isConnected).toBe(false)
    expect(pair.server.reason).toMatchObject({
      kind: 'peer-misbehaved',
      error: { code: 'unsupported-version' },
    })
  })

  test.each([
    ['no range', { min: dtls13, max: dtls12 }],
    ['DTLS 1.0', { min: ProtocolVersion.dtls10, max: dtls13 }],
  ])('%s is no configuration', (_name, range) => {
    expect(() => pairOf({ client: { versions: range } })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    )
  })
})

describe('new keys', () => {
  test('are made on demand, for either end or both, and data goes on', () => {
    const pair = pairOf().handshake()
    const { client, server, sim } = pair
    for (let round = 0; round < 6; round++) {
      expect(client.association.updateKeys(sim.now, round % 2 === 0)).toBe(true)
      expect(server.association.updateKeys(sim.now, round % 3 === 0)).toBe(true)
      client.association.send(sim.now, toUtf8(`c${round}`))
      sim.advance(200)
      server.association.send(sim.now, toUtf8(`s${round}`))
      sim.advance(200)
    }
    expect(server.messages.map(fromUtf8)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5'])
    expect(client.messages.map(fromUtf8)).toEqual(['s0', 's1', 's2', 's3', 's4', 's5'])
    expect([client.reason, server.reason]).toEqual([null, null])
    expect(client.association.nextTimeout).toBe(Infinity)
  })

  test('are no part of DTLS 1.2', () => {
    const pair = pairOf({ client: { versions: { min: dtls12, max: dtls12 } } }).handshake()
    expect(pair.client.association.updateKeys(pair.sim.now)).toBe(false)
  })
})

test.each(Array.from({ length: 40 }, (_, seed) => seed))('on a bad network, seed %i', (seed) => {
  const pair = pairOf({
    seed,
    client: { retransmitTimeout: 100 },
    server: { retransmitTimeout: 100 },
    conditions: { latency: 20, jitter: 30, loss: 0.25, duplicate: 0.1, reorder: 0.2 },
  }).handshake()
  expect([pair.client.reason, pair.server.reason]).toEqual([null, null])
  expect(pair.isConnected).toBe(true)
})

describe('a cookie that is out of date', () => {
  test('is answered by an alert, since a second HelloRetryRequest would end the client as well', () => {
    const client = { handshakeTimeout: 400_000, groups: ['x25519'] } as const
    const pair = pairOf({ server: { cookie: 'required' }, client })
    pair.toServer.intercept((index) => (index > 0 && pair.sim.now < 150_000 ? 'drop' : 'pass'))
    pair.handshake()
    expect(pair.client.reason).toMatchObject({
      kind: 'alert',
      name: 'illegal_parameter',
      authenticated: false,
    })
    expect(pair.server.association.state).toBe('new')
  })
})
